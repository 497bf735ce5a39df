"""The exercises of chapter 15."""

from __future__ import annotations

from ..arithmetic import linear_params
from ..tracing import trace
from ..zoo import cifar_resnet
from .forms import Choice, Code, Number


def exercise_1() -> Number:
    features, classes = 64, 10
    return Number(
        linear_params(features, classes),
        slips=[
            (features * classes, "Each class has a bias, too."),
            (
                linear_params(features, classes) + 2 * features,
                "A frozen BatchNorm is not trained, and none comes after the average.",
            ),
        ],
        hint="A linear layer has one number for each pair, and one bias a class.",
        solution="64 · 10 + 10 = 650, of the network's 272,000 or so.",
    )


def exercise_2() -> Number:
    images, shape = 1_281_167, (3, 224, 224)
    in_bytes = images * shape[0] * shape[1] * shape[2]
    return Number(
        in_bytes / 1e9,
        tolerance=1,
        slips=[
            (4 * in_bytes / 1e9, "That is as float32. Until they are normalised, they are bytes."),
            (in_bytes / 3e9, "Three channels."),
            (in_bytes / 2**30, "That is in gibibytes, of 2**30 bytes."),
        ],
        hint="One byte for each channel of each pixel.",
        solution=f"1,281,167 · 3 · 224 · 224 bytes are {in_bytes / 1e9:.0f} GB: it has to stream.",
    )


def exercise_3() -> Number:
    batch, processes, parts = 256, 2, 8
    return Number(
        batch // processes // parts,
        slips=[
            (batch // parts, "There are two processes, and each takes its share first."),
            (batch // processes, "That is a process's share, which is then computed in parts."),
            (batch, "That is what one step of SGD sees, all together."),
        ],
        hint="First every process takes its share, then each share is cut into parts.",
        solution="256 / 2 / 8 = 16. BatchNorm's mean and variance are those of 16 images.",
    )


def exercise_4() -> Choice:
    return Choice(
        (
            "It is a good estimate for other cats",
            "It says how well the network knows these five cats",
            "It is too high, because ten photographs of each are too many",
        ),
        1,
        hints={
            0: "Which cats are in the test photographs?",
            2: "More photographs do no harm; who is on them does.",
        },
        hint="What is in the test photographs that was not in the training photographs?",
        solution=(
            "The same five cats are in both parts, and to know them by their spots is enough. Keep "
            "all photographs of one cat in one part."
        ),
    )


def exercise_5() -> Choice:
    return Choice(
        (
            "Train the head alone",
            "Train everything, from random numbers",
            "Train everything, from trained weights",
        ),
        2,
        hints={
            0: "The features were made for photographs, and there is enough data to change them.",
            1: "Even features of another kind of picture begin with edges and blobs.",
        },
        hint="How much is there to learn from, and how far is it from photographs?",
        solution=(
            "Half a million images are enough to move every weight, and a trained start does no "
            "harm: it is mostly faster. With enough images and time the random start catches up."
        ),
    )


def exercise_6() -> Code:
    def split(count: int) -> list[int]:
        return list(range(9, count, 10)) or [count - 1]

    return Code(
        "def kept_for_test(count):\n    ...",
        [((count,), split(count)) for count in (20, 25, 10, 9, 2, 101)],
        ("def kept_for_test(count):\n    return list(range(9, count, 10)) or [count - 1]"),
        hint="Where there is no tenth image, the list must not be empty.",
    )


def exercise_7() -> Number:
    share, first, second = 0.7, 0.9, 0.4
    return Number(
        share * first + (1 - share) * second,
        tolerance=1e-3,
        slips=[
            (second * share + (1 - share) * first, "The larger share is the first image's."),
            ((first + second) / 2, "Not in equal shares."),
        ],
        hint="Mix the two losses as the images were mixed.",
        solution="0.7 · 0.9 + 0.3 · 0.4 = 0.75.",
    )


def exercise_8() -> Number:
    table = trace(cifar_resnet(20, in_channels=1), (1, 28, 28))
    frozen = sum(row.params for row in table if row.name.startswith(("conv1", "bn1", "layer1")))
    share = 1 - frozen / table.params
    return Number(
        100 * share,
        tolerance=1,
        slips=[
            (100 * (1 - share), "That is the frozen share."),
            (200 / 3, "The stages do not have equally many: width counts twice."),
        ],
        hint="Each stage is twice as wide as the one before; a convolution has that squared.",
        solution=(
            f"{100 * share:.1f} %: conv1, bn1 and the first stage have {frozen:,} of the numbers. "
            "The wide stages at the end hold nearly all."
        ),
    )
