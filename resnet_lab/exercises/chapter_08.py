"""The exercises of chapter 8."""

from __future__ import annotations

import resnet_lab as rl

from .drawing import Draw
from .forms import Choice, Code, Number


def exercise_1() -> Number:
    need = rl.trace(rl.ResidualBlock(), (64, 8, 8)).memory(1, optimizer="adam")
    parts = (need.weights, need.gradients, need.optimizer)
    return Number(
        sum(parts) // (need.weights // 4),
        slips=[
            (4, "That is the weight alone."),
            (8, "That is weight and gradient. Adam remembers something, too."),
            (12, "That is with one number remembered, as momentum does. Adam has two."),
            (6, "In float32 a number has 4 bytes, and every one of these is in float32."),
            (2 * 4 * 4, "Count again: weight, gradient, and two numbers."),
        ],
        hint="Weight, gradient, and two running averages, 4 bytes each.",
        solution="4 numbers of 4 bytes: 16 bytes for each parameter.",
    )


def exercise_2(draw: Draw) -> Number:
    batch = draw(32, (8, 16, 24, 32, 48, 64))
    channels = draw(64, (16, 24, 32, 48, 64, 96, 128))
    side = draw(56, (14, 16, 20, 28, 32, 40, 56))
    kept = 4 * batch * channels * side * side + 8 * channels
    return Number(
        kept,
        question=(
            f"A BatchNorm layer has an input of {channels} channels, {side} × {side}, in a batch "
            f"of {batch}, in float32. How many bytes does it keep for backward?"
        ),
        slips=[
            (kept - 8 * channels, "And 8 bytes for each channel: its mean and its deviation."),
            (kept - 4 * channels, "Two numbers are kept for each channel, of 4 bytes each."),
            ((kept - 8 * channels) // batch + 8 * channels, f"There are {batch} images."),
            ((kept - 8 * channels) // 4 + 8 * channels, "A number in float32 has 4 bytes."),
            (2 * (kept - 8 * channels) + 8 * channels, "It keeps its input, not its output."),
        ],
        hint="Its whole input, and two numbers for each channel.",
        solution=f"4·{batch}·{channels}·{side}·{side} + 8·{channels} = {kept:,} bytes.",
    )


def exercise_3() -> Choice:
    return Choice(
        (
            "the 1×1 convolution in a projection shortcut",
            "the addition of shortcut and branch",
            "the ReLU after the addition",
            "the BatchNorm before the addition",
        ),
        1,
        hints={
            0: "A convolution's weights need its input for their gradient.",
            2: "It must know where its output was 0.",
            3: "It needs its input to compute how mean and variance react.",
        },
        hint="Whose gradient does not depend on the numbers that came in?",
        solution="The gradient of a sum is passed to both summands as it is: nothing to remember.",
    )


def exercise_4(draw: Draw) -> Number:
    c_in = draw(256, (192, 256, 320, 384, 512))
    c_out = draw(64, (32, 48, 64, 96, 128))
    side = draw(56, (14, 20, 28, 42, 56))
    pixels = side * side
    block = rl.ResidualBlock("bottleneck", c_in, c_out)
    row = rl.trace(block, (c_in, side, side)).roofline("T4").rows[0]
    return Number(
        row.intensity,
        question=(
            f"A 1×1 convolution from {c_in} to {c_out} channels works on one image of "
            f"{side} × {side}, in float32, without bias. How many operations does it do for each "
            "byte of input, weights and output? (One decimal will do.)"
        ),
        tolerance=0.05,
        slips=[
            (row.intensity / 2, "One MAC is two operations."),
            (4 * row.intensity, "Those are operations for each number. A number has 4 bytes."),
            (2 * row.intensity, "That is for 16 bits, 2 bytes a number."),
            (2 * row.macs / (4 * c_in * pixels), "It also reads its weights and writes an output."),
            (2 * row.macs / (4 * (c_in + c_out) * pixels), "Add the bytes of the weights."),
        ],
        hint="Twice the MACs, over 4 bytes for each number of input, weights and output.",
        solution=(
            f"2·{c_in}·{c_out}·{pixels:,} operations over "
            f"4·({c_in}·{pixels:,} + {c_in}·{c_out} + {c_out}·{pixels:,}) bytes: "
            f"{row.intensity:.1f} operations a byte."
        ),
    )


def exercise_5(draw: Draw) -> Number:
    peak = draw(300, (120, 180, 240, 300, 360))
    bandwidth = draw(2, (2, 3, 4))
    intensity = draw(40, (24, 36, 48, 60, 84, 96))
    fed = bandwidth * intensity
    product = (
        f"{intensity} operations a byte · {bandwidth} T bytes a second = {fed} T operations "
        "a second"
    )
    if fed < peak:
        slip = (peak, "That is the flat roof. Does the memory deliver fast enough for it?")
        solution = f"{product}, below {peak}."
    else:
        slip = (fed, "That is the sloping roof. Is the arithmetic fast enough for it?")
        solution = f"{product}, above the peak. So at most {peak}."
    return Number(
        min(peak, fed),
        question=(
            f"Derive it. A device does {peak} T operations a second and moves {bandwidth} TB a "
            f"second. A layer has {intensity} operations a byte. How many T operations a second "
            "can it reach at most?"
        ),
        slips=[
            slip,
            (peak / bandwidth, "That is the intensity at which the roof bends."),
            (intensity / bandwidth, "Multiply bandwidth and intensity."),
        ],
        hint="The lower of two roofs: the peak, and intensity times bandwidth.",
        solution=solution,
    )


def exercise_6() -> Choice:
    table = rl.trace(rl.resnet(18), (3, 64, 64))
    one, two = [table.memory(batch) for batch in (8, 16)]
    doubled = [
        getattr(two, part) >= 1.99 * getattr(one, part)
        for part in ("weights", "gradients", "optimizer", "activations")
    ]
    return Choice(
        ("the weights", "the gradients of the weights", "what SGD remembers", "the activations"),
        doubled.index(True),
        hints={
            0: "All images of a batch go through the same weights.",
            1: "The gradients of all images are added up, one number for each weight.",
            2: "It remembers one number for each weight.",
        },
        hint="Which of them has an entry for every image?",
        solution="Only the activations belong to single images; all else has one number a weight.",
    )


def exercise_7() -> Code:
    cases = [
        ((peak, bandwidth, intensity), min(peak, bandwidth * intensity))
        for peak, bandwidth, intensity in [
            (300, 2, 40),
            (300, 2, 400),
            (8.1, 0.32, 10),
            (989, 3.35, 1000),
        ]
    ]
    return Code(
        "def attainable(peak, bandwidth, intensity):\n    ...",
        cases,
        "def attainable(peak, bandwidth, intensity):\n    return min(peak, bandwidth * intensity)",
        hint="Two limits; the lower one counts.",
    )
