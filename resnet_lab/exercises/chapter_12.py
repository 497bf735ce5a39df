"""The exercises of chapter 12."""

from __future__ import annotations

import resnet_lab as rl

from .. import convolutions
from .drawing import Draw, in_words
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    channels, out_channels = draw(3, range(4, 13)), draw(6, range(4, 17))
    weights = rl.conv_params(channels, out_channels, 1)
    answer = rl.conv_params(channels, out_channels, 1, bias=True)
    return Number(
        answer,
        question=(
            f"A 1 × 1 convolution <em>with bias</em> turns {channels} channels into "
            f"{out_channels}. How many parameters does it have?"
        ),
        slips=[
            (weights, "And the bias: one number for each output channel."),
            (rl.conv_params(channels, out_channels, 3, bias=True), "That is a 3 × 3 convolution."),
            (weights + channels, "There is one bias for each channel that is written."),
        ],
        hint=(
            "One weight for each pair of an input and an output channel, and one bias "
            "for each output."
        ),
        solution=f"{channels}·{out_channels} + {out_channels} = {answer}.",
    )


def exercise_2(draw: Draw) -> Number:
    kernel, part = draw((7, "sevenths"), ((3, "thirds"), (5, "fifths"), (7, "sevenths")))
    channels = draw(64, (128, 256, 512))
    answer = sum(conv.params for conv in convolutions.replacement("factorised", channels, kernel))
    return Number(
        answer,
        question=(
            f"Predict, then measure. A {kernel} × {kernel} convolution from {channels} to "
            f"{channels} channels is factorised into 1 × {kernel} and {kernel} × 1, with "
            f"{channels} channels in between. How many weights do the two have together, without "
            "biases? Then set it in the picture."
        ),
        slips=[
            (
                rl.conv_params(channels, channels, kernel),
                f"That is the {kernel} × {kernel} itself.",
            ),
            (rl.conv_params(channels, channels, (1, kernel)), "That is one of the two."),
            (
                2 * kernel,
                "Those are the cells of the two kernels. How many such kernels are there?",
            ),
        ],
        hint=f"Each has {kernel} cells, for every pair of channels.",
        solution=(
            f"2·{kernel}·{channels}·{channels} = {answer:,}, two {part} of the {kernel} × {kernel}."
        ),
    )


def exercise_3(draw: Draw) -> Number:
    kernel = draw(3, (3, 5, 7))
    channels, out_channels = draw(128, (32, 64, 192, 256)), draw(256, (64, 128, 256, 512))
    depthwise = rl.conv_params(channels, channels, kernel, groups=channels)
    pointwise = rl.conv_params(channels, out_channels, 1)
    standard = rl.conv_params(channels, out_channels, kernel)
    cells = kernel * kernel
    return Number(
        depthwise + pointwise,
        question=(
            f"A depthwise {kernel} × {kernel} and then a 1 × 1 lead from {channels} to "
            f"{out_channels} channels. How many weights do they have, without biases?"
        ),
        slips=[
            (standard, "That is the standard convolution."),
            (
                out_channels * cells + pointwise,
                f"The depthwise layer comes first: it still has {channels} channels.",
            ),
            (depthwise, "That is the depthwise layer. Now the 1 × 1."),
            (
                channels * channels * cells + pointwise,
                f"In a depthwise layer each channel has one kernel, not {channels}.",
            ),
        ],
        hint=(
            f"One {kernel} × {kernel} kernel for each of the {channels} channels, then a matrix "
            f"of {out_channels} by {channels}."
        ),
        solution=(
            f"{channels}·{cells} + {channels}·{out_channels} = {depthwise:,} + {pointwise:,} = "
            f"{depthwise + pointwise:,}; the standard convolution has {standard:,}."
        ),
    )


