"""The exercises of chapter 5."""

from __future__ import annotations

import resnet_lab as rl

from .drawing import Draw
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    size = draw(301, range(150, 400))
    kernel, padding = draw((7, 3), ((5, 2), (7, 3), (11, 5)))
    stride = draw(2, (2, 3, 4))
    steps = (size + 2 * padding - kernel) // stride
    return Number(
        rl.conv_output_size(size, kernel, stride, padding),
        question=(
            f"An image is {size} pixels wide. How wide is it after a convolution with kernel "
            f"{kernel}, stride {stride} and padding {padding}?"
        ),
        slips=[
            (
                steps,
                "That is the number of steps. The position where the kernel starts counts too.",
            ),
            ((size + padding - kernel) // stride + 1, "The padding is added at both ends."),
            ((size - kernel) // stride + 1, "You have left out the padding."),
        ],
        hint="Half padding: the output is n/s, rounded up.",
        solution=(
            f"⌊({size} + {2 * padding} − {kernel})/{stride}⌋ + 1 = {steps} + 1 = {steps + 1}. "
            f"Or: half padding, so {size}/{stride} rounded up."
        ),
    )


def exercise_2(draw: Draw) -> Number:
    kernel = draw(5, (3, 5, 7, 9))
    dilation = draw(2, (2, 3, 4))
    span = dilation * (kernel - 1) + 1
    return Number(
        next(p for p in range(99) if rl.conv_output_size(100, kernel, 1, p, dilation) == 100),
        question=(
            f"Predict, then measure. A convolution has kernel {kernel} and dilation {dilation}. "
            "Which padding keeps the size at stride 1? Then set it in the picture."
        ),
        slips=[
            (kernel // 2, "That is right for dilation 1. With holes the kernel spans more."),
            (span - 1, "That is for both ends together; padding is counted at each end."),
            (span / 2, f"The kernel spans {span} pixels, {span - 1} beside its first one."),
        ],
        hint=(
            "How many pixels does the kernel span? Its centre needs half of the rest on each side."
        ),
        solution=(
            f"It spans {dilation}·({kernel} − 1) + 1 = {span} pixels, so "
            f"p = {span - 1}/2 = {span // 2}."
        ),
    )


def exercise_3() -> Choice:
    tutorial = (224 + 6 - 7) / 2
    return Choice(
        (
            "Nothing: PyTorch raises an error here.",
            "The number is rounded down; the last cell of padding is not read.",
            "The number is rounded up; the last position hangs over the end.",
            "The padding should be counted once; then the number is whole.",
        ),
        1 if rl.conv_output_size(224, 7, 2, 3) == int(tutorial) + 1 else 2,
        hints={
            0: "Run the cell with nn.Conv2d above once more.",
            2: "That is what pooling does with ceil_mode=True. A convolution never does.",
            3: (
                "Padding stands at both ends. And (224 + 3 − 7)/2 = 110 would make 111 "
                "output pixels."
            ),
        },
        hint="Choose “ResNet's first layer” in the explorer and look at the right end.",
        solution=(
            "A step that has no room is not taken. This is the first layer of every "
            "ResNet, and it has worked on 224 pixels ever since."
        ),
    )


def exercise_4() -> Number:
    same = [
        n
        for n in range(33, 400)
        if rl.trace(rl.resnet(18), (3, n, n)).at("layer4").output_shape[-1] == 7
    ]
    return Number(
        len(same),
        slips=[
            (1, "Not only for 224. Each halving lets two sizes through for every one."),
            (2, "That is one halving. There are more of them in the network."),
            (16, "Nearly. The max pooling halves the size too."),
            (
                8,
                (
                    "Count the halvings: the first convolution, the max pooling, and three of "
                    "the four stages."
                ),
            ),
            (64, "Only three of the four stages halve the size."),
        ],
        hint="Each halving is n/2 rounded up. How many halvings are there?",
        solution=(
            "Five halvings, each n/2 rounded up, are together n/32 rounded up. That is 7 "
            f"for {same[0]} to {same[-1]}: 32 sizes."
        ),
    )


def exercise_5(draw: Draw) -> Number:
    length = draw(1500, range(1100, 4000, 100))
    flat = rl.trace(rl.signal_resnet(length), (1, length)).at("flatten").output_shape[0]
    half, quarter, eighth = [-(-length // by) for by in (2, 4, 8)]
    slips = [
        (
            15872 * length / 1000,
            "The number of inputs does not grow in proportion: sizes are rounded on the way.",
        ),
        (512 * eighth, "There is an average pooling by 4 before the classifier."),
        (512 * (eighth // 8), "Three stages halve the length. The first one keeps it."),
        (flat // 512, "That is the length. Each of the 512 channels has that many samples."),
    ]
    if length // 8 // 4 != eighth // 4:
        slips.append(
            (
                512 * (length // 8 // 4),
                f"With half padding a stage rounds up: {quarter} becomes {eighth}.",
            )
        )
    return Number(
        flat,
        question=(
            f"The 1-D network of this chapter is built for signals of {length:,} samples instead "
            "of 1,000. How many inputs has its classifier now?"
        ),
        slips=slips,
        hint=(
            "Follow the length through three halvings (rounded up) and a pooling by 4 "
            "(rounded down), then count the channels."
        ),
        solution=(
            f"{length}, {half}, {quarter}, {eighth}, then ⌊{eighth}/4⌋ = {eighth // 4}, "
            f"and 512·{eighth // 4} = {flat:,}."
        ),
    )


def exercise_6() -> Code:
    cases = [
        (case, rl.conv_output_size(*case))
        for case in [
            (224, 7, 2, 3, 1),
            (223, 7, 2, 3, 1),
            (14, 3, 1, 1, 1),
            (14, 3, 1, 0, 4),
            (7, 2, 2, 0, 1),
            (125, 4, 4, 0, 1),
            (5, 5, 3, 0, 1),
        ]
    ]
    return Code(
        "def output_size(n, k, s, p, d):\n    ...",
        cases,
        "def output_size(n, k, s, p, d):\n    return (n + 2 * p - d * (k - 1) - 1) // s + 1",
        hint="Python rounds down with //. The kernel spans d(k − 1) + 1 pixels.",
    )


def exercise_7() -> Code:
    cases = [
        ((112, 7, 2, 3), (223, 224)),
        ((112, 7, 2, 0), (229, 230)),
        ((56, 3, 2, 1), (111, 112)),
        ((55, 11, 4, 2), (223, 226)),
    ]
    return Code(
        "def input_sizes(out, k, s, p):\n    ...",
        cases,
        (
            "def input_sizes(out, k, s, p):\n"
            "    smallest = (out - 1) * s + k - 2 * p\n"
            "    return smallest, smallest + s - 1"
        ),
        hint=(
            "The smallest input leaves nothing over: all steps are paid for exactly. How "
            "many pixels may be left over at most?"
        ),
        solution="Up to s − 1 pixels may be left over before another step fits.",
    )
