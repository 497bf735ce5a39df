"""The exercises of chapter 7."""

from __future__ import annotations

import resnet_lab as rl

from .forms import Choice, Code, Number


def exercise_1() -> Number:
    return Number(
        rl.conv_params(128, 256, 3),
        slips=[
            (
                rl.conv_params(128, 256, 3, bias=True),
                "That includes a bias for each output channel.",
            ),
            (3 * 128 * 256, "The kernel is a square: 3·3."),
            (9 * 256, "Each kernel looks at all 128 input channels."),
            (9 * 256 * 256, "There are 128 channels at the input, not 256."),
        ],
        hint="k·k·C_in·C_out.",
        solution="3·3·128·256 = 294,912.",
    )


def exercise_2() -> Number:
    first = rl.trace(rl.resnet(50), (3, 224, 224)).at("conv1").macs
    return Number(
        first,
        slips=[
            (
                4 * first,
                "It is applied at the positions of its output, of which there are 112 × 112.",
            ),
            (2 * first, "Those are FLOPs: one multiplication and one addition for each MAC."),
            (
                rl.conv_params(3, 64, 7),
                "Those are its weights. Each is used at every output position.",
            ),
            (first // 3, "The image has 3 channels."),
        ],
        hint="Weights times output positions.",
        solution="7·7·3·64 = 9,408 weights, at 112·112 = 12,544 positions: 118,013,952.",
    )


def exercise_3() -> Number:
    half = (
        2
        * rl.conv_params(256, 256, 3)
        / (2 * rl.conv_params(256, 128, 1) + rl.conv_params(128, 128, 3))
    )
    return Number(
        half,
        tolerance=0.01,
        slips=[
            (288 / 17, "That is the ratio for a reduction to a quarter."),
            (4, "That is the part of the width alone."),
            (1 / half, "The other way round."),
            (18 / 13, "That is the part of the form alone."),
        ],
        hint="18 C² against 2 C²/r + 9 C²/r², with r = 2.",
        solution="18/(1 + 9/4) = 72/13 = 5.54, which is 4 for the width and 1.38 for the form.",
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


def exercise_5() -> Number:
    return Number(
        rl.ResNet("bottleneck", (3, 8, 36, 3)).depth,
        slips=[
            (
                rl.ResNet("basic", (3, 8, 36, 3)).depth,
                "That is with two layers in a block. A bottleneck has three.",
            ),
            (150, "The first convolution and the fully connected layer count too."),
            (151, "Both the first convolution and the fully connected layer count."),
            (50, "Those are the blocks."),
            (156, "Projection shortcuts are not on the main path."),
            (153, "Pooling has no weights and is not counted."),
        ],
        hint="One convolution, three for each block, one fully connected layer.",
        solution="1 + (3 + 8 + 36 + 3)·3 + 1 = 152.",
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