def exercise_4(draw: Draw) -> Number:
    # Table 2 of the ResNeXt paper has these for the first stage; later ones are wider throughout.
    stage = draw(1, (2, 4, 8))
    many = (32, 128, "the 3 × 3 costs next to nothing any more")
    few = [
        (2, 80, "its groups halve what the 3 × 3 costs"),
        (4, 96, "its groups quarter what the 3 × 3 costs"),
    ]
    groups, first, because = draw(many, (*few, many))
    wide, inner, narrow = 256 * stage, first * stage, 64 * stage
    outer, middle = rl.conv_params(wide, inner, 1), rl.conv_params(inner, inner, 3)
    grouped = rl.conv_params(inner, inner, 3, groups=groups)
    plain = 2 * rl.conv_params(wide, narrow, 1) + rl.conv_params(narrow, narrow, 3)
    return Number(
        2 * outer + grouped,
        question=(
            f"ResNet-50's bottleneck, {wide:,} → {narrow} → {narrow} → {wide:,}, has {plain:,} "
            f"weights. A ResNeXt's is wider, {wide:,} → {inner:,} → {inner:,} → {wide:,}, and its "
            f"3 × 3 has {groups} groups. How many weights has it?"
        ),
        slips=[
            (2 * outer + middle, f"The 3 × 3 has {groups} groups: divide its weights by {groups}."),
            ((2 * outer + middle) // groups, "Only the 3 × 3 is grouped."),
            (grouped, "That is the 3 × 3. The two 1 × 1 convolutions count too."),
        ],
        hint=(
            f"{wide:,}·{inner:,} twice, and 9·{inner:,}·{inner:,} divided by {groups} in between."
        ),
        solution=(
            f"{outer:,} + {grouped:,} + {outer:,} = {2 * outer + grouped:,}: "
            f"{'twice' if inner == 2 * narrow else f'{inner / narrow:g} times'} the width at the "
            f"same price, because {because}."
        ),
    )


def exercise_5(draw: Draw) -> Number:
    layers, groups = draw(3, (3, 5)), draw(4, (4, 6, 8))
    channels = groups * draw(16, (8, 12, 20, 24, 32))
    apart = [convolutions.Convolution(channels, channels, (1, 1), groups=groups)] * layers
    seen = convolutions.channels_seen(apart)
    return Number(
        seen,
        question=(
            f"{in_words(layers).capitalize()} 1 × 1 convolutions with {groups} groups each follow "
            f"one another on {channels} channels, without a shuffle. On how many input channels "
            "does one output channel depend?"
        ),
        slips=[
            (
                channels,
                (
                    "It would with a shuffle in between. Which channels of the second layer's "
                    "group have ever seen another group?"
                ),
            ),
            (layers * seen, "Every layer cuts the channels at the same places."),
            (groups, f"There are {groups} groups; how many channels has each?"),
        ],
        hint=f"Follow one group through all {in_words(layers)} layers.",
        solution=(
            f"{seen}. The cuts lie at the same places in all layers, so the {in_words(groups)} "
            f"groups are {in_words(groups)} networks that never meet."
        ),
    )


def exercise_6(draw: Draw) -> Number:
    depth, classes = draw(18, (18, 34)), draw(1000, (10, 20, 50, 100, 200, 365))
    build = f"rl.resnet({depth})" if classes == 1000 else f"rl.resnet({depth}, classes={classes})"
    table, saved = rl.trace(rl.resnet(depth, classes=classes), (3, 224, 224)), 0
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
        question=(
            f"Build it and count: in a ResNet-{depth} for {classes} classes (<code>{build}</code>) "
            "every 3 × 3 convolution from C to C′ channels becomes a depthwise 3 × 3 on C "
            "channels and a 1 × 1 from C to C′, without a BatchNorm in between. How many "
            "parameters has the whole network then?"
        ),
        slips=[
            (table.params, f"That is ResNet-{depth} as it is."),
            (saved, "That is what is saved."),
        ],
        hint=(
            f"Go through <code>rl.trace({build}, (3, 224, 224))</code>: its rows "
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
