"""The exercises of chapter 14."""

from __future__ import annotations

from math import exp

import resnet_lab as rl

from .forms import Choice, Code, Number


def exercise_1() -> Number:
    return Number(
        640 * 256 // 480,
        slips=[
            (256, "That is the height now. The proportions are kept."),
            (224, "That is the crop, one step later."),
            (
                640 - (480 - 256),
                "Both sides are multiplied by the same factor; nothing is subtracted.",
            ),
        ],
        hint="Both sides are multiplied by 256/480.",
        solution="640·256/480 = 341.3, so 341.",
    )


def exercise_2() -> Number:
    table = rl.trace(rl.named("resnet20", in_channels=1), (1, 28, 28))
    field = table.at("layer2.2.conv2").receptive_field
    layers = 1 + 2 * 6
    return Number(
        field,
        slips=[
            (
                1 + 2 * layers,
                "From the first layer of block 4 on, neighbours lie two pixels apart.",
            ),
            (28, "The picture ends there, but the field is computed without an edge."),
            (
                1 + 2 * 6 + 4 * (layers - 6),
                "The stride of a layer counts for the layers after it, not for itself.",
            ),
        ],
        hint=(
            "Thirteen 3 × 3 convolutions: the first eight read neighbouring pixels, block 4's "
            "stride lies in its first one."
        ),
        solution=(
            f"1 + 8·2 + 5·4 = {field}: the first convolution, six in blocks 1 to 3 and the first "
            "of block 4 add 2 each, the five behind that stride 4 each. That is more than the "
            "picture: in the middle such a place can see all of it."
        ),
    )


def exercise_3() -> Number:
    return Number(
        (1 - 0.485) / 0.229,
        tolerance=0.01,
        slips=[
            (255, "First scale the byte to 0 to 1."),
            ((255 - 0.485) / 0.229, "First scale the byte to 0 to 1."),
            (1 - 0.485, "And divide by the standard deviation."),
        ],
        hint="White is 1 after scaling.",
        solution="(1 − 0.485)/0.229 = 2.25. Black becomes −2.12.",
    )


def exercise_4() -> Choice:
    return Choice(
        (
            "Nothing: its input is zero.",
            "The 16 maps of block 3, unchanged.",
            "Every second pixel of the 16 maps of block 3, and 16 maps of zeros.",
            "The average of the maps of block 3.",
        ),
        2,
        hints={
            0: "That is what a plain block leaves.",
            1: "Block 5 takes 32 maps of 14 × 14.",
            3: "Option A has no average: look at it in the explorer.",
        },
        hint="It has no weights: which of the shortcuts A, B and C is it?",
        solution=(
            "The shortcut is option A: it takes every second pixel and fills the missing "
            "channels with zeros. Block 5 gets that, and the network answers with half its maps "
            "empty."
        ),
    )


def exercise_5() -> Choice:
    return Choice(
        (
            "Of 100 such answers, 97 are right.",
            (
                "Nothing about how often the network is right: that has to be measured on "
                "pictures it was not trained on."
            ),
            "The network has seen 97 % of all teapots.",
            "The picture contains 97 % teapot and 3 % other things.",
        ),
        1,
        hints={
            0: "That would be a calibrated network. Most trained networks are too sure.",
            2: "The softmax knows nothing of the training set.",
            3: "The softmax does not measure areas.",
        },
        hint="The softmax makes any ten numbers positive with the sum 1.",
        solution=(
            "Among the answers of one network a higher figure mostly means a safer "
            "answer. How often it is right must be counted."
        ),
    )


def exercise_6() -> Code:
    def stable_softmax(z: list[float]) -> list[float]:
        powers = [exp(value - max(z)) for value in z]
        return [power / sum(powers) for power in powers]

    cases = [
        [0.0, 0.0],
        [1.0, 2.0, 3.0],
        [-1.5, 0.25, 4.0, 4.0],
        [1000.0, 1000.0, 990.0],
        [-800.0, -801.0],
    ]
    return Code(
        "from math import exp\n\ndef softmax(z):\n    ...",
        [((case,), stable_softmax(case)) for case in cases],
        (
            "from math import exp\n"
            "\n"
            "\n"
            "def softmax(z):\n"
            "    largest = max(z)\n"
            "    powers = [exp(value - largest) for value in z]\n"
            "    return [power / sum(powers) for power in powers]"
        ),
        tolerance=1e-9,
        hint=(
            "The softmax does not change when the same number is subtracted from all "
            "logits. Subtract the largest."
        ),
    )


def exercise_7() -> Choice:
    return Choice(
        ("As bad as one picture at a time.", "Nearly as good as with eval().", "Always wrong."),
        1,
        hints={
            0: "Have you copied the model, and normalised the pictures?",
            2: "Run the measurement; does it say 100 %?",
        },
        hint="The mean and variance of 500 pictures are near those of all pictures.",
        solution=(
            "A large batch has nearly the stored statistics, so nearly as many answers are "
            "right as with eval(). That is why this mistake can stay hidden for a long time: it "
            "bites when the pictures come one by one."
        ),
    )
