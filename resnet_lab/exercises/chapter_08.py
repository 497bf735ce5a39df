"""The exercises of chapter 8."""

from __future__ import annotations

import resnet_lab as rl

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


def exercise_2() -> Number:
    batch, channels, side = 32, 64, 56
    kept = 4 * batch * channels * side * side + 8 * channels
    return Number(
        kept,
        slips=[
            (kept - 8 * channels, "And 8 bytes for each channel: its mean and its deviation."),
            (kept - 4 * channels, "Two numbers are kept for each channel, of 4 bytes each."),
            ((kept - 8 * channels) // batch + 8 * channels, "There are 32 images."),
            ((kept - 8 * channels) // 4 + 8 * channels, "A number in float32 has 4 bytes."),
            (2 * (kept - 8 * channels) + 8 * channels, "It keeps its input, not its output."),
        ],
        hint="Its whole input, and two numbers for each channel.",
        solution="4·32·64·56·56 + 8·64 = 25,690,624 bytes.",
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


def exercise_4() -> Number:
    row = rl.trace(rl.ResidualBlock("bottleneck", 256, 64), (256, 56, 56)).roofline("T4").rows[0]
    return Number(
        row.intensity,
        tolerance=0.05,
        slips=[
            (row.intensity / 2, "One MAC is two operations."),
            (4 * row.intensity, "Those are operations for each number. A number has 4 bytes."),
            (2 * row.intensity, "That is for 16 bits, 2 bytes a number."),
            (2 * row.macs / (4 * 256 * 56 * 56), "It also reads its weights and writes an output."),
            (2 * row.macs / (4 * 320 * 56 * 56), "Add the bytes of the weights."),
        ],
        hint="Twice the MACs, over 4 bytes for each number of input, weights and output.",
        solution=(
            "2·256·64·3,136 operations over 4·(256·3,136 + 256·64 + 64·3,136) bytes: "
            f"{row.intensity:.1f} operations a byte."
        ),
    )


def exercise_5() -> Number:
    peak, bandwidth, intensity = 300, 2, 40
    return Number(
        min(peak, bandwidth * intensity),
        slips=[
            (300, "That is the flat roof. Does the memory deliver fast enough for it?"),
            (150, "That is the intensity at which the roof bends."),
            (20, "Multiply bandwidth and intensity."),
        ],
        hint="The lower of two roofs: the peak, and intensity times bandwidth.",
        solution="40 operations a byte · 2 T bytes a second = 80 T operations a second, below 300.",
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
