"""The exercises of chapter 5."""

from __future__ import annotations

import resnet_lab as rl

from .forms import Choice, Code, Number


def exercise_1() -> Number:
    return Number(
        rl.conv_output_size(301, 7, 2, 3),
        slips=[
            (
                (301 + 6 - 7) // 2,
                "That is the number of steps. The position where the kernel starts counts too.",
            ),
            ((301 + 3 - 7) // 2 + 1, "The padding is added at both ends."),
            ((301 - 7) // 2 + 1, "You have left out the padding."),
        ],
        hint="Half padding: the output is n/s, rounded up.",
        solution="⌊(301 + 6 − 7)/2⌋ + 1 = 150 + 1 = 151. Or: half padding, so 301/2 rounded up.",
    )


def exercise_2() -> Number:
    return Number(
        next(p for p in range(99) if rl.conv_output_size(100, 5, 1, p, 2) == 100),
        slips=[
            (2, "That is right for dilation 1. With holes the kernel spans more."),
            (8, "That is for both ends together; padding is counted at each end."),
            (4.5, "The kernel spans 9 pixels, 8 beside its first one."),
        ],
        hint=(
            "How many pixels does the kernel span? Its centre needs half of the rest on each side."
        ),
        solution="It spans 2·(5 − 1) + 1 = 9 pixels, so p = 8/2 = 4.",
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


def exercise_5() -> Number:
    length = 1500
    flat = rl.trace(rl.signal_resnet(length), (1, length)).at("flatten").output_shape[0]
    return Number(
        flat,
        slips=[
            (
                15872 * 3 // 2,
                "The number of inputs does not grow in proportion: sizes are rounded on the way.",
            ),
            (512 * 46, "With half padding a stage rounds up: 375 becomes 188."),
            (512 * 188, "There is an average pooling by 4 before the classifier."),
            (512 * 23, "Three stages halve the length. The first one keeps it."),
            (flat // 512, "That is the length. Each of the 512 channels has that many samples."),
        ],
        hint=(
            "Follow the length through three halvings (rounded up) and a pooling by 4 "
            "(rounded down), then count the channels."
        ),
        solution="1500, 750, 375, 188, then ⌊188/4⌋ = 47, and 512·47 = 24,064.",
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
