"""The exercises of chapter 10."""

from __future__ import annotations

import resnet_lab as rl

from .drawing import Draw
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    depths = (draw(3, (2, 3)), draw(4, range(3, 9)), draw(23, range(10, 36)), draw(3, (2, 3, 4)))
    blocks, depth = sum(depths), rl.ResNet("basic", depths).depth
    return Number(
        depth,
        question=(
            "Predict, then measure. A network has the stem and the head of a ResNet and building "
            f"blocks in stages of {depths[0]}, {depths[1]}, {depths[2]} and {depths[3]}. What is "
            "its number? Then set it in the picture of the family."
        ),
        slips=[
            (
                rl.ResNet("bottleneck", depths).depth,
                "That is with bottlenecks, which have three layers.",
            ),
            (depth - 2, "The first convolution and the fully connected layer count too."),
            (depth - 1, "Both the first convolution and the fully connected layer count."),
            (blocks, "Those are the blocks."),
            (depth + 3, "Projections are not on the main path."),
        ],
        hint="One convolution, two for each block, one fully connected layer.",
        solution=(f"1 + ({depths[0]} + {depths[1]} + {depths[2]} + {depths[3]})·2 + 1 = {depth}."),
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


def exercise_3(draw: Draw) -> Number:
    depth = draw(56, [6 * blocks + 2 for blocks in range(4, 31) if blocks != 9])
    blocks = rl.cifar_resnet(depth).depths[0]
    return Number(
        blocks,
        question=(
            f"A ResNet-{depth} is built like the paper's networks for CIFAR-10. How many blocks "
            "has each of its stages?"
        ),
        slips=[
            (2 * blocks, "Those are the layers of a stage; a block has two."),
            (3 * blocks, "Those are all blocks. There are three stages."),
            (6 * blocks, "Those are the layers of all blocks."),
            (depth / 6, "Take the first and the last layer away before you divide."),
        ],
        hint=f"6n + 2 = {depth}.",
        solution=f"({depth} − 2)/6 = {blocks}, in each of three stages, with two layers each.",
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


def exercise_5(draw: Draw) -> Number:
    depth, channels = draw((18, 512), ((18, 512), (34, 512), (50, 2048)))
    size = draw(7, (5, 6, 8, 9, 10))
    classes = draw(1000, (10, 100, 200, 365, 1000))
    head = channels * size * size * classes + classes
    averaged = channels * classes + classes
    whole = rl.trace(rl.resnet(depth, classes=classes), (3, 224, 224)).params
    return Number(
        head,
        question=(
            f"Given images of {32 * size} × {32 * size} pixels, a ResNet-{depth} ends with "
            f"{channels:,} channels of {size} × {size} pixels; it has {classes:,} classes. How "
            "many parameters would its fully connected layer have without the averaging, with "
            "biases?"
        ),
        slips=[
            (averaged, f"That is with the averaging: {channels:,} numbers come in."),
            (head - classes, "Each class has a bias too."),
            (channels * size * classes + classes, f"The map has {size}·{size} pixels."),
        ],
        hint="Numbers in times numbers out, and a bias for each number out.",
        solution=f"{channels:,}·{size}·{size}·{classes:,} + {classes:,} = {head:,}: "
        + (
            "more than twice as many as the whole network has now."
            if head > 2 * whole
            else f"with the averaging it has {averaged:,}."
        ),
    )


def exercise_6(draw: Draw) -> Number:
    depth = draw(20, (26, 32, 38, 44, 50, 56, 62, 74, 110))
    classes = draw(10, (10, 100))
    extra = sum(
        row.params
        for row in rl.trace(rl.cifar_resnet(depth, classes=classes), (3, 32, 32))
        if row.kind == "batchnorm"
    )
    return Number(
        extra + classes,
        question=(
            f"Derive it. The BatchNorm layers of a ResNet-{depth} for CIFAR-{classes} ({classes} "
            f"classes) have {extra:,} parameters. By how much will torchinfo’s “mult-adds” exceed "
            "our MACs?"
        ),
        slips=[
            (extra, "The fully connected layer has biases as well."),
            (extra + 1000, f"It has {'ten' if classes == 10 else 'a hundred'} classes."),
            (
                2 * extra + classes,
                f"A scale and a shift for each channel: both are already in the {extra:,}.",
            ),
        ],
        hint="BatchNorm's parameters once, and the biases of the fully connected layer.",
        solution=(
            f"{extra:,} + {classes} = {extra + classes:,}. The convolutions have no biases, and "
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
