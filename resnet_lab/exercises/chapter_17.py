"""The exercises of chapter 17."""

from __future__ import annotations

import resnet_lab as rl

from .forms import Choice, Code, Number


def gate(channels: int, bias: bool = True) -> int:
    """The parameters of a squeeze-and-excitation gate."""
    down = rl.conv_params(channels, channels // 16, 1, bias=bias)
    return down + rl.conv_params(channels // 16, channels, 1, bias=bias)


def exercise_1() -> Number:
    return Number(
        gate(512),
        slips=[
            (gate(512, bias=False), "And the biases: 32 in the first layer, 512 in the second."),
            (rl.conv_params(512, 32, 1, bias=True), "That is the layer that narrows. One widens."),
            (512 * 512, "The gate narrows to 32 in between."),
        ],
        hint="512·32 weights down, as many up, and a bias for each output.",
        solution=f"2·512·32 + 32 + 512 = {gate(512):,}.",
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


def exercise_3() -> Number:
    without, with_gate = [
        rl.trace(rl.ResidualBlock("bottleneck", 256, 64, se=se), (256, 56, 56)).params
        for se in (False, True)
    ]
    return Number(
        with_gate - without,
        slips=[
            (gate(256, bias=False), "The two layers have biases."),
            (gate(64), "The gate stands behind the last convolution, which has 256 channels."),
            (with_gate, "That is the whole block. By how much has it grown?"),
        ],
        hint="Read the parameters under the picture before and after.",
        solution=f"From {without:,} to {with_gate:,}: {with_gate - without:,} more.",
    )


def exercise_4() -> Number:
    chances = [1 - block / 16 * 0.2 for block in range(1, 17)]
    return Number(
        sum(chances),
        slips=[
            (16 * 0.8, "That is the chance of the last block for all of them."),
            (16 * 0.9, "Block 1 has 1 − 0.2/16, not 1: the mean is a little below 0.9."),
            (16, "Some sleep."),
        ],
        tolerance=0.005,
        hint="Add up the 16 chances; 1 + 2 + ... + 16 = 136.",
        solution="16 − 0.2 · 136/16 = 16 − 1.7 = 14.3.",
    )


def exercise_5() -> Number:
    return Number(
        0.9**54,
        slips=[
            (0.9 * 54, "Factors multiply: a power, not a product."),
            (1 - 0.9**54, "That is what has been lost."),
            (0.9**110, "Count blocks, not layers."),
        ],
        tolerance=5e-5,
        hint="One factor 0.9 for each block.",
        solution=f"0.9<sup>54</sup> = {0.9**54:.4f}: a third of a percent is left.",
    )


def exercise_6() -> Number:
    space, channels = rl.conv_params(96, 96, 7, groups=96), 2 * rl.conv_params(96, 384, 1)
    share = space / (space + channels)
    return Number(
        100 * share,
        slips=[
            (share, "As a percentage, please."),
            (100 * space / channels, "That is against the two others, not against the whole."),
        ],
        tolerance=0.1,
        hint="49·96 against 2·96·384, at as many pixels.",
        solution=f"4,704 of 78,432, {100 * share:.1f} %.",
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
