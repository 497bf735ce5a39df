"""The exercises of chapter 10."""

from __future__ import annotations

import resnet_lab as rl

from .forms import Choice, Code, Number


def exercise_1() -> Number:
    return Number(
        rl.ResNet("basic", (3, 4, 23, 3)).depth,
        slips=[
            (101, "That is with bottlenecks, which have three layers."),
            (66, "The first convolution and the fully connected layer count too."),
            (67, "Both the first convolution and the fully connected layer count."),
            (33, "Those are the blocks."),
            (71, "Projections are not on the main path."),
        ],
        hint="One convolution, two for each block, one fully connected layer.",
        solution="1 + (3 + 4 + 23 + 3)·2 + 1 = 68.",
    )


def exercise_2() -> Number:
    def changing(depth: int) -> int:
        table = rl.trace(rl.resnet(depth), (3, 224, 224))
        blocks = [group for group in table.groups("block") if group.name.startswith("layer")]
        return len([block for block in blocks if block.input_shape != block.output_shape])

    return Number(
        changing(101),
        slips=[
            (
                changing(34),
                (
                    "Look at the first stage. What comes out of the stem, and what out of the "
                    "first bottleneck?"
                ),
            ),
            (33, "That many blocks there are. In most of them the shape stays."),
            (101, "Those are its layers."),
        ],
        hint="The shape changes where the size does, or where the channels do.",
        solution=(
            "Four. Three stages begin by halving the size. The first keeps it, but a "
            "bottleneck puts out four times its width: 64 channels come from the stem, "
            "256 leave the first block."
        ),
    )


def exercise_3() -> Number:
    return Number(
        rl.cifar_resnet(56).depths[0],
        slips=[
            (18, "Those are the layers of a stage; a block has two."),
            (27, "Those are all blocks. There are three stages."),
            (54, "Those are the layers of all blocks."),
            (56 / 6, "Take the first and the last layer away before you divide."),
        ],
        hint="6n + 2 = 56.",
        solution="(56 − 2)/6 = 9, in each of three stages, with two layers each.",
    )


def exercise_4() -> Choice:
    at = {size: rl.trace(rl.resnet(50), (3, size, size)) for size in (224, 448)}
    growth = [
        round(at[448].params / at[224].params),
        round(at[448].macs / at[224].macs),
        round(at[448].receptive_field / at[224].receptive_field),
    ]
    return Choice(
        ("the parameters", "the MACs", "the receptive field", "all three"),
        growth.index(4) if growth.count(4) == 1 else 3,
        hints={
            0: "A kernel does not know how large the image is that it slides over.",
            2: "It follows from kernels and strides alone.",
            3: "Two of them depend on kernels, strides and channels only.",
        },
        hint="Move the input size in the explorer.",
        solution=(
            "The MACs: every weight of a convolution is used once at every output "
            "position, and there are four times as many positions."
        ),
    )


def exercise_5() -> Number:
    head = 512 * 7 * 7 * 1000 + 1000
    return Number(
        head,
        slips=[
            (512 * 1000 + 1000, "That is with the averaging: 512 numbers come in."),
            (head - 1000, "Each class has a bias too."),
            (512 * 7 * 1000 + 1000, "The map has 7·7 pixels."),
        ],
        hint="Numbers in times numbers out, and a bias for each number out.",
        solution=(
            f"512·7·7·1,000 + 1,000 = {head:,}: more than twice as many as the whole "
            "network has now."
        ),
    )


def exercise_6() -> Number:
    extra = sum(
        row.params for row in rl.trace(rl.cifar_resnet(20), (3, 32, 32)) if row.kind == "batchnorm"
    )
    return Number(
        extra + 10,
        slips=[
            (extra, "The fully connected layer has biases as well."),
            (extra + 1000, "It has ten classes."),
            (
                2 * extra + 10,
                f"A scale and a shift for each channel: both are already in the {extra:,}.",
            ),
        ],
        hint="BatchNorm's parameters once, and the biases of the fully connected layer.",
        solution=(
            f"{extra:,} + 10 = {extra + 10:,}. The convolutions have no biases, and "
            "shortcuts of type A have no parameters."
        ),
    )


def exercise_7() -> Choice:
    layers = [
        [
            (row.name, row.kind, row.params)
            for row in rl.trace(rl.resnet(50, version=version), (3, 224, 224))
        ]
        for version in (1, 1.5)
    ]
    return Choice(
        (
            "Yes, by the number of parameters.",
            "Yes, by the shapes of the kernels.",
            "No: every shape is the same in both.",
        ),
        2 if layers[0] == layers[1] else 0,
        hints={
            0: "Compare the two lines in the table of the versions.",
            1: "The stride is not part of a kernel's shape.",
        },
        hint="Where is the stride written down?",
        solution=(
            "No. The stride is no weight, and moving it changes no shape. Only the code "
            "says it, or a test image."
        ),
    )


def exercise_8() -> Code:
    def maps(size: int) -> list[int]:
        table = rl.trace(rl.resnet(18), (3, size, size))
        return [
            table.at(name).output_shape[-1]
            for name in ("maxpool", "layer1", "layer2", "layer3", "layer4")
        ]

    return Code(
        "def feature_maps(size):\n    sizes = []\n    ...\n    return sizes",
        [((size,), maps(size)) for size in (224, 32, 225, 299, 33)],
        (
            "def feature_maps(size):\n"
            "    sizes = [(size + 3) // 4] * 2\n"
            "    for stage in range(3):\n"
            "        sizes.append((sizes[-1] + 1) // 2)\n"
            "    return sizes"
        ),
        hint=(
            "All these layers have half padding, so stride 2 gives (n + 1) // 2. The "
            "stem has two of them."
        ),
    )
