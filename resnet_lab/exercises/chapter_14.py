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
    width = 640 * 256 // 480
    return Number(
        224 * 224 / (width * 256),
        tolerance=0.005,
        slips=[
            (224 / 256, "That is the share of the height. The width counts too."),
            (224 * 224 / (640 * 480), "The photograph was resized first."),
            ((224 / 256) ** 2, "That would be right for a square photograph."),
        ],
        hint="The area of the crop over the area of the resized photograph.",
        solution=(
            "224·224 / (341·256) = 0.575. More than four tenths of the picture are never looked at."
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


def exercise_4() -> Number:
    norms = [row for row in rl.trace(rl.resnet(18), (3, 224, 224)) if row.kind == "batchnorm"]
    layers, channels = len(norms), sum(row.output_shape[0] for row in norms)
    extra = 2 * channels + layers
    return Number(
        extra,
        slips=[
            (2 * channels, "And one counter in each layer."),
            (channels + layers, "A mean and a variance for each channel."),
            (4 * channels + layers, "The scale and the shift are trained."),
        ],
        hint="For each channel a running mean and a running variance; for each layer a counter.",
        solution=f"2·{channels:,} + {layers} = {extra:,}.",
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
