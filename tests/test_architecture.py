"""Descriptions: named ones are the papers' and torchvision's; what cannot be built is refused."""

import pytest
import torch
import torchvision.models
from bad_input import refused
from torchvision.models.resnet import BasicBlock

import resnet_lab as rl
from resnet_lab.graph import branches


def blocks(net):
    """Every block of a description, by name, taken apart."""
    return {
        name: branches(layers)
        for stage in net.graph().stages().values()
        for name, layers in stage.items()
    }


def kinds(layers):
    return [layer.kind for layer in layers]


def strides(layers):
    return [layer.stride for layer in layers if layer.kind == "conv"]


def shortcuts(net):
    return [block.kind for block in blocks(net).values()]


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_named_resnets_have_torchvisions_blocks(depth):
    with torch.device("meta"):
        model = getattr(torchvision.models, f"resnet{depth}")()
    net = rl.resnet(depth)
    stages = [getattr(model, f"layer{number}") for number in (1, 2, 3, 4)]
    assert net.depths == tuple(len(stage) for stage in stages)
    assert net.block == ("basic" if isinstance(model.layer1[0], BasicBlock) else "bottleneck")
    assert [
        (name, block.kind == "projection", max(strides(block.main)))
        for name, block in blocks(net).items()
    ] == [
        (f"layer{number}.{index}", block.downsample is not None, block.stride)
        for number, stage in enumerate(stages, 1)
        for index, block in enumerate(stage)
    ]
    assert (net.name, net.depth) == (f"ResNet-{depth}", depth)


def test_the_papers_three_shortcuts():
    """Section 4.1: A zero-pads where the dimensions grow, B projects there, C projects everywhere.

    ResNet-34 has 3 + 4 + 6 + 3 blocks; the first of the second, third and fourth stage grow.
    """
    for option, growing, staying in (
        ("A", "zero-pad", "identity"),
        ("B", "projection", "identity"),
        ("C", "projection", "projection"),
    ):
        expected = [growing if index in (3, 3 + 4, 3 + 4 + 6) else staying for index in range(16)]
        assert shortcuts(rl.resnet(34, shortcut=option)) == expected
    assert shortcuts(rl.plain(34)) == [None] * 16
    assert (
        shortcuts(rl.resnet(50)).count("projection") == 4
    )  # the first stage goes from 64 to 256 channels


def test_stride_of_a_bottleneck():
    """Version 1 has the stride on the first 1x1 (the paper), 1.5 on the 3x3 (torchvision)."""

    found = [
        strides(blocks(rl.resnet(50, version=version))["layer2.0"].main) for version in (1, 1.5, 2)
    ]
    assert found == [[2, 1, 1], [1, 2, 1], [1, 2, 1]]


def test_versions_of_a_basic_block_are_the_same():
    assert rl.resnet(34, version=1).graph() == rl.resnet(34, version=1.5).graph()


def test_preactivation_shares_its_first_activation_where_the_shape_changes():
    """He et al. 2016: bn relu conv, a clean identity, BatchNorm and ReLU after the last block."""
    for shortcut, passed in (("A", ["zero-pad"]), ("B", ["conv"])):
        net = rl.resnet(18, version=2, shortcut=shortcut)
        changing, clean = [blocks(net)[f"layer2.{index}"] for index in (0, 1)]
        assert kinds(clean.main) == ["batchnorm", "relu", "conv"] * 2
        assert (clean.before, clean.after, clean.shortcut) == ([], [], [])
        assert kinds(changing.before) == ["batchnorm", "relu"]
        assert kinds(changing.main) == ["conv", "batchnorm", "relu", "conv"]
        assert kinds(changing.shortcut) == passed
    assert [layer.name for layer in net.graph().layers if "." not in layer.name] == (
        "conv1 maxpool bn relu avgpool flatten fc".split()
    )


@pytest.mark.parametrize(
    "depth, blocks_a_stage", [(20, 3), (32, 5), (44, 7), (56, 9), (110, 18), (1202, 200)]
)
def test_cifar_family(depth, blocks_a_stage):
    """Section 4.2: 6n + 2 layers, widths 16, 32, 64, identity shortcuts everywhere (option A)."""
    net, twin = rl.cifar_resnet(depth), rl.cifar_plain(depth)
    assert net.depths == twin.depths == (blocks_a_stage,) * 3
    assert (net.widths, net.stem, net.shortcut, net.classes) == ((16, 32, 64), "3x3", "A", 10)
    assert set(shortcuts(net)) == {"identity", "zero-pad"} and set(shortcuts(twin)) == {None}
    assert (net.depth, net.name, twin.name) == (depth, f"ResNet-{depth}", f"plain-{depth}")


def test_concatenation_adds_up_the_channels():
    net = rl.ResNet("basic", (2, 1), (8, 16), fusion="concat", stem="3x3")
    table = rl.trace(net, (3, 8, 8))
    rows = [row for row in table.groups("block") if row.kind == "block"]
    assert [(row.input_shape[0], row.output_shape[0]) for row in rows] == [
        (8, 16),
        (16, 24),
        (24, 32),
    ]


