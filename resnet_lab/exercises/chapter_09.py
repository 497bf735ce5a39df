"""The exercises of chapter 9."""

from __future__ import annotations

import resnet_lab as rl

from .forms import Choice, Code, Number


def exercise_1() -> Number:
    table = rl.trace(rl.ResidualBlock("basic", 128, 256, stride=2), (128, 28, 28))
    pixels = table.output_shape[1] * table.output_shape[2]
    return Number(
        256 * pixels,
        slips=[
            (256 * 28 * 28, "The stride halves height and width."),
            (256 * 28 * 14, "The stride halves the height <em>and</em> the width."),
            (128 * pixels, "The width is what comes out: 256 channels."),
            (256 * 7 * 7, "The stride stands in one of the two convolutions, not in both."),
        ],
        hint="Channels times height times width, after the block.",
        solution=(
            "256 × 14 × 14 = 50,176: half of what came in. Halving both sides and "
            "doubling the channels halves the data."
        ),
    )


def exercise_2() -> Number:
    table = rl.trace(rl.ResidualBlock("basic", 64, 128, stride=2), (64, 56, 56))
    of = {row.name.partition(".")[2]: row.params for row in table if row.params}
    return Number(
        table.params,
        slips=[
            (
                table.params - of["downsample.0"] - of["downsample.1"],
                "The projection has parameters as well: a 1×1 convolution and its BatchNorm.",
            ),
            (table.params - of["downsample.1"], "A BatchNorm follows the projection too."),
            (
                table.params - of["bn1"] - of["bn2"] - of["downsample.1"],
                (
                    "Those are the convolutions. Each BatchNorm adds a scale and a shift for "
                    "every channel."
                ),
            ),
            (
                table.params - of["conv1"] + of["conv2"],
                "The first convolution reads 64 channels, not 128.",
            ),
            (table.params - of["downsample.0"] + of["conv1"], "The projection is 1×1, not 3×3."),
        ],
        hint=(
            "Two 3×3 convolutions, one 1×1, three BatchNorms with two numbers for each "
            "of 128 channels."
        ),
        solution=(
            f"9·64·128 + 9·128·128 + 64·128 + 3·2·128 = {of['conv1']:,} + {of['conv2']:,} "
            f"+ {of['downsample.0']:,} + {3 * of['bn1']:,} = {table.params:,}."
        ),
    )


def exercise_3() -> Choice:
    return Choice(
        ("H(x) = x / 2", "H(x) = 0", "H(x) = 3x", "H(x) = x − mean(x)"),
        2,
        hints={
            0: "That takes something away wherever x is positive.",
            1: "It would have to take all of x away.",
            3: (
                "The mean of such an x is positive (unless all of x is 0), and it is taken "
                "away everywhere."
            ),
        },
        hint="What it adds is never negative.",
        solution=(
            "Only 3x: the correction 2x is nowhere negative. All the others need a "
            "negative correction somewhere."
        ),
    )


def exercise_4() -> Number:
    channels = 64
    for _ in range(3):
        channels = rl.trace(
            rl.ResidualBlock("basic", channels, 32, fusion="concat"), (channels, 56, 56)
        ).output_shape[0]
    return Number(
        channels,
        slips=[
            (
                64 * 2**3,
                (
                    "Channels double only if the branch is as wide as the input. Here it always "
                    "adds 32."
                ),
            ),
            (32, "That is what the branch makes. The input stays beside it."),
            (64 + 32, "That is after the first of the three."),
            (64, "So it would be with addition."),
        ],
        hint="Each block keeps what came in and puts its own channels beside it.",
        solution="64 + 32 + 32 + 32 = 160. In a DenseNet the 32 is called the growth rate.",
    )


def exercise_5() -> Number:
    choices = {
        shortcut: sum(
            row.params
            for row in rl.trace(rl.resnet(50, shortcut=shortcut), (3, 224, 224))
            if not row.on_main_path
        )
        for shortcut in "BC"
    }
    projections = [
        row
        for row in rl.trace(rl.resnet(50), (3, 224, 224))
        if row.kind == "conv" and not row.on_main_path
    ]
    return Number(
        len(projections),
        slips=[
            (3, "Three blocks halve the size. In one more the number of channels changes."),
            (16, "That is shortcut C."),
            (0, "That is shortcut A."),
        ],
        hint="Go through the stages: does the first block of each change size or channels?",
        solution=(
            f"In {len(projections)}: in the first stage as well, because 64 channels come "
            f"in and 4 · 64 = 256 go out. ResNet-18 has only 3. The {len(projections)} "
            f"hold {choices['B']:,} parameters; with C all 16 would hold {choices['C']:,}."
        ),
    )


def exercise_6() -> Code:
    def parameters(c_in: int, width: int, stride: int) -> int:
        return rl.trace(rl.ResidualBlock("basic", c_in, width, stride), (c_in, 8, 8)).params

    return Code(
        "def parameters(c_in, width, stride):\n    ...",
        [
            (case, parameters(*case))
            for case in (
                (64, 64, 1),
                (64, 128, 2),
                (64, 128, 1),
                (128, 128, 2),
                (3, 5, 1),
                (512, 512, 1),
            )
        ],
        (
            "def parameters(c_in, width, stride):\n"
            "    count = 9 * c_in * width + 9 * width * width + 4 * width\n"
            "    if stride != 1 or c_in != width:\n"
            "        count += c_in * width + 2 * width\n"
            "    return count"
        ),
        hint=(
            "Two convolutions of 3×3 and two BatchNorms always; a 1×1 and a third "
            "BatchNorm if the channels or the size change."
        ),
    )


def exercise_7() -> Number:
    table = rl.trace(rl.resnet18_small(), (3, 32, 32))
    convolutions = [row for row in table if row.kind == "conv"]
    without = len([row for row in convolutions if row.on_main_path]) - 1  # all but the stem
    return Number(
        without,
        slips=[
            (20, "The first convolution and the projections do not lie behind a zero scale."),
            (len(convolutions) - without, "Those are the ones with a gradient."),
            (8, "The zero scale stands behind both convolutions of a branch."),
            (17, "One convolution lies in no block at all."),
        ],
        hint="Which convolutions reach the output only through a BatchNorm whose scale is zero?",
        solution=(
            f"{without}: both convolutions of each of the 8 branches. The first "
            "convolution and the three projections do get a gradient. After the first "
            "step the scales are no longer zero, and all of them learn."
        ),
    )
