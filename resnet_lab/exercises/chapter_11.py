"""The exercises of chapter 11."""

from __future__ import annotations

from dataclasses import replace

import resnet_lab as rl

from .drawing import Draw
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    channels = draw(512, (128, 256, 512, 1024))
    classes = draw(1000, (5, 10, 12, 20, 50, 100, 200))
    flattened = rl.signal_resnet(
        classes=classes, widths=(channels // 8, channels // 4, channels // 2, channels)
    )
    averaged = rl.trace(replace(flattened, head="average"), (1, 1000)).at("fc").params
    samples = rl.trace(flattened, (1, 1000)).at("layer4").output_shape[1]
    return Number(
        averaged,
        question=(
            f"Derive it. A 1-D ResNet-18 for 1,000 samples, with {channels:,} channels in its "
            "last stage, gets the head of the image nets: an average over all samples, then a "
            f"fully connected layer with {classes} outputs and biases. How many parameters does "
            "this layer have?"
        ),
        slips=[
            (channels * classes, "And the biases, one for each output."),
            (
                rl.trace(flattened, (1, 1000)).at("fc").params,
                "That is the flattened head. After the average each channel is one number.",
            ),
            (
                channels * samples * classes + classes,
                f"The average leaves one number of a channel's {samples}.",
            ),
        ],
        hint=f"How many numbers are left of {channels:,} channels?",
        solution=(
            f"{channels}·{classes} + {classes} = {averaged:,}, a thirty-first of the flattened "
            "head, near enough."
        ),
    )


def exercise_2(draw: Draw) -> Number:
    # All are 4 less than a multiple of 32, so that it matters how the last stage rounds.
    length = draw(1500, range(1660, 4000, 160))
    flat = rl.trace(rl.signal_resnet(length), (1, length)).at("flatten").output_shape[0]
    half, quarter, eighth = [-(-length // by) for by in (2, 4, 8)]
    return Number(
        flat,
        question=(
            f"Predict, then measure. A signal has {length:,} samples. How many inputs does the "
            "flattened head of the 1-D ResNet-18 need? Then set it in the picture."
        ),
        slips=[
            (
                15_872 * length / 1000,
                f"{length / 1000:g} times as long, but the lengths are rounded on the way.",
            ),
            (
                512 * (length // 8 // 4),
                (
                    "A convolution with stride 2 and half padding rounds up: "
                    f"{quarter} becomes {eighth}."
                ),
            ),
            (512 * eighth, "Before the flattening four samples are averaged."),
        ],
        hint=(
            "Halve three times, rounding up, then divide by 4 and round down. Then the channels."
        ),
        solution=(
            f"{length} → {half} → {quarter} → {eighth} → {eighth // 4}, and "
            f"512·{eighth // 4} = {flat:,}."
        ),
    )


def exercise_3(draw: Draw) -> Number:
    kernels = ((3, "three", "third"), (5, "five", "fifth"), (7, "seven", "seventh"))
    kernel, weights, part = draw(kernels[0], (*kernels, (9, "nine", "ninth")))
    channels, out_channels = draw(64, (16, 32, 128, 256)), draw(64, (32, 64, 128, 256))
    answer = rl.conv_params(channels, out_channels, (1, kernel))
    square = rl.conv_params(channels, out_channels, kernel)
    return Number(
        answer,
        question=(
            f"How many weights does a 1-D convolution with kernel {kernel} from {channels} to "
            f"{out_channels} channels have, without bias?"
        ),
        slips=[
            (square, f"That is the {kernel} × {kernel} convolution for images."),
            (out_channels * kernel, f"Every output channel reads all {channels} input channels."),
            (channels * out_channels, f"Each pair of channels has {weights} weights."),
        ],
        hint=(f"{weights.capitalize()} weights for each pair of an input and an output channel."),
        solution=(
            f"{kernel}·{channels}·{out_channels} = {answer:,}, a {part} of the {square:,} of a "
            f"{kernel} × {kernel}."
        ),
    )


def exercise_4() -> Choice:
    height, width = rl.conv_output_size(1, 1, padding=1), rl.conv_output_size(1000, 3, padding=1)
    shapes = [(4, 8, 1, 1000), (4, 8, 1, 1002), (4, 8, 3, 1000), (4, 8, 3, 1002)]
    return Choice(
        [str(shape) for shape in shapes],
        shapes.index((4, 8, height, width)),
        hints={
            0: "That would be right with a padding of (0, 1).",
            1: "A width of 1000 with kernel 3 and padding 1 keeps its size.",
            3: "Along the samples, kernel 3 and padding 1 keep the size.",
        },
        hint=(
            "Apply the formula to each axis by itself. The height is 1, its kernel is 1, "
            "its padding is 1."
        ),
        solution=(
            "(4, 8, 3, 1000): the height becomes 1 + 2·1 − 1 + 1 = 3. Two of the three "
            "rows hold nothing but the bias."
        ),
    )


def exercise_5(draw: Draw) -> Number:
    rate = draw(250, (400, 500, 800, 1000))
    blocks = draw(2, (1, 2, 3))
    net = replace(rl.signal_resnet(), depths=(blocks,) * 4)
    field = rl.trace(net, (1, 1000)).at("layer4").receptive_field
    return Number(
        field / rate,
        tolerance=0.001,
        question=(
            f"An electrocardiogram has {rate:,} samples a second. A 1-D ResNet like this "
            f"chapter's, with {blocks} block{'s' * (blocks > 1)} in each stage, has a receptive "
            f"field of {field} samples after its last stage. How many seconds does one output of "
            "this stage see?"
        ),
        slips=[
            (rate / field, "Samples divided by samples a second are seconds."),
            (field * rate, "Divide by the rate."),
        ],
        hint="The receptive field divided by the sampling rate.",
        solution=(
            f"{field}/{rate} = {field / rate:g} s, less than one heartbeat. Whoever wants "
            "to see a rhythm needs longer kernels, dilation, or more stages."
        ),
    )


def exercise_6(draw: Draw) -> Number:
    samples = draw(1000, range(420, 1620, 40))

    def last_field(kernel: int) -> int:
        return rl.trace(rl.signal_resnet(kernel=kernel), (1, 1000)).at("layer4").receptive_field

    kernel = next(kernel for kernel in range(1, 99, 2) if last_field(kernel) >= samples)
    return Number(
        kernel,
        question=(
            "Build it and measure: with which (odd) kernel does one output of the last stage of "
            f"the 1-D ResNet-18 first see {samples:,} samples or more? Only the kernels of the "
            "blocks change: <code>rl.signal_resnet(kernel=...)</code>."
        ),
        slips=[(kernel - 2, "Not quite: this one falls short.")],
        hint=(
            "The receptive field is <code>rl.trace(rl.signal_resnet(kernel=...), (1, "
            '1000)).at("layer4").receptive_field</code>. Try, or find out how it grows '
            "from kernel to kernel."
        ),
        solution=(
            f"Each step of 2 adds {last_field(5) - last_field(3)} samples to the "
            f"{last_field(3)} of kernel 3: kernel {kernel - 2} sees {last_field(kernel - 2):,}, "
            f"kernel {kernel} sees {last_field(kernel):,}."
        ),
    )


def exercise_7() -> Code:
    return Code(
        "def lengths(samples):\n    ...",
        [
            (
                (n,),
                [
                    rl.trace(rl.signal_resnet(n), (1, n)).at(name).output_shape[-1]
                    for name in ("conv1", "layer1", "layer2", "layer3", "layer4", "avgpool")
                ],
            )
            for n in (1000, 2000, 999, 250, 37)
        ],
        (
            "def lengths(samples):\n"
            "    half = [samples, samples]\n"
            "    for stage in range(3):\n"
            "        half.append((half[-1] + 1) // 2)\n"
            "    return half + [half[-1] // 4]"
        ),
        hint="A stride of 2 with half padding gives n/2 rounded up; the pooling rounds down.",
    )
