"""The exercises of chapter 12."""

from __future__ import annotations

import resnet_lab as rl

from .. import convolutions
from .forms import Choice, Code, Number


def exercise_1() -> Number:
    return Number(
        rl.conv_params(3, 6, 1, bias=True),
        slips=[
            (rl.conv_params(3, 6, 1), "And the bias: one number for each output channel."),
            (rl.conv_params(3, 6, 3, bias=True), "That is a 3 × 3 convolution."),
            (rl.conv_params(3, 6, 1) + 3, "There is one bias for each channel that is written."),
        ],
        hint=(
            "One weight for each pair of an input and an output channel, and one bias "
            "for each output."
        ),
        solution="3·6 + 6 = 24.",
    )


def exercise_2() -> Number:
    return Number(
        sum(conv.params for conv in convolutions.replacement("factorised", 64, 7)),
        slips=[
            (rl.conv_params(64, 64, 7), "That is the 7 × 7 itself."),
            (rl.conv_params(64, 64, (1, 7)), "That is one of the two."),
            (14, "Those are the cells of the two kernels. How many such kernels are there?"),
        ],
        hint="Each has 7 cells, for every pair of channels.",
        solution="2·7·64·64 = 57,344, two sevenths of the 7 × 7.",
    )


def exercise_3() -> Number:
    return Number(
        rl.conv_params(128, 128, 3, groups=128) + rl.conv_params(128, 256, 1),
        slips=[
            (rl.conv_params(128, 256, 3), "That is the standard convolution."),
            (256 * 9 + 128 * 256, "The depthwise layer comes first: it still has 128 channels."),
            (128 * 9, "That is the depthwise layer. Now the 1 × 1."),
            (
                128 * 128 * 9 + 128 * 256,
                "In a depthwise layer each channel has one kernel, not 128.",
            ),
        ],
        hint="One 3 × 3 kernel for each of the 128 channels, then a matrix of 256 by 128.",
        solution=(
            "128·9 + 128·256 = 1,152 + 32,768 = 33,920; the standard convolution has 294,912."
        ),
    )


def exercise_4() -> Number:
    outer, inner = rl.conv_params(256, 128, 1), rl.conv_params(128, 128, 3)
    grouped = rl.conv_params(128, 128, 3, groups=32)
    return Number(
        2 * outer + grouped,
        slips=[
            (2 * outer + inner, "The 3 × 3 has 32 groups: divide its weights by 32."),
            ((2 * outer + inner) // 32, "Only the 3 × 3 is grouped."),
            (grouped, "That is the 3 × 3. The two 1 × 1 convolutions count too."),
        ],
        hint="256·128 twice, and 9·128·128 divided by 32 in between.",
        solution=(
            "32,768 + 4,608 + 32,768 = 70,144: twice the width at the same price, "
            "because the 3 × 3 costs next to nothing any more."
        ),
    )


def exercise_5() -> Number:
    apart = [convolutions.Convolution(64, 64, (1, 1), groups=4)] * 3
    return Number(
        convolutions.channels_seen(apart),
        slips=[
            (
                64,
                (
                    "It would with a shuffle in between. Which channels of the second layer's "
                    "group have ever seen another group?"
                ),
            ),
            (48, "Every layer cuts the channels at the same places."),
            (4, "There are 4 groups; how many channels has each?"),
        ],
        hint="Follow one group through all three layers.",
        solution=(
            "16. The cuts lie at the same places in all layers, so the four groups are "
            "four networks that never meet."
        ),
    )


def exercise_6() -> Number:
    table, saved = rl.trace(rl.resnet(18), (3, 224, 224)), 0
    for layer in table:
        if layer.kind == "conv" and layer.kernel == 3:
            channels, out_channels = layer.input_shape[0], layer.output_shape[0]
            saved += (
                layer.params
                - rl.conv_params(channels, channels, 3, groups=channels)
                - rl.conv_params(channels, out_channels, 1)
            )
    return Number(
        table.params - saved,
        slips=[(table.params, "That is ResNet-18 as it is."), (saved, "That is what is saved.")],
        hint=(
            "Go through <code>rl.trace(rl.resnet(18), (3, 224, 224))</code>: its rows "
            "have kind, kernel, params, input_shape and output_shape. Only the rows with "
            "kernel 3 and kind “conv” change."
        ),
        solution=(
            f"{table.params:,} − {saved:,} = {table.params - saved:,}. The 3 × 3 "
            "convolutions were nearly the whole network."
        ),
    )


def exercise_7() -> Choice:
    wide = convolutions.Convolution(256, 256, (5, 5), groups=256)
    options = ("4.5", "12.5", "25", "256")
    return Choice(
        options,
        options.index(f"{wide.macs(1000) / wide.moved(1000):.1f}"),
        hints={
            0: "That is the 3 × 3: nine multiplications, two numbers moved.",
            2: "One number is read and one is written for these 25 multiplications.",
            3: "The number of channels does not matter: each is on its own.",
        },
        hint=(
            "How many multiplications does one output number need? How many numbers are "
            "read and written for it?"
        ),
        solution=(
            "25 multiplications for one number read and one written: 12.5. A larger "
            "depthwise kernel often costs little extra time."
        ),
    )


def exercise_8() -> Code:
    return Code(
        "def shuffle(channels, groups):\n    ...",
        [
            ((c, g), convolutions.shuffle(c, g))
            for c, g in ((6, 2), (6, 3), (12, 3), (8, 1), (8, 8), (16, 4))
        ],
        (
            "def shuffle(channels, groups):\n"
            "    wide = channels // groups\n"
            "    return [group * wide + place for place in range(wide) for group in range(groups)]"
        ),
        hint="First the first channel of every group, then the second of every group, and so on.",
    )
