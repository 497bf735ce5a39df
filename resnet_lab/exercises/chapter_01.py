"""The exercises of chapter 1."""

from __future__ import annotations

from math import log, log10

import resnet_lab as rl

from .. import recorded
from .drawing import Draw, in_words
from .forms import Choice, Code, Number


def exercise_1() -> Choice:
    return Choice(
        (
            "overfitting: the deeper one has the higher test error",
            "degradation: the deeper one has the higher training error",
            "vanishing gradients: the deeper one learns nothing",
            "too little data",
        ),
        1,
        hints={
            0: (
                "Overfitting means that training error goes <em>down</em> while test error goes up."
            ),
            2: (
                "No gradient was measured. And 8 % is far from the 90 % of a network that "
                "has learnt nothing."
            ),
            3: (
                "More data helps against a gap between training and test. Here the training "
                "error itself is higher."
            ),
        },
        hint="Look at the training errors first.",
        solution=(
            "Degradation. The gap between training and test is 5 points for the deep "
            "network and 6 for the shallow one: it is not overfitting more."
        ),
    )


def exercise_2(draw: Draw) -> Number:
    shallow = draw(20, (8, 14, 20, 26))
    blocks = draw(6, range(2, 10))  # new ones in each stage
    deep = shallow + 6 * blocks
    new = rl.cifar_plain(deep).depth - rl.cifar_plain(shallow).depth
    return Number(
        new,
        question=(
            f"You want to turn a trained plain-{shallow} into a plain-{deep} that computes the "
            "same. How many convolutions do you set to the identity?"
        ),
        slips=[
            (3 * blocks, "That is the number of blocks; each holds two convolutions."),
            (new - 2, "The stem and the classifier are in both networks."),
            (new - 1, "One more: the classifier is in both networks."),
        ],
        hint=(
            "Layers are counted along the main path, and both networks have one stem and "
            "one classifier."
        ),
        solution=(
            f"{deep} − {shallow} = {new}, two in each of {3 * blocks} new blocks, "
            f"{in_words(blocks)} blocks in each stage."
        ),
    )


def exercise_3(draw: Draw) -> Number:
    classes = draw(10, (4, 5, 20, 25, 50, 100, 200, 1000))
    seen = draw(
        "In the explorer, plain-56 begins near it and stays there for long.",
        ("For the ten classes of this chapter it is 2.303.",),
    )
    return Number(
        log(classes),
        question=(
            f"Derive it. A network of {classes:,} classes gives every image the same probability "
            "for every class. What is its loss (cross-entropy, natural logarithm)?"
        ),
        tolerance=0.005,
        slips=[
            (
                1 / classes,
                "That is the probability of the right class; the loss is minus its logarithm.",
            ),
            (log10(classes), "That would be the logarithm to base 10."),
            (1 - 1 / classes, "That is the error of guessing."),
        ],
        hint="−log of the probability of the right class.",
        solution=(
            f"−ln(1/{classes:,}) = {log(classes):.3f}. Remember it: a loss that stays there means "
            f"that nothing has been learnt. {seen}"
        ),
    )


def exercise_4() -> Number:
    # It needs PyTorch, as the chapter does.
    from ..data import load

    images = len(load("digits").train.labels)
    passes = 200 * 64 / images
    return Number(
        passes,
        tolerance=0.15,
        slips=[
            (200, "A step looks at 64 images, not at all of them."),
            (images / 64, "That is the number of steps in one pass."),
        ],
        hint=f"200 steps of 64 images; there are {images:,} training images.",
        solution=(
            f"200 · 64 / {images:,} = "
            f"{passes:.1f} passes. The paper's 64,000 steps "
            f"of 128 images are {64000 * 128 / 50000:.0f} passes over the 50,000 of "
            "CIFAR-10."
        ),
    )


def exercise_5() -> Choice:
    return Choice(
        (
            "It does not need it",
            "because ReLU passes unchanged only what is not negative",
            "because BatchNorm needs positive numbers",
            "because the kernel has a 1 in the middle",
        ),
        1,
        hints={
            0: "Put a −1 through an inserted layer and its ReLU.",
            2: "BatchNorm takes any numbers.",
            3: "The kernel copies negative numbers as well.",
        },
        hint="What does the inserted layer's own ReLU do to −1?",
        solution=(
            "Its own ReLU would cut off negative inputs. A ReLU before it has already "
            "removed them. This is why a pair of plain layers can be an identity here, "
            "and why it could not be one for inputs of both signs without a shortcut."
        ),
    )


def exercise_6() -> Code:
    def identity_kernel(c_out: int, c_in: int) -> list[list[int]]:
        return [[0, 0, 0], [0, 1 if c_out == c_in else 0, 0], [0, 0, 0]]

    return Code(
        "def kernel(c_out, c_in):\n    ...",
        [((a, b), identity_kernel(a, b)) for a, b in ((0, 0), (1, 0), (3, 3), (2, 5))],
        "def kernel(c_out, c_in):\n    return [[0, 0, 0], [0, int(c_out == c_in), 0], [0, 0, 0]]",
        hint="Each output channel reads its own input channel only, at the middle pixel.",
        solution="PyTorch calls this <code>nn.init.dirac_</code>.",
    )


def exercise_7() -> Number:
    steps_600 = {
        depth: sum(
            10**value for value in recorded.degradation("none", depth, 600, "mean")["loss"][-2:]
        )
        / 2
        for depth in (8, 14, 20, 32, 56)
    }
    return Number(
        sum(loss > 0.01 for loss in steps_600.values()),
        hint="Choose plain, 600 steps, mean. The table below the picture has the losses.",
        solution="; ".join(f"plain-{depth}: {loss:.2g}" for depth, loss in steps_600.items()) + ".",
    )
