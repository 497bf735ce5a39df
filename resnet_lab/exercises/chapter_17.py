"""The exercises of chapter 17."""

from __future__ import annotations

import resnet_lab as rl

from .drawing import Draw
from .forms import Choice, Code, Number


def gate(channels: int, part: int = 16, bias: bool = True) -> int:
    """The parameters of a squeeze-and-excitation gate that narrows to that part of its channels."""
    narrow = channels // part
    down = rl.conv_params(channels, narrow, 1, bias=bias)
    return down + rl.conv_params(narrow, channels, 1, bias=bias)


def exercise_1(draw: Draw) -> Number:
    channels = draw(512, (64, 96, 128, 256, 384, 512, 768, 1024, 2048))
    part = draw(16, (4, 8, 16))
    narrow = channels // part
    params = gate(channels, part)
    return Number(
        params,
        question=(
            f"A squeeze-and-excitation gate on {channels:,} channels narrows to 1/{part} of them, "
            "with biases in both layers. How many parameters has it?"
        ),
        slips=[
            (
                gate(channels, part, bias=False),
                f"And the biases: {narrow:,} in the first layer, {channels:,} in the second.",
            ),
            (
                rl.conv_params(channels, narrow, 1, bias=True),
                "That is the layer that narrows. One widens.",
            ),
            (channels * channels, f"The gate narrows to {narrow:,} in between."),
        ],
        hint=f"{channels:,}·{narrow:,} weights down, as many up, and a bias for each output.",
        solution=f"2·{channels:,}·{narrow:,} + {narrow:,} + {channels:,} = {params:,}.",
    )


def exercise_2() -> Choice:
    return Choice(
        (
            "that it gains 3.7 points",
            "that it gains most of 3.7 points",
            "nothing: the recipe alone gains that much",
        ),
        2,
        hints={
            0: "ResNet-50 itself reaches more than 79 % with such a recipe.",
            1: "ResNet-50 itself reaches more than 79 % with such a recipe.",
        },
        hint="What would the old block have reached with the same training?",
        solution=(
            "Nothing. ResNet-50 without the block reaches as much with 300 epochs and mixed "
            "images. Both must be trained with one recipe."
        ),
    )


def exercise_3(draw: Draw) -> Number:
    kind = draw("bottleneck", ("basic", "bottleneck"))
    channels, width = draw(256, (64, 128, 256, 512)), draw(64, (64, 128, 256, 512))
    bottleneck = kind == "bottleneck"
    outer = 4 * width if bottleneck else width
    without, with_gate = [
        rl.trace(rl.ResidualBlock(kind, channels, width, se=se), (channels, 56, 56)).params
        for se in (False, True)
    ]
    return Number(
        with_gate - without,
        question=(
            "Predict, then measure. In the picture of chapter 9, set the kind to "
            f"{'3 convolutions (bottleneck)' if bottleneck else '2 convolutions (basic)'}, "
            f"{channels} channels in, width {width}, stride 1. Say what squeeze-and-excitation "
            "will add, then switch it on. By how many parameters does the block grow?"
        ),
        slips=[
            (gate(outer, bias=False), "The two layers have biases."),
            # With numbers for which this is right, others are drawn.
            (
                gate(width if bottleneck else channels),
                f"The gate stands behind the last convolution, which has {outer:,} channels.",
            ),
            (with_gate, "That is the whole block. By how much has it grown?"),
        ],
        hint="Read the parameters under the picture before and after.",
        solution=f"From {without:,} to {with_gate:,}: {with_gate - without:,} more.",
    )