@pytest.mark.parametrize(
    "name, net",
    [
        ("resnet18", rl.resnet(18)),
        ("resnet152", rl.resnet(152)),
        ("plain34", rl.plain(34)),
        ("vgg16", rl.vgg(16)),
        ("resnet20", rl.cifar_resnet(20)),
        ("resnet1202", rl.cifar_resnet(1202)),
        ("plain56", rl.cifar_plain(56)),
        ("resnet18-small", rl.resnet18_small()),
        ("signal", rl.signal_resnet()),
    ],
)
def test_names(name, net):
    assert rl.named(name) == net


def test_settings_reach_the_named_networks():
    assert rl.named("resnet50", version=1, classes=7) == rl.resnet(50, version=1, classes=7)
    assert rl.named("plain20", classes=7) == rl.cifar_plain(20, classes=7)
    assert rl.named("vgg19", classes=7, in_channels=1) == rl.vgg(19, classes=7, in_channels=1)
    assert rl.named("signal", length=400, classes=400) == rl.signal_resnet(400, 400)


def test_a_description_is_a_value():
    """Lists are taken for tuples; equal descriptions are equal, can be keys, and cannot change."""
    net = rl.ResNet("basic", [1, 1], [4, 8])
    assert (
        net == rl.ResNet("basic", (1, 1), (4, 8))
        and len({net, rl.ResNet("basic", (1, 1), (4, 8))}) == 1
    )
    with pytest.raises(AttributeError):
        net.depths = (2, 2)


