"""The exercises of chapter 6."""

from __future__ import annotations

import resnet_lab as rl

from ..tracing import Row
from .forms import Code, Number


def main_path(depth: int) -> list[Row]:
    """The convolutions and poolings on a ResNet's main path."""
    table = rl.trace(rl.resnet(depth), (3, 224, 224))
    return [row for row in table if row.kind in ("conv", "maxpool") and row.on_main_path]


def exercise_1() -> Number:
    stack = [(5, 2), (3, 1), (3, 2), (3, 1)]
    return Number(
        rl.receptive_field(stack),
        slips=[
            (
                1 + 4 * 2 + 2 * 2 + 2 * 4 + 2 * 4,
                "You have counted each layer's own stride. It only widens what later layers see.",
            ),
            (
                rl.receptive_field([(kernel,) for kernel, _ in stack]),
                "You have left out the strides.",
            ),
            (
                sum(kernel for kernel, _ in stack),
                "Each layer adds k − 1, not k, times the stride before it.",
            ),
        ],
        hint="Begin with 1; each layer adds (k − 1) times the product of the strides before it.",
        solution="1 + 4·1 + 2·2 + 2·2 + 2·4 = 21.",
    )


def exercise_2() -> Number:
    return Number(
        next(n for n in range(1, 99) if rl.receptive_field([(3,)] * n) == 31),
        slips=[
            (10, "The first layer sees 3 pixels, but each further one adds only 2."),
            (16, "The first pixel comes free: 1 + 2n = 31."),
            (31 / 3, "The first layer sees 3 pixels, but each further one adds only 2."),
            (14, "Nearly. With n layers the field is 1 + 2n."),
        ],
        hint="Each layer adds 2 to the single pixel at the beginning.",
        solution=(
            "1 + 2n = 31, so n = 15. With strides it takes far fewer: that is what they are for."
        ),
    )


def exercise_3() -> Number:
    layers = main_path(18)
    last_stride = next(place for place, row in enumerate(layers) if row.name == "layer4.0.conv1")
    pairs = [(row.kernel, row.layer_stride) for row in layers]
    pairs[last_stride] = 3, 1
    new = rl.receptive_field(pairs)
    return Number(
        new,
        slips=[
            (435, "Three 3×3 convolutions come after it, and they now move in smaller steps."),
            (243, "That is the field of layer4.0.conv1 itself, which indeed does not change."),
            (435 - 32, "The convolutions after it add 2·16 instead of 2·32 each. There are three."),
            (435 // 2, "Only what the layers after it add is halved."),
        ],
        hint="Its own field stays. What do the three 3×3 convolutions after it add now?",
        solution=(
            f"243 + 3·2·16 = {new}. Before: 243 + 3·2·32 = 435. This is how networks for "
            "segmentation keep a finer grid; dilation 2 in the three layers brings the "
            "435 back."
        ),
    )


def exercise_4() -> Number:
    versions = {
        version: rl.trace(rl.resnet(152, version=version), (3, 224, 224)).receptive_field
        for version in (1, 1.5)
    }
    return Number(
        versions[1.5],
        slips=[
            (
                versions[1],
                "The 3×3 convolutions of three blocks move in smaller steps in version 1.5.",
            ),
            (
                versions[1] + 56,
                "Version 1.5 has the smaller field: its 3×3 does not yet feel the stride.",
            ),
            (
                round(versions[1] * 427 / 483),
                (
                    "The difference is not in proportion: it comes from three blocks in each of "
                    "the networks."
                ),
            ),
        ],
        hint="How many blocks halve the size? Is that number different in ResNet-50?",
        solution=(
            "All bottleneck ResNets halve the size in three blocks behind strides 4, 8, "
            f"16, so the difference is 56 again: {versions[1]:,} − 56 = {versions[1.5]:,}."
        ),
    )


def exercise_5() -> Number:
    share = 2 * rl.conv_params(64, 64, 3) / rl.conv_params(64, 64, 5)
    return Number(
        100 * (1 - share),
        tolerance=0.5,
        slips=[
            (100 * share, "That is what remains."),
            (100 * (1 - 9 / 25), "There are two of them."),
            (0, "They see the same, but they do not cost the same: 25 against 2·9."),
        ],
        hint="25 C² against 2·9 C².",
        solution=(
            "1 − 18/25 = 28 %. In one dimension the trade does not pay: 2·3 weights against 5."
        ),
    )


def exercise_6() -> Number:
    wave = [(2, 1, 0, 2**i) for i in range(10)]
    return Number(
        rl.receptive_field(wave),
        slips=[
            (rl.receptive_field([(2,)] * 10), "Each layer adds d(k − 1), and d doubles."),
            (1023, "Do not forget the one sample with which the count begins."),
            (
                rl.receptive_field([(3, 1, 0, 2**i) for i in range(10)]),
                "The kernel has 2 weights, so a layer adds d, not 2d.",
            ),
            (512, "That is what the last layer adds."),
        ],
        hint="1 + (1 + 2 + 4 + ... + 512).",
        solution=(
            "1 + 1,023 = 1,024 samples out of 20 weights: doubling dilations make a "
            "field grow exponentially at full resolution."
        ),
    )


def exercise_7() -> Code:
    pairs = [[(row.kernel, row.layer_stride) for row in main_path(depth)] for depth in (18, 50)]
    stacks = [[(3, 1), (3, 1), (3, 1)], [(7, 2), (3, 2)], [(1, 2), (1, 2), (3, 1)], *pairs]
    return Code(
        "def receptive_field(layers):\n    ...",
        [((stack,), rl.receptive_field(stack)) for stack in stacks],
        (
            "def receptive_field(layers):\n"
            "    field, stride = 1, 1\n"
            "    for kernel, own_stride in layers:\n"
            "        field += (kernel - 1) * stride\n"
            "        stride *= own_stride\n"
            "    return field"
        ),
        hint=(
            "Keep two numbers, the field and the stride so far. Which of them has to be "
            "brought up to date first?"
        ),
    )


def exercise_8() -> Number:
    side = 45  # of the square in the question
    return Number(
        (side / 81) ** 2,
        tolerance=0.005,
        slips=[
            (side / 81, "That is the share of the width. The square has two sides."),
            (0.95, "That is the share of the reaction, not of the area."),
        ],
        hint="Divide the two areas.",
        solution=(
            f"({side}/81)² = {(side / 81) ** 2:.2f}. The rest of the "
            "field, more than two thirds of it, shares 5 % of the reaction."
        ),
    )
