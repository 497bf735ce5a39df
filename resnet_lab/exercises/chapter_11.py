"""The exercises of chapter 11."""

from __future__ import annotations

from dataclasses import replace

import resnet_lab as rl

from .forms import Choice, Code, Number


def exercise_1() -> Number:
    averaged = replace(rl.signal_resnet(), head="average")
    flattened = rl.trace(rl.signal_resnet(), (1, 1000)).at("fc").params
    return Number(
        rl.trace(averaged, (1, 1000)).at("fc").params,
        slips=[
            (512 * 1000, "And the biases, one for each output."),
            (
                flattened,
                "That is the flattened head. After the average each channel is one number.",
            ),
            (512 * 125 * 1000 + 1000, "The average leaves one number of a channel's 125."),
        ],
        hint="How many numbers are left of 512 channels?",
        solution="512·1000 + 1000 = 513,000, a thirty-first of the flattened head, near enough.",
    )


def exercise_2() -> Number:
    longer = rl.trace(rl.signal_resnet(1500), (1, 1500))
    return Number(
        longer.at("flatten").output_shape[0],
        slips=[
            (15_872 * 3 // 2, "Half as long again, but the lengths are rounded on the way."),
            (512 * 46, "A convolution with stride 2 and half padding rounds up: 375 becomes 188."),
            (512 * 188, "Before the flattening four samples are averaged."),
        ],
        hint=(
            "Halve three times, rounding up, then divide by 4 and round down. Then the channels."
        ),
        solution="1500 → 750 → 375 → 188 → 47, and 512·47 = 24,064.",
    )


def exercise_3() -> Number:
    return Number(
        rl.conv_params(64, 64, (1, 3)),
        slips=[
            (rl.conv_params(64, 64, 3), "That is the 3 × 3 convolution for images."),
            (64 * 3, "Every output channel reads all 64 input channels."),
            (64 * 64, "Each pair of channels has three weights."),
        ],
        hint="Three weights for each pair of an input and an output channel.",
        solution="3·64·64 = 12,288, a third of the 36,864 of a 3 × 3.",
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


def exercise_5() -> Number:
    field = rl.trace(rl.signal_resnet(), (1, 1000)).at("layer4").receptive_field
    return Number(
        field / 250,
        tolerance=0.001,
        slips=[
            (250 / field, "Samples divided by samples a second are seconds."),
            (field * 250, "Divide by the rate."),
        ],
        hint="The receptive field divided by the sampling rate.",
        solution=(
            f"{field}/250 = {field / 250:.3f} s, less than one heartbeat. Whoever wants "
            "to see a rhythm needs longer kernels, dilation, or more stages."
        ),
    )


def exercise_6() -> Number:
    def last_field(kernel: int) -> int:
        return rl.trace(rl.signal_resnet(kernel=kernel), (1, 1000)).at("layer4").receptive_field

    return Number(
        next(kernel for kernel in range(1, 99, 2) if last_field(kernel) >= 1000),
        slips=[
            (
                next(kernel for kernel in range(1, 99, 2) if last_field(kernel) >= 1000) - 2,
                "Not quite: this one falls short.",
            )
        ],
        hint=(
            "The receptive field is <code>rl.trace(rl.signal_resnet(kernel=...), (1, "
            '1000)).at("layer4").receptive_field</code>. Try, or find out how it grows '
            "from kernel to kernel."
        ),
        solution=(
            f"Each step of 2 adds {last_field(5) - last_field(3)} samples to the "
            f"{last_field(3)} of kernel 3: kernel 19 sees {last_field(19)}, kernel 21 "
            f"sees {last_field(21):,}."
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
