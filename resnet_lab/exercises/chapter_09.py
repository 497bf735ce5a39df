"""The exercises of chapter 9."""

from __future__ import annotations

import resnet_lab as rl

from .drawing import Draw, in_words
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    channels = draw(128, (16, 24, 32, 48, 64, 96, 128))
    size = draw(28, range(16, 61, 4))
    width, half = 2 * channels, size // 2
    table = rl.trace(rl.ResidualBlock("basic", channels, width, stride=2), (channels, size, size))
    pixels = table.output_shape[1] * table.output_shape[2]
    return Number(
        width * pixels,
        question=(
            f"A building block takes {channels} × {size} × {size}, has width {width} and "
            "stride 2. How many numbers leave it for one image?"
        ),
        slips=[
            (width * size * size, "The stride halves height and width."),
            (width * size * half, "The stride halves the height <em>and</em> the width."),
            (channels * pixels, f"The width is what comes out: {width} channels."),
            (
                width * (half // 2) * (half // 2),
                "The stride stands in one of the two convolutions, not in both.",
            ),
        ],
        hint="Channels times height times width, after the block.",
        solution=(
            f"{width} × {half} × {half} = {width * pixels:,}: half of what came in. Halving both "
            "sides and doubling the channels halves the data."
        ),
    )


def exercise_2(draw: Draw) -> Number:
    up = ((64, 256), (64, 512), (128, 256), (128, 512), (256, 512))
    down = ((128, 64), (256, 64), (256, 128), (512, 128), (512, 256))
    c_in, c_out = draw((64, 128), up + down)
    stride = draw(2, (1, 2))
    table = rl.trace(rl.ResidualBlock("basic", c_in, c_out, stride=stride), (c_in, 56, 56))
    of = {row.name.partition(".")[2]: row.params for row in table if row.params}
    return Number(
        table.params,
        question=(
            f"Predict, then measure. A building block leads from {c_in} to {c_out} channels with "
            f"stride {stride} and shortcut B. How many parameters has it, BatchNorm included? "
            "Then set it in the picture."
        ),
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
                f"The first convolution reads {c_in} channels, not {c_out}.",
            ),
            (table.params - of["downsample.0"] + of["conv1"], "The projection is 1×1, not 3×3."),
        ],
        hint=(
            "Two 3×3 convolutions, one 1×1, three BatchNorms with two numbers for each "
            f"of {c_out} channels."
        ),
        solution=(
            f"9·{c_in}·{c_out} + 9·{c_out}·{c_out} + {c_in}·{c_out} + 3·2·{c_out} = "
            f"{of['conv1']:,} + {of['conv2']:,} + {of['downsample.0']:,} + {3 * of['bn1']:,} = "
            f"{table.params:,}."
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


def exercise_4(draw: Draw) -> Number:
    entering = draw(64, (40, 48, 56, 64, 80, 96, 128))
    blocks = draw(3, (2, 3, 4, 5, 6))
    width = draw(32, (8, 12, 16, 24, 32))
    channels = entering
    for _ in range(blocks):
        channels = rl.trace(
            rl.ResidualBlock("basic", channels, width, fusion="concat"), (channels, 56, 56)
        ).output_shape[0]
    return Number(
        channels,
        question=(
            f"Derive it. {entering} channels enter {blocks} blocks of width {width} and stride 1 "
            "whose branches are concatenated with their inputs. How many leave?"
        ),
        slips=[
            (
                entering * 2**blocks,
                (
                    "Channels double only if the branch is as wide as the input. Here it always "
                    f"adds {width}."
                ),
            ),
            (width, "That is what the branch makes. The input stays beside it."),
            (entering + width, f"That is after the first of the {in_words(blocks)}."),
            (entering, "So it would be with addition."),
        ],
        hint="Each block keeps what came in and puts its own channels beside it.",
        solution=(
            f"{entering} + {' + '.join([str(width)] * blocks)} = {channels}. In a DenseNet the "
            f"{width} is called the growth rate."
        ),
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
