"""The exercises of chapter 15."""

from __future__ import annotations

from ..arithmetic import linear_params
from ..tracing import trace
from ..zoo import cifar_resnet, resnet
from .drawing import Draw, in_words
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    depth = draw(20, (18, 34, 50, 101, 152))
    classes = draw(10, (3, 4, 5, 6, 8, 12, 15, 25, 40))
    net = cifar_resnet(20, classes=classes) if depth == 20 else resnet(depth, classes=classes)
    table = trace(net, (3, 224, 224))
    features = table.at("fc").input_shape[0]
    trained = linear_params(features, classes)
    return Number(
        trained,
        question=(
            f"Derive it. A ResNet-{depth} with {classes} classes is frozen but for its head, which "
            f"makes {classes} numbers of {features:,} features. How many numbers are trained?"
        ),
        slips=[
            (features * classes, "Each class has a bias, too."),
            (
                trained + 2 * features,
                "A frozen BatchNorm is not trained, and none comes after the average.",
            ),
        ],
        hint="A linear layer has one number for each pair, and one bias a class.",
        solution=(
            f"{features:,} · {classes} + {classes} = {trained:,}, of the network's "
            f"{round(table.params, -3):,} or so."
        ),
    )


def exercise_2(draw: Draw) -> Number:
    images = draw(1_281_167, range(1_100_000, 3_000_000, 100_000))
    size = draw(224, (224, 256, 288))
    in_bytes = images * 3 * size * size
    return Number(
        in_bytes / 1e9,
        question=(
            f"How many gigabytes (billions of bytes) are {images:,} images as bytes, each of "
            f"3 × {size} × {size}?"
        ),
        tolerance=1,
        slips=[
            (4 * in_bytes / 1e9, "That is as float32. Until they are normalised, they are bytes."),
            (in_bytes / 3e9, "Three channels."),
            (in_bytes / 2**30, "That is in gibibytes, of 2**30 bytes."),
        ],
        hint="One byte for each channel of each pixel.",
        solution=(
            f"{images:,} · 3 · {size} · {size} bytes are {in_bytes / 1e9:.0f} GB: it has to stream."
        ),
    )


def exercise_3(draw: Draw) -> Number:
    batch = draw(256, (256, 384, 512, 768, 1024))
    processes, parts = draw((2, 8), ((2, 4), (2, 8), (2, 16), (4, 2), (4, 8), (4, 16)))
    at_once = batch // processes // parts
    return Number(
        at_once,
        question=(
            f"<code>Recipe(batch={batch}, accumulate={parts})</code> under torchrun with "
            f"{processes} processes. How many images pass through the network at once in each "
            "process?"
        ),
        slips=[
            (
                batch // parts,
                f"There are {in_words(processes)} processes, and each takes its share first.",
            ),
            (batch // processes, "That is a process's share, which is then computed in parts."),
            (batch, "That is what one step of SGD sees, all together."),
        ],
        hint="First every process takes its share, then each share is cut into parts.",
        solution=(
            f"{batch} / {processes} / {parts} = {at_once}. BatchNorm's mean and variance are those "
            f"of {at_once} images."
        ),
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


def exercise_7(draw: Draw) -> Number:
    share = draw(0.7, (0.6, 0.7, 0.8, 0.9))
    first, second = draw(0.9, (0.3, 0.5, 0.9, 1.1, 1.4)), draw(0.4, (0.2, 0.4, 0.6, 0.8, 1.2))
    mixed = share * first + (1 - share) * second
    return Number(
        mixed,
        question=(
            f"Build it and measure: mixup mixes two images in shares of {share} and "
            f"{1 - share:.1f}. For the network's answer the loss against the first label is "
            f"{first}, against the second {second}. What is the loss of the mixture?"
        ),
        tolerance=1e-3,
        slips=[
            (second * share + (1 - share) * first, "The larger share is the first image's."),
            ((first + second) / 2, "Not in equal shares."),
        ],
        hint="Mix the two losses as the images were mixed.",
        solution=f"{share} · {first} + {1 - share:.1f} · {second} = {mixed:.4g}.",
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