test_bad_input = refused(
    # depths of named networks
    (lambda: rl.resnet(42), ValueError, "depth is 42", "18, 34, 50, 101, 152"),
    (lambda: rl.resnet(0), ValueError, "depth is 0", "18, 34, 50, 101, 152"),
    (lambda: rl.resnet("50"), ValueError, "'50'", "18, 34, 50, 101, 152"),
    (lambda: rl.resnet(50.0), ValueError, "50.0", "18, 34, 50, 101, 152"),
    (lambda: rl.resnet([50]), ValueError, "[50]", "18, 34, 50, 101, 152"),
    (lambda: rl.resnet(None), ValueError, "None", "18, 34, 50, 101, 152"),
    (lambda: rl.resnet(True), ValueError, "depth is True", "18, 34, 50, 101, 152"),
    (lambda: rl.plain(50), ValueError, "plain depth is 50", "18, 34"),
    (lambda: rl.vgg(13), ValueError, "VGG depth is 13", "16, 19"),
    (lambda: rl.vgg(16.0), TypeError, "16.0", "whole number"),
    (lambda: rl.cifar_resnet(18), ValueError, "CIFAR depth is 18", "14 or 20"),
    (lambda: rl.cifar_resnet(2), ValueError, "CIFAR depth is 2", "at least 8"),
    (lambda: rl.cifar_plain("56"), TypeError, "'56'", "whole number"),
    # choices
    (lambda: rl.resnet(50, version=3), ValueError, "version is 3", "1, 1.5, 2"),
    (lambda: rl.resnet(50, version="1.5"), ValueError, "version is '1.5'", "1, 1.5, 2"),
    (lambda: rl.resnet(50, version=True), ValueError, "version is True", "1, 1.5, 2"),
    (lambda: rl.resnet(50, shortcut="D"), ValueError, "shortcut is 'D'", "'A', 'B', 'C', 'none'"),
    (lambda: rl.resnet(50, shortcut=None), ValueError, "shortcut is None", "'none'"),
    (
        lambda: rl.ResNet("dense", (2, 2), (8, 16)),
        ValueError,
        "block is 'dense'",
        "'basic', 'bottleneck'",
    ),
    (
        lambda: rl.ResNet(["basic"], (2, 2), (8, 16)),
        ValueError,
        "['basic']",
        "'basic', 'bottleneck'",
    ),
    (lambda: rl.resnet(18, stem="5x5"), ValueError, "stem is '5x5'", "'7x7', '3x3'"),
    (lambda: rl.resnet(18, fusion="mean"), ValueError, "fusion is 'mean'", "'add', 'concat'"),
    (lambda: rl.resnet(18, head="max"), ValueError, "head is 'max'", "'average', 'flatten'"),
    (lambda: rl.resnet(18, dims=3), ValueError, "dims is 3", "1, 2"),
    (lambda: rl.resnet(18, dims=2.0), TypeError, "2.0", "whole number"),
    # counts
    (lambda: rl.ResNet("basic", (), ()), ValueError, "depths is empty", "(2, 2, 2, 2)"),
    (
        lambda: rl.ResNet("basic", (2, 0), (8, 16)),
        ValueError,
        "depths of stage 2 is 0",
        "at least 1",
    ),
    (
        lambda: rl.ResNet("basic", (-1, 2), (8, 16)),
        ValueError,
        "depths of stage 1 is -1",
        "at least 1",
    ),
    (lambda: rl.ResNet("basic", (2, 1.5), (8, 16)), TypeError, "1.5", "whole number"),
    (lambda: rl.ResNet("basic", (True,), (8,)), TypeError, "True", "whole number"),
    (lambda: rl.ResNet("basic", 2, (8,)), TypeError, "depths is 2", "tuple"),
    (lambda: rl.ResNet("basic", "22", (8, 16)), TypeError, "'22'", "tuple"),
    (lambda: rl.ResNet("basic", None), TypeError, "None", "tuple"),
    (
        lambda: rl.ResNet("basic", (2, 2), (8, 0)),
        ValueError,
        "widths of stage 2 is 0",
        "at least 1",
    ),
    (
        lambda: rl.ResNet("basic", (2, 2, 2), (8, 16)),
        ValueError,
        "(2, 2, 2)",
        "one width for each stage",
    ),
    (lambda: rl.resnet(18, classes=0), ValueError, "classes is 0", "at least 1"),
    (lambda: rl.resnet(18, classes=-3), ValueError, "classes is -3", "at least 1"),
    (lambda: rl.vgg(16, classes=0), ValueError, "classes is 0", "at least 1"),
    (lambda: rl.vgg(16, in_channels="3"), TypeError, "'3'", "whole number"),
    (lambda: rl.resnet(18, in_channels=0), ValueError, "in_channels is 0", "at least 1"),
    (lambda: rl.resnet(18, stem_width=0), ValueError, "stem_width is 0", "at least 1"),
    (lambda: rl.resnet(18, kernel=0), ValueError, "kernel is 0", "at least 1"),
    (lambda: rl.resnet(18, kernel=4), ValueError, "kernel is 4", "odd"),
    (lambda: rl.resnet(18, input_size=-1), ValueError, "input_size is -1", "at least 1"),
    (
        lambda: rl.resnet(18, dropout=1),
        ValueError,
        "dropout is 1",
        "from 0 up to, not including, 1",
    ),
    (
        lambda: rl.resnet(18, dropout=-0.1),
        ValueError,
        "dropout is -0.1",
        "from 0 up to, not including, 1",
    ),
    (
        lambda: rl.resnet(18, dropout=float("nan")),
        ValueError,
        "dropout is nan",
        "from 0 up to, not including, 1",
    ),
    (lambda: rl.resnet(18, dropout="0.5"), TypeError, "'0.5'", "number"),
    # combinations
    (
        lambda: rl.ResNet("basic", (1, 1), (16, 8), shortcut="A"),
        ValueError,
        "16 channels become 8",
        "choose 'B'",
    ),
    (
        lambda: rl.resnet(18, shortcut="A", stem_width=128),
        ValueError,
        "128 channels become 64",
        "choose 'B'",
    ),
    (
        lambda: rl.ResNet("single", (1,), (8,), version=2),
        ValueError,
        "'single'",
        "'basic' and 'bottleneck'",
    ),
    (lambda: rl.plain(18, fusion="concat"), ValueError, "'none'", "second branch"),
    (lambda: rl.resnet(18, shortcut="A", fusion="concat"), ValueError, "'A'", "choose 'B' or 'C'"),
    (
        lambda: rl.resnet(18, head="flatten"),
        ValueError,
        "input_size is None",
        "needs to know the input's size",
    ),
    (lambda: rl.signal_resnet(24), ValueError, "input_size is 24", "make the input longer"),
    # a block by itself
    (lambda: rl.ResidualBlock("dense"), ValueError, "block is 'dense'", "'bottleneck'"),
    (lambda: rl.ResidualBlock(stride=0), ValueError, "stride is 0", "at least 1"),
    (lambda: rl.ResidualBlock(in_channels=0), ValueError, "in_channels is 0", "at least 1"),
    (lambda: rl.ResidualBlock(width=-1), ValueError, "width is -1", "at least 1"),
    (
        lambda: rl.ResidualBlock(width=32, shortcut="A"),
        ValueError,
        "64 channels become 32",
        "choose 'B'",
    ),
    # names
    (lambda: rl.named("alexnet"), ValueError, "'alexnet'", "resnet18"),
    (lambda: rl.named("resnet51"), ValueError, "'resnet51'", "6n + 2"),
    (lambda: rl.named("resnet2"), ValueError, "'resnet2'", "6n + 2"),
    (lambda: rl.named("resnet"), ValueError, "'resnet'", "resnet18"),
    (lambda: rl.named(""), ValueError, "''", "resnet18"),
    (lambda: rl.named(50), ValueError, "called 50", "resnet18"),
    (lambda: rl.named("vgg13"), ValueError, "VGG depth is 13", "16, 19"),
    (lambda: rl.named("vgg16", version=2), TypeError, "vgg16 has no version", "leave it out"),
    (
        lambda: rl.named("plain34", shortcut="A"),
        TypeError,
        "plain34 has no shortcut",
        "leave it out",
    ),
)