def exercise_4(draw: Draw) -> Number:
    blocks = draw(16, (8, 12, 16, 18, 24, 27, 33, 36, 54))
    asleep = draw(0.2, (0.1, 0.2, 0.3, 0.4, 0.5))
    numbers = range(1, blocks + 1)
    fewer = asleep * (blocks + 1) / 2
    return Number(
        sum([1 - block / blocks * asleep for block in numbers]),
        question=(
            f"Derive it. A residual network has {blocks} blocks, and block <i>l</i> survives a "
            f"step with probability 1 − (<i>l</i>/{blocks}) · {asleep}. How many blocks are alive "
            "on average?"
        ),
        slips=[
            (blocks * (1 - asleep), "That is the chance of the last block for all of them."),
            (
                blocks * (1 - asleep / 2),
                f"Block 1 has 1 − {asleep}/{blocks}, not 1: the mean is a little below "
                f"{1 - asleep / 2:g}.",
            ),
            (blocks, "Some sleep."),
        ],
        tolerance=0.005,
        hint=f"Add up the {blocks} chances; 1 + 2 + ... + {blocks} = {sum(numbers):,}.",
        solution=(
            f"{blocks} − {asleep} · {sum(numbers):,}/{blocks} = {blocks} − {fewer:g} = "
            f"{blocks - fewer:g}."
        ),
    )


def exercise_5(draw: Draw) -> Number:
    scale = draw(0.9, (0.9, 0.92, 0.95, 0.96, 0.98, 0.99))
    depth = draw(110, (20, 32, 44, 56, 110))
    blocks = (depth - 2) // 2
    left = scale**blocks
    return Number(
        left,
        question=(
            f"A shortcut that is scaled by {scale} in every block: by what factor has the input "
            f"shrunk when it has passed the {blocks} shortcuts of ResNet-{depth}?"
        ),
        slips=[
            (scale * blocks, "Factors multiply: a power, not a product."),
            (1 - left, "That is what has been lost."),
            (scale**depth, "Count blocks, not layers."),
        ],
        tolerance=5e-5,
        hint=f"One factor {scale} for each block.",
        solution=f"{scale}<sup>{blocks}</sup> = {left:.4f}: {100 * left:.2g} % is left.",
    )


def exercise_6(draw: Draw) -> Number:
    channels, kernel = draw(96, (48, 64, 80, 96, 128)), draw(7, (5, 7, 9, 11))
    space = rl.conv_params(channels, channels, kernel, groups=channels)
    across = 2 * rl.conv_params(channels, 4 * channels, 1)
    share = space / (space + across)
    return Number(
        100 * share,
        question=(
            f"In a ConvNeXt block of {channels} channels, what percentage of the MACs of its three "
            f"convolutions is the depthwise one, if that is {kernel} × {kernel}?"
        ),
        slips=[
            (share, "As a percentage, please."),
            (100 * space / across, "That is against the two others, not against the whole."),
        ],
        tolerance=0.1,
        hint=(
            f"{kernel * kernel}·{channels} against 2·{channels}·{4 * channels}, at as many pixels."
        ),
        solution=f"{space:,} of {space + across:,}, {100 * share:.1f} %.",
    )


def exercise_7() -> Code:
    def alive(chances: list[float]) -> list[float]:
        found = [1.0]
        for chance in chances:
            found = [
                asleep * (1 - chance) + awake * chance
                for asleep, awake in zip([*found, 0.0], [0.0, *found], strict=True)
            ]
        return found

    return Code(
        "def alive(chances):\n    ...",
        [((case,), alive(case)) for case in ([0.5], [1.0, 0.5], [0.9, 0.7, 0.5], [])],
        "def alive(chances):\n"
        "    found = [1.0]\n"
        "    for chance in chances:\n"
        "        asleep = [p * (1 - chance) for p in found] + [0.0]\n"
        "        awake = [0.0] + [p * chance for p in found]\n"
        "        found = [a + b for a, b in zip(asleep, awake)]\n"
        "    return found",
        tolerance=1e-9,
        hint="Add one block at a time: the new one sleeps, or it makes one more.",
        solution="It is the convolution of the chapter, <code>np.convolve</code>, written out.",
    )


def exercise_8() -> Choice:
    return Choice(
        ("the original block, version 1", "the pre-activation block, version 2", "the plain block"),
        1,
        hints={
            0: "There the normalised sum goes through a ReLU; here nothing follows the addition.",
            2: "A plain block adds nothing.",
        },
        hint="Where does the normalisation stand?",
        solution="The pre-activation block: normalisation first, nothing behind the addition.",
    )
