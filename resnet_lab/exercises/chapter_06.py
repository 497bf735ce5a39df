"""The exercises of chapter 6."""

from __future__ import annotations

from itertools import accumulate
from operator import mul

import resnet_lab as rl

from ..tracing import Row
from .drawing import Draw, in_words
from .forms import Code, Number

CIFAR = (20, 32)


def main_path(depth: int) -> list[Row]:
    """The convolutions and poolings on a ResNet's main path; 20 and 32 are for CIFAR."""
    network, size = (rl.cifar_resnet(depth), 32) if depth in CIFAR else (rl.resnet(depth), 224)
    table = rl.trace(network, (3, size, size))
    return [row for row in table if row.kind in ("conv", "maxpool") and row.on_main_path]


def exercise_1(draw: Draw) -> Number:
    strides = draw((2, 1, 2, 1), ((2, 1, 2, 1), (1, 2, 2, 1), (2, 1, 1, 2), (1, 2, 1, 2)))
    kernels = [draw(kernel, (3, 5, 7)) for kernel in (5, 3, 3, 3)]
    stack = list(zip(kernels, strides, strict=True))
    before = [1, *accumulate(strides, mul)]
    terms = " + ".join([f"{kernel - 1}·{b}" for kernel, b in zip(kernels, before, strict=False)])
    listed = ", ".join([f"kernel {kernel} with stride {stride}" for kernel, stride in stack])
    return Number(
        rl.receptive_field(stack),
        question=(
            f"Predict, then measure. Four layers: {listed}. How wide is the field? Then set it in "
            "the picture."
        ),
        slips=[
            (
                1 + sum((kernel - 1) * b for kernel, b in zip(kernels, before[1:], strict=True)),
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
        solution=f"1 + {terms} = {rl.receptive_field(stack)}.",
    )


def exercise_2(draw: Draw) -> Number:
    kernel = draw(3, (3, 5, 7))
    field = rl.receptive_field([(kernel,)] * draw(15, range(10, 26)))
    layers = next(n for n in range(1, 99) if rl.receptive_field([(kernel,)] * n) == field)
    adds = kernel - 1
    only = f"The first layer sees {kernel} pixels, but each further one adds only {adds}."
    return Number(
        layers,
        question=(
            f"How many {kernel}×{kernel} convolutions of stride 1 are needed for a field of "
            f"{field} pixels?"
        ),
        slips=[
            (field // kernel, only),
            (layers + 1, f"The first pixel comes free: 1 + {adds}n = {field}."),
            (field / kernel, only),
            (layers - 1, f"Nearly. With n layers the field is 1 + {adds}n."),
        ],
        hint=f"Each layer adds {adds} to the single pixel at the beginning.",
        solution=(
            f"1 + {adds}n = {field}, so n = {layers}. With strides it takes far fewer: that is "
            "what they are for."
        ),
    )


def exercise_3(draw: Draw) -> Number:
    depth, stage = draw(
        (18, 4),
        [(18, 2), (18, 3), (34, 2), (34, 3), (34, 4)] + [(d, s) for d in CIFAR for s in (2, 3)],
    )
    path = main_path(depth)
    # Up to the stage's last convolution.
    layers = [row for row in path if not row.name.startswith("layer") or int(row.name[5]) <= stage]
    name = f"layer{stage}.0.conv1"
    halving = next(place for place, row in enumerate(layers) if row.name == name)
    own, old = layers[halving].receptive_field, layers[-1].receptive_field
    stride = layers[halving].stride  # behind it, as seen from the image
    count = len(layers) - 1 - halving
    word = in_words(count)
    pairs = [(row.kernel, row.layer_stride) for row in layers]
    pairs[halving] = 3, 1
    new = rl.receptive_field(pairs)
    return Number(
        new,
        question=(
            f"In ResNet-{depth}{' for CIFAR' if depth in CIFAR else ''} the first convolution "
            f"of <code>layer{stage}</code> gets stride 1 instead of 2 (with it the shortcut beside "
            f"it). It had a field of {own} pixels. The field of the last convolution of "
            f"<code>layer{stage}</code> was {old}. How wide is it now?"
        ),
        slips=[
            (
                old,
                (
                    f"{word.capitalize()} 3×3 convolutions come after it, and they now move in "
                    "smaller steps."
                ),
            ),
            (own, f"That is the field of {name} itself, which indeed does not change."),
            (
                old - stride,
                (
                    f"The convolutions after it add 2·{stride // 2} instead of 2·{stride} each. "
                    f"There are {word}."
                ),
            ),
            (old // 2, "Only what the layers after it add is halved."),
        ],
        hint=f"Its own field stays. What do the {word} 3×3 convolutions after it add now?",
        solution=(
            f"{own} + {count}·2·{stride // 2} = {new}. Before: {own} + {count}·2·{stride} = {old}. "
            "This is how networks for segmentation keep a finer grid; dilation 2 in the "
            f"{word} layers brings the {old} back."
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


def exercise_5(draw: Draw) -> Number:
    several, small = draw((2, 3), ((3, 3), (4, 3), (5, 3), (6, 3), (2, 5), (3, 5), (2, 7)))
    word = in_words(several)
    large = rl.receptive_field([(small,)] * several)
    new, old = several * small**2, large**2
    share = several * rl.conv_params(64, 64, small) / rl.conv_params(64, 64, large)
    return Number(
        100 * (1 - share),
        question=(
            f"{word.capitalize()} {small}×{small} convolutions replace one {large}×{large} with "
            "the same channels. How many per cent of the weights are saved?"
        ),
        tolerance=0.5,
        slips=[
            (100 * share, "That is what remains."),
            (100 * (1 - small**2 / old), f"There are {word} of them."),
            (
                0,
                (
                    "They see the same, but they do not cost the same: "
                    f"{old} against {several}·{small**2}."
                ),
            ),
        ],
        hint=f"{old} C² against {several}·{small**2} C².",
        solution=(
            f"1 − {new}/{old} = {100 * (1 - share):.3g} %. In one dimension the trade does not "
            f"pay: {several}·{small} weights against {large}."
        ),
    )


def exercise_6(draw: Draw) -> Number:
    layers, kernel = draw((10, 2), [(n, k) for n in range(5, 13) for k in (2, 3, 4)])
    dilations = [2**place for place in range(layers)]
    field = rl.receptive_field([(kernel, 1, 0, dilation) for dilation in dilations])
    adds, times = (f"{kernel - 1}d", f"{kernel - 1}·") if kernel > 2 else ("d", "")
    return Number(
        field,
        question=(
            f"Derive it. A network for sound stacks {layers} convolutions with kernel {kernel} and "
            f"dilations 1, 2, 4, ..., {dilations[-1]:,}. How many samples does one output see?"
        ),
        slips=[
            (rl.receptive_field([(kernel,)] * layers), "Each layer adds d(k − 1), and d doubles."),
            (field - 1, "Do not forget the one sample with which the count begins."),
            (
                rl.receptive_field([(kernel + 1, 1, 0, dilation) for dilation in dilations]),
                f"The kernel has {kernel} weights, so a layer adds {adds}, not {kernel}d.",
            ),
            ((kernel - 1) * dilations[-1], "That is what the last layer adds."),
        ],
        hint=f"1 + {times}(1 + 2 + 4 + ... + {dilations[-1]:,}).",
        solution=(
            f"1 + {times}{sum(dilations):,} = {field:,} samples out of {kernel * layers} weights: "
            "doubling dilations make a field grow exponentially at full resolution."
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


def exercise_8(draw: Draw) -> Number:
    field = draw(81, range(61, 302, 4))
    # Of the square in the question, small enough for the solution's "two thirds".
    side = draw(45, [side for side in range(21, field, 2) if 0.35 < side / field < 0.57])
    percent = draw(95, (90, 95, 98))
    return Number(
        (side / field) ** 2,
        question=(
            f"Say that another network has a field of {field} × {field} pixels, and that a square "
            f"of {side} × {side} holds {percent} % of its reaction. Which share of the field’s "
            "area is that?"
        ),
        tolerance=0.005,
        slips=[
            (side / field, "That is the share of the width. The square has two sides."),
            (percent / 100, "That is the share of the reaction, not of the area."),
        ],
        hint="Divide the two areas.",
        solution=(
            f"({side}/{field})² = {(side / field) ** 2:.2f}. The rest of the field, more than two "
            f"thirds of it, shares {100 - percent} % of the reaction."
        ),
    )
