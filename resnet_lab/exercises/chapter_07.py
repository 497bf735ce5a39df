"""The exercises of chapter 7."""

from __future__ import annotations

import resnet_lab as rl

from .drawing import Draw
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    kernel = draw(3, (3, 5, 7))
    c_in = draw(128, (24, 32, 40, 48, 64, 80, 96, 128))
    c_out = draw(2, (2, 3, 4)) * c_in
    area = kernel * kernel
    weights = rl.conv_params(c_in, c_out, kernel)
    return Number(
        weights,
        question=(
            f"How many weights has a {kernel}×{kernel} convolution from {c_in} to {c_out} "
            "channels, without bias?"
        ),
        slips=[
            (
                rl.conv_params(c_in, c_out, kernel, bias=True),
                "That includes a bias for each output channel.",
            ),
            (kernel * c_in * c_out, f"The kernel is a square: {kernel}·{kernel}."),
            (area * c_out, f"Each kernel looks at all {c_in} input channels."),
            (area * c_out * c_out, f"There are {c_in} channels at the input, not {c_out}."),
        ],
        hint="k·k·C_in·C_out.",
        solution=f"{kernel}·{kernel}·{c_in}·{c_out} = {weights:,}.",
    )


def exercise_2(draw: Draw) -> Number:
    kernel, stride = draw((7, 2), ((3, 2), (5, 2), (7, 2), (7, 4)))
    channels = draw(64, (16, 24, 32, 48, 64, 96))
    size = draw(224, range(96, 257, 32))
    out = rl.conv_output_size(size, kernel, stride, kernel // 2)
    weights = rl.conv_params(3, channels, kernel)
    first = rl.conv_macs(3, channels, kernel, (out, out))
    return Number(
        first,
        question=(
            f"The first convolution of a network is {kernel}×{kernel}, from 3 to {channels} "
            f"channels, with stride {stride} and padding {kernel // 2}, on an image of "
            f"{size} × {size}. How many MACs?"
        ),
        slips=[
            (
                stride * stride * first,
                f"It is applied at the positions of its output, of which there are {out} × {out}.",
            ),
            (2 * first, "Those are FLOPs: one multiplication and one addition for each MAC."),
            (weights, "Those are its weights. Each is used at every output position."),
            (first // 3, "The image has 3 channels."),
        ],
        hint="Weights times output positions.",
        solution=(
            f"{kernel}·{kernel}·3·{channels} = {weights:,} weights, at {out}·{out} = "
            f"{out * out:,} positions: {first:,}."
        ),
    )


def exercise_3(draw: Draw) -> Number:
    r = draw(2, (2, 3, 5, 6, 8))  # 4 is the chapter's own
    inner = draw(128, (32, 40, 48, 64, 80, 96))
    outer = r * inner
    ratio = (
        2
        * rl.conv_params(outer, outer, 3)
        / (2 * rl.conv_params(outer, inner, 1) + rl.conv_params(inner, inner, 3))
    )
    form = 18 / (2 * r + 9)
    reduced = "1" if r == 2 else f"2/{r}"
    return Number(
        ratio,
        question=(
            f"Derive it. A bottleneck reduces {outer} channels to {inner}. How many times the "
            f"weights of this bottleneck has the building block of {outer} channels? "
            "(Two decimals will do.)"
        ),
        tolerance=0.01,
        slips=[
            (288 / 17, "That is the ratio for a reduction to a quarter."),
            (r * r, "That is the part of the width alone."),
            (1 / ratio, "The other way round."),
            (form, "That is the part of the form alone."),
        ],
        hint=f"18 C² against 2 C²/r + 9 C²/r², with r = {r}.",
        solution=(
            f"18/({reduced} + 9/{r * r}) = {18 * r * r:,}/{2 * r + 9} = {ratio:.2f}, "
            f"which is {r * r} for the width and {form:.2f} for the form."
        ),
    )


def exercise_4() -> Choice:
    ratios = [
        2
        * rl.conv_params(C, C, 3)
        / (2 * rl.conv_params(C, C // 4, 1) + rl.conv_params(C // 4, C // 4, 3))
        for C in (256, 512)
    ]
    return Choice(
        ("about 8.5", "16.94", "about 34", "about 68"),
        [8.5, ratios[0], 34, 68].index(ratios[1]),
        hints={
            0: "Both blocks grow, and by the same factor.",
            2: "Both blocks grow, not only one of them.",
            3: "Both blocks get four times as many weights.",
        },
        hint="How often does C stand in each of the terms?",
        solution="Every term has C² in it, so the ratio depends on the reduction alone.",
    )


def exercise_5(draw: Draw) -> Number:
    first, second = draw(3, (2, 3, 4)), draw(8, range(3, 9))
    third, fourth = draw(36, range(5, 41)), draw(3, (2, 3, 4))
    stages = (first, second, third, fourth)
    blocks, depth = sum(stages), rl.ResNet("bottleneck", stages).depth
    return Number(
        depth,
        question=(
            "A network has the stem and the classifier of a ResNet, and between them bottlenecks "
            f"in stages of {first}, {second}, {third} and {fourth}. What is its number, counted "
            "as in the names of the ResNets?"
        ),
        slips=[
            (
                rl.ResNet("basic", stages).depth,
                "That is with two layers in a block. A bottleneck has three.",
            ),
            (3 * blocks, "The first convolution and the fully connected layer count too."),
            (3 * blocks + 1, "Both the first convolution and the fully connected layer count."),
            (blocks, "Those are the blocks."),
            (depth + 4, "Projection shortcuts are not on the main path."),
            (depth + 1, "Pooling has no weights and is not counted."),
        ],
        hint="One convolution, three for each block, one fully connected layer.",
        solution=f"1 + ({first} + {second} + {third} + {fourth})·3 + 1 = {depth}.",
    )


def exercise_6() -> Choice:
    macs = {
        version: rl.trace(rl.resnet(50, version=version), (3, 224, 224)).macs / 1e9
        for version in (1, 1.5)
    }
    return Choice(
        (
            "One counts FLOPs, the other MACs.",
            "One counts the BatchNorm layers too.",
            "One is version 1, the other version 1.5.",
            "One leaves out the fully connected layer.",
        ),
        2 if abs(macs[1] - 3.8) < 0.1 > abs(macs[1.5] - 4.1) else 3,
        hints={
            0: "Those differ by a factor of 2.",
            1: "The BatchNorm layers of ResNet-50 come to 0.011 G.",
            3: "It has 2,048·1,000 weights, 0.002 G.",
        },
        hint="Look at the sizes of the candidates in the chapter's cells.",
        solution=(
            "3.86 G is the paper's network, with the stride on the 1×1; 4.09 G is "
            "torchvision's, with the stride on the 3×3."
        ),
    )


def exercise_7() -> Code:
    cases = [
        ((C, r), 2 * rl.conv_params(C, C // r, 1) + rl.conv_params(C // r, C // r, 3))
        for C, r in [(256, 4), (512, 4), (256, 1), (64, 8)]
    ]
    return Code(
        "def bottleneck(channels, reduction):\n    ...",
        cases,
        (
            "def bottleneck(channels, reduction):\n"
            "    inner = channels // reduction\n"
            "    return 2 * channels * inner + 9 * inner * inner"
        ),
        hint="Three convolutions: 1×1 in, 3×3 inside, 1×1 out. Use // for a whole number.",
    )
