"""The exercises of chapter 14."""

from __future__ import annotations

from math import exp

import resnet_lab as rl

from .drawing import Draw, in_words
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    four_to_three = ((800, 600), (1024, 768), (1280, 960))
    wider = ((1280, 720), (1600, 900), (1920, 1080))
    width, height = draw((640, 480), (*four_to_three, *wider, (900, 700), (1000, 700)))
    side = draw(256, (232, 250, 256))
    return Number(
        width * side // height,
        question=(
            f"A photograph of {width} × {height} pixels is resized so that its shorter side has "
            f"{side}. How many pixels wide is it then? (Round down.)"
        ),
        slips=[
            (side, "That is the height now. The proportions are kept."),
            (224, "That is the crop, one step later."),
            (
                width - (height - side),
                "Both sides are multiplied by the same factor; nothing is subtracted.",
            ),
        ],
        hint=f"Both sides are multiplied by {side}/{height}.",
        solution=(
            f"{width}·{side}/{height} = {width * side / height:.1f}, so {width * side // height}."
        ),
    )


def exercise_2(draw: Draw) -> Number:
    # In the middle of the map all of these blocks can depend on the whole picture.
    places = [(stage, block) for stage in range(3, 8) for block in range(stage + 2, 2 * stage + 1)]
    stage, block = draw((3, 6), places)
    depth = 6 * stage + 2
    table = rl.trace(rl.cifar_resnet(depth, in_channels=1), (1, 28, 28))
    field = table.at(f"layer2.{block - stage - 1}.conv2").receptive_field
    before, layers = 2 * stage, 1 + 2 * block
    near, far = before + 2, layers - before - 2
    return Number(
        field,
        question=(
            f"In a ResNet-{depth} for pictures of 28 × 28, blocks {stage + 1} to {2 * stage} have "
            "maps of 14 × 14. How many pixels wide is the part of the picture that a place in the "
            f"sum of block {block} can depend on? (The first convolution sees 3.)"
        ),
        slips=[
            (
                1 + 2 * layers,
                f"From the first layer of block {stage + 1} on, neighbours lie two pixels apart.",
            ),
            (28, "The picture ends there, but the field is computed without an edge."),
            (
                1 + 2 * (before + 1) + 4 * (layers - before - 1),
                "The stride of a layer counts for the layers after it, not for itself.",
            ),
        ],
        hint=(
            f"{in_words(layers).capitalize()} 3 × 3 convolutions: the first {in_words(near)} read "
            f"neighbouring pixels, block {stage + 1}'s stride lies in its first one."
        ),
        solution=(
            f"1 + {near}·2 + {far}·4 = {field}: the first convolution, {in_words(before)} in "
            f"blocks 1 to {stage} and the first of block {stage + 1} add 2 each, the "
            f"{in_words(far)} behind that stride 4 each. That is more than the picture: in the "
            "middle such a place can see all of it."
        ),
    )


def exercise_3(draw: Draw) -> Number:
    mean = draw(0.485, [thousandths / 1000 for thousandths in range(400, 520, 5)])
    deviation = draw(0.229, [thousandths / 1000 for thousandths in range(200, 281)])
    return Number(
        (1 - mean) / deviation,
        question=(
            "Derive it. Which number does the red channel of a white pixel become, in a data set "
            f"with mean {mean} and standard deviation {deviation}?"
        ),
        tolerance=0.01,
        slips=[
            (255, "First scale the byte to 0 to 1."),
            ((255 - mean) / deviation, "First scale the byte to 0 to 1."),
            (1 - mean, "And divide by the standard deviation."),
        ],
        hint="White is 1 after scaling.",
        solution=(
            f"(1 − {mean})/{deviation} = {(1 - mean) / deviation:.2f}. "
            f"Black becomes −{mean / deviation:.2f}."
        ),
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
