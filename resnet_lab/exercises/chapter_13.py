"""The exercises of chapter 13."""

from __future__ import annotations

from .drawing import Draw
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    images = draw(50_000, (30_000, 35_000, 45_000, 50_000, 55_000, 60_000))
    batch = draw(128, (64, 128, 256, 512))
    steps, left = divmod(images, batch)
    return Number(
        steps,
        question=(
            f"How many steps has one epoch of {images:,} training images, with batches of {batch}, "
            "if the last, short batch is left out?"
        ),
        slips=[
            (steps + 1, f"That counts the short batch: {left} images are left over."),
            (images * batch, "Divide."),
        ],
        hint="How many whole batches are there?",
        solution=(
            f"{images:,} / {batch} = {images / batch:.1f}, so {steps}. 64,000 steps, as many as in "
            f"the paper, are {64_000 / steps:.0f} epochs."
        ),
    )


def exercise_2(draw: Draw) -> Number:
    images = draw(50_000, (20_000, 25_000, 30_000, 40_000, 45_000, 60_000))
    size = draw(32, (24, 28, 32, 36))
    in_bytes = images * 3 * size * size
    return Number(
        in_bytes / 1e6,
        question=(
            f"How many megabytes (millions of bytes) are {images:,} training images of "
            f"3 × {size} × {size} bytes?"
        ),
        tolerance=0.5,
        slips=[
            (4 * in_bytes / 1e6, "That is as float32. As bytes they take a quarter."),
            (in_bytes / 3 / 1e6, "Three channels."),
        ],
        hint="One byte for each channel of each pixel.",
        solution=(
            f"{in_bytes / 1e6:.1f} MB. A GPU has a hundred times that: no loader, no workers, "
            "no copies."
        ),
    )


def exercise_3() -> Number:
    # It needs PyTorch, as the chapter does.
    from ..training import Recipe

    rates = Recipe(steps=100, lr=0.1).rates()
    return Number(
        rates[25].item(),
        tolerance=0.001,
        slips=[
            (0.075, "That would be a straight line. A cosine starts flat."),
            (0.05, "That is after one half."),
            (0.0707, "(1 + cos)/2, not the cosine itself."),
        ],
        hint="0.1 · (1 + cos(π/4)) / 2.",
        solution="0.1 · (1 + 0.707)/2 = 0.085.",
    )


def exercise_4() -> Choice:
    return Choice(
        (
            "Label smoothing helps",
            "Label smoothing helps a little",
            "Nothing: that is one image",
            "It will help more on the test set",
        ),
        2,
        hints={
            0: "How many images are 0.2 % of 500?",
            1: "How many images are 0.2 % of 500?",
            3: "Nothing has been shown yet on any set.",
        },
        hint="Turn percentages into images.",
        solution=(
            "0.2 % of 500 is a single image; chance moves the error by about 1.5 points. "
            "Several seeds and more images would be needed."
        ),
    )


def exercise_5() -> Choice:
    return Choice(
        (
            "training only",
            "training and validation, so that both are alike",
            "all three parts",
            "test only, as a harder exam",
        ),
        0,
        hints={
            1: "Validation is to say how the network does on real images.",
            2: "Then the test is about images that nobody will show the network.",
            3: "The exam is on the images as they are.",
        },
        hint="What is the number meant to say?",
        solution="Training only: see mistake 1.",
    )


def exercise_6() -> Code:
    def weighted(accuracies: list[float], sizes: list[int]) -> float:
        return sum(a * n for a, n in zip(accuracies, sizes, strict=True)) / sum(sizes)

    return Code(
        "def accuracy(accuracies, sizes):\n    ...",
        [
            (case, weighted(*case))
            for case in (([0.9, 0.5], [100, 20]), ([1.0, 0.0], [499, 1]), ([0.8], [7]))
        ],
        (
            "def accuracy(accuracies, sizes):\n"
            "    return sum(a * n for a, n in zip(accuracies, sizes)) / sum(sizes)"
        ),
        hint="Count the right answers of each batch.",
    )


def exercise_7() -> Number:
    from ..training import Recipe

    return Number(
        Recipe(steps=10, lr=0.1, warmup=10).rates()[-1].item(),
        tolerance=1e-6,
        slips=[(0, "All ten steps are warm-up; nothing is left for the cosine.")],
        hint="All ten steps are warm-up.",
        solution=(
            "0.1: the warm-up takes all ten steps, and the rate never falls. A warm-up "
            "should be a small part of a run."
        ),
    )
