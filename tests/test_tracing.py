"""The table against PyTorch: name, order, shapes, parameters, MACs and field of every layer, named or random."""

from collections import OrderedDict

import pytest
import reference
import torch
import torchvision.models
from bad_input import refused
from hypothesis import given, settings, strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.resnet import Bottleneck

import resnet_lab as rl

IMAGENET = (3, 224, 224)
RESNETS = (18, 34, 50, 101, 152)
TORCHVISION = {
    name: rl.named(name) for name in (*(f"resnet{depth}" for depth in RESNETS), "vgg16", "vgg19")
}


def torchvision_model(name, **arguments):
    with torch.device("meta"):
        return getattr(torchvision.models, name)(**arguments)


def counted(table, without=()):
    return [
        (
            row.name,
            row.kind,
            *((row.kernel, row.layer_stride) if row.kind in ("conv", "maxpool") else (1, 1)),
            row.input_shape,
            row.output_shape,
            row.params,
            row.macs,
        )
        for row in table
        if row.kind not in without
    ]


def seen(table, kinds=("conv", "maxpool", "add", "concat")):
    return [
        (row.name, row.kind, row.receptive_field, row.stride, row.padding)
        for row in table
        if row.kind in kinds
    ]


@st.composite
def networks(draw, stages=4, blocks=3, width=6, heads=("average", "flatten")):
    """Settings of any ResNet that can be built, and the shape of an input that fits it."""
    count = draw(st.integers(1, stages))
    shortcut, fusion = draw(
        st.sampled_from(
            [
                ("A", "add"),
                ("B", "add"),
                ("C", "add"),
                ("none", "add"),
                ("B", "concat"),
                ("C", "concat"),
            ]
        )
    )
    widths = draw(st.lists(st.integers(1, width), min_size=count, max_size=count))
    stem_width = draw(st.none() | st.integers(1, width))
    if shortcut == "A":  # zero-padding only adds channels
        widths = sorted(widths)
        stem_width = stem_width and min(stem_width, widths[0])
    block = draw(st.sampled_from(["single", "basic", "bottleneck"]))
    net = dict(
        block=block,
        widths=tuple(widths),
        stem_width=stem_width,
        depths=tuple(draw(st.lists(st.integers(1, blocks), min_size=count, max_size=count))),
        version=draw(st.sampled_from([1, 1.5] if block == "single" else [1, 1.5, 2])),
        shortcut=shortcut,
        fusion=fusion,
        stem=draw(st.sampled_from(["7x7", "3x3"])),
        kernel=draw(st.sampled_from([1, 3, 5])),
        in_channels=draw(st.integers(1, 3)),
        classes=draw(st.integers(1, 5)),
        dims=draw(st.integers(1, 2)),
        dropout=draw(st.sampled_from([0.0, 0.5])),
        head=draw(st.sampled_from(heads)),
    )
    if net["head"] == "flatten":
        least = 4 * 2 ** (count - 1) * (4 if net["stem"] == "7x7" else 1)
        net["input_size"] = draw(st.integers(least, least + 40))
        sides = [net["input_size"]] * net["dims"]
    else:
        sides = [draw(st.integers(1, 70)) for _ in range(net["dims"])]
    return net, (net["in_channels"], *sides)


# Names, order, shapes, parameters, MACs


@settings(max_examples=300, deadline=None)
@given(networks())
def test_every_layer_of_a_random_network(case):
    net, shape = case
    assert counted(rl.trace(rl.ResNet(**net), shape)) == reference.calls(
        reference.ResNet(**net), shape
    )


@settings(max_examples=100, deadline=None)
@given(networks(stages=1), st.integers(1, 8), st.integers(1, 3))
def test_every_layer_of_a_random_block(case, in_channels, stride):
    net, (_, *sides) = case
    block = {
        name: net[name] for name in ("block", "version", "shortcut", "fusion", "kernel", "dims")
    }
    width = net["widths"][0]
    if net["shortcut"] == "A":
        in_channels = min(in_channels, width)
    model = nn.Sequential(OrderedDict(block=reference.Block(in_channels, width, stride, **block)))
    shape = (in_channels, *sides)
    table = rl.trace(
        rl.ResidualBlock(in_channels=in_channels, width=width, stride=stride, **block), shape
    )
    assert counted(table) == reference.calls(model, shape)


@pytest.mark.parametrize(
    "name, shape",
    [
        *((name, IMAGENET) for name in TORCHVISION),
        ("resnet50", (3, 97, 131)),
        ("vgg16", (3, 97, 131)),
    ],
)
def test_every_layer_of_torchvisions_networks(name, shape):
    """torchvision adds and flattens without a module, so those two rows have no counterpart there."""
    table, model = rl.trace(TORCHVISION[name], shape), torchvision_model(name)
    assert counted(table, without=("add", "flatten")) == reference.calls(model, shape)
    assert table.output_shape == tuple(model(torch.zeros(1, *shape, device="meta")).shape[1:])
    assert table.params == sum(p.numel() for p in model.parameters())


TABLE_1 = {
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
}


@pytest.mark.parametrize(
    "depth, version, shortcut",
    [
        (34, 1, "A"),
        (34, 1, "B"),
        (34, 1, "C"),
        (34, 1, "none"),
        (50, 1, "B"),
        (101, 1, "B"),
        (152, 1, "B"),
        (18, 2, "B"),
        (50, 2, "B"),
        (101, 2, "A"),
        (50, 1.5, "C"),
    ],
)
def test_every_layer_of_the_papers_networks(depth, version, shortcut):
    with torch.device("meta"):
        model = reference.ResNet(*TABLE_1[depth], version=version, shortcut=shortcut)
    net = rl.resnet(depth, version=version, shortcut=shortcut)
    assert counted(rl.trace(net, IMAGENET)) == reference.calls(model, IMAGENET)


@pytest.mark.parametrize(
    "net, shape, arguments",
    [
        (
            rl.cifar_resnet(20),
            (3, 32, 32),
            dict(depths=(3, 3, 3), widths=(16, 32, 64), shortcut="A"),
        ),
        (
            rl.cifar_resnet(110),
            (3, 32, 32),
            dict(depths=(18, 18, 18), widths=(16, 32, 64), shortcut="A"),
        ),
        (
            rl.cifar_plain(56),
            (3, 32, 32),
            dict(depths=(9, 9, 9), widths=(16, 32, 64), shortcut="none"),
        ),
        (rl.resnet18_small(), (3, 32, 32), dict(depths=(2, 2, 2, 2))),
        (
            rl.signal_resnet(),
            (1, 1000),
            dict(
                depths=(2, 2, 2, 2),
                in_channels=1,
                classes=1000,
                dims=1,
                head="flatten",
                input_size=1000,
            ),
        ),
    ],
)
def test_every_layer_of_the_small_networks(net, shape, arguments):
    with torch.device("meta"):
        model = reference.ResNet("basic", stem="3x3", **{"classes": 10, **arguments})
    assert counted(rl.trace(net, shape)) == reference.calls(model, shape)


def test_other_classes_and_channels():
    table = rl.trace(rl.vgg(16, classes=7, in_channels=1), (1, 64, 64))
    model = torchvision_model("vgg16", num_classes=7)
    with torch.device("meta"):
        model.features[0] = nn.Conv2d(1, 64, 3, padding=1)
    assert counted(table, without=("flatten",)) == reference.calls(model, (1, 64, 64))


@pytest.mark.parametrize("name", TORCHVISION)
def test_totals_that_torchvision_publishes(name):
    """Parameters, and "GFLOPS" (which are MACs) to three decimals, as listed with the pretrained weights."""
    published = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].meta
    table = rl.trace(TORCHVISION[name], IMAGENET)
    assert table.params == published["num_params"]
    assert round(table.macs / 1e9, 3) == published["_ops"]


@pytest.mark.parametrize("net", [rl.resnet(50), rl.vgg(16)], ids=lambda net: net.name)
def test_macs_are_half_of_pytorchs_flops(net):
    model = torchvision_model(net.name.replace("-", "").lower())
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *IMAGENET, device="meta"))
    assert 2 * rl.trace(net, IMAGENET).macs == counter.get_total_flops()


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vgg16"])
def test_torchinfo_also_counts_biases_and_batchnorm(name):
    """Its mult-adds exceed ours by one for every number of a BatchNorm and for every bias, wherever it is added."""
    torchinfo = pytest.importorskip("torchinfo")
    model = torchvision_model(name)
    extra = 0

    def record(name, kind, module, inputs, output):
        nonlocal extra
        if kind == "batchnorm":
            extra += module.weight.numel() + module.bias.numel()
        elif getattr(module, "bias", None) is not None:
            extra += output.numel()

    reference.on_every_call(model.eval(), torch.zeros(1, *IMAGENET, device="meta"), record)
    theirs = torchinfo.summary(model, (1, *IMAGENET), device="meta", verbose=0)
    ours = rl.trace(TORCHVISION[name], IMAGENET)
    assert theirs.total_params == ours.params
    assert theirs.total_mult_adds - ours.macs == extra > 0


@pytest.mark.parametrize("depth, gigamacs", list(zip(RESNETS, (1.8, 3.6, 3.8, 7.6, 11.3))))
def test_table_1_of_the_paper(depth, gigamacs):
    """ "FLOPs" of table 1 are the MACs of version 1, sometimes rounded, sometimes cut: 3.66 is 3.6 and 7.57 is 7.6."""
    table = rl.trace(rl.resnet(depth, version=1), IMAGENET)
    assert gigamacs - 0.05 < table.macs / 1e9 < gigamacs + 0.1
    assert table.weight_layers == depth


@pytest.mark.parametrize(
    "depth, millions",
    [(20, "0.27"), (32, "0.46"), (44, "0.66"), (56, "0.85"), (110, "1.7"), (1202, "19.4")],
)
def test_table_6_of_the_paper(depth, millions):
    """Parameters of the CIFAR networks. Shortcut A has none, so the plain twin has as many."""
    table = rl.trace(rl.cifar_resnet(depth), (3, 32, 32))
    assert f"{table.params / 1e6:.{len(millions.split('.')[1])}f}" == millions
    assert table.weight_layers == depth
    assert rl.trace(rl.cifar_plain(depth), (3, 32, 32)).params == table.params


@pytest.mark.parametrize(
    "net, layers",
    [
        (rl.plain(18), 18),
        (rl.plain(34), 34),
        (rl.resnet(34, shortcut="C"), 34),
        (rl.resnet(50, version=2), 50),
        (rl.vgg(16), 16),
        (rl.vgg(19), 19),
        (rl.cifar_plain(56), 56),
        (rl.resnet18_small(), 18),
    ],
)
def test_the_number_in_the_name_counts_weight_layers(net, layers):
    """Convolutions and fully connected layers on the main path: projections do not count."""
    assert rl.trace(net, (3, 64, 64)).weight_layers == layers


def test_sizes_through_the_imagenet_networks():
    """Table 1: 112 after the stem, 56 after the pooling, then 56, 28, 14, 7."""
    for depth in RESNETS:
        table = rl.trace(rl.resnet(depth), IMAGENET)
        names = ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool")
        assert [table.at(name).output_shape[1] for name in names] == [112, 56, 56, 28, 14, 7, 1]


def test_sizes_through_the_signal_network():
    table = rl.trace(rl.signal_resnet(), (1, 1000))
    assert [table.at(f"layer{stage}").output_shape[1] for stage in (1, 2, 3, 4)] == [
        1000,
        500,
        250,
        125,
    ]
    assert [table.at(name).output_shape for name in ("avgpool", "flatten", "fc")] == [
        (512, 31),
        (15872,),
        (1000,),
    ]


# Receptive fields


@settings(max_examples=100, deadline=None)
@given(networks(stages=3, blocks=2, width=2, heads=("average",)))
def test_fields_of_a_random_network(case):
    net, shape = case
    table = rl.trace(rl.ResNet(**net), shape)
    length = 2 * table.receptive_field + 4 * table.at("avgpool").stride
    assert seen(table) == reference.fields(reference.ResNet(**net), length)


# The last layer's field. Araujo, Norris and Sim (Distill, 2019) list version 1 of ResNet-50, 101 and 152.
LAST_FIELDS = [
    (18, 1, 435),
    (34, 1, 899),
    (50, 1, 483),
    (101, 1, 1027),
    (152, 1, 1507),
    (18, 1.5, 435),
    (34, 1.5, 899),
    (50, 1.5, 427),
    (101, 1.5, 971),
    (152, 1.5, 1451),
]


@pytest.mark.parametrize("depth, version, last", LAST_FIELDS)
def test_fields_of_the_papers_networks(depth, version, last):
    """Every convolution, pooling and addition of the 2-D network against the gradients of a thin 1-D one."""
    model = reference.ResNet(*TABLE_1[depth], (1, 1, 1, 1), version=version, dims=1)
    table = rl.trace(rl.resnet(depth, version=version), IMAGENET)
    measured = reference.fields(model, length=2 * last + 256)
    assert seen(table) == measured
    assert table.receptive_field == measured[-1].receptive_field == last


@pytest.mark.parametrize("name", TORCHVISION)
def test_fields_of_torchvisions_networks(name):
    """torchvision's own modules with one channel each; VGG needs 32 rows, or its five poolings leave nothing."""
    table, model = rl.trace(TORCHVISION[name], IMAGENET), reference.thin(torchvision_model(name))
    height = 32 if name.startswith("vgg") else 1
    measured = reference.fields(model, length=2 * table.receptive_field + 256, height=height)
    assert seen(table, ("conv", "maxpool")) == measured
    if name == "vgg16":
        assert measured[-1].receptive_field == 212


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 18])
def test_fields_of_the_cifar_networks(n):
    """The last layer of the 6n + 2 network sees 28n - 3 pixels."""
    table = rl.trace(rl.cifar_resnet(6 * n + 2), (3, 32, 32))
    model = reference.ResNet("basic", (n, n, n), (1, 1, 1), shortcut="A", stem="3x3", dims=1)
    measured = reference.fields(model, length=80 * n + 64)
    assert seen(table) == measured
    assert table.receptive_field == measured[-1].receptive_field == 28 * n - 3


@pytest.mark.parametrize("width", [448, 896])
def test_field_of_an_adaptive_pooling(width):
    """VGG pools whatever size is left to 7 x 7: here windows of 2 and of 4."""
    row = rl.trace(rl.vgg(16), (3, 32, width)).at("avgpool")
    model = reference.linearise(reference.thin(torchvision_model("vgg16")))
    x = torch.ones(1, 1, 32, width, dtype=torch.float64, requires_grad=True)
    assert reference.seen(x, model.avgpool(model.features(x))) == (
        row.receptive_field,
        row.stride,
        row.padding,
    )


@pytest.mark.parametrize("head", ["average", "flatten"])
@pytest.mark.parametrize("kernel", [3, 5])
def test_what_the_classifier_sees(head, kernel):
    """Everything the positions before it see, up to the edge: the average pooling by 4 may leave out the last few."""
    for length in range(8, 60):
        net = dict(
            block="basic",
            depths=(1, 1),
            widths=(1, 1),
            stem="3x3",
            dims=1,
            in_channels=1,
            classes=1,
            kernel=kernel,
            head=head,
            input_size=length,
        )
        table, model = rl.trace(rl.ResNet(**net), (1, length)), reference.ResNet(**net)
        reference.linearise(model)
        x = torch.ones(1, 1, length, dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(model(x).sum(), x)
        pixels = gradient.flatten().nonzero()
        for name in ("flatten", "fc"):
            row = table.at(name)
            assert pixels[0] == 0 <= row.padding
            assert pixels[-1] == min(length, row.receptive_field - row.padding) - 1


# The table as an object


def test_rows_stages_and_blocks_add_up():
    table = rl.trace(rl.resnet(50), IMAGENET)
    model = torchvision_model("resnet50")
    stages = {row.name: row for row in table.groups("stage")}
    assert [name for name in stages if name != "flatten"] == [
        name for name, _ in model.named_children()
    ]
    for name, module in model.named_children():
        assert stages[name].params == sum(p.numel() for p in module.parameters())
    blocks = {row.name: row for row in table.groups("block") if row.kind == "block"}
    theirs = {
        name: module for name, module in model.named_modules() if isinstance(module, Bottleneck)
    }
    assert list(blocks) == list(theirs)
    for name, module in theirs.items():
        assert blocks[name].params == sum(p.numel() for p in module.parameters())
    for level in ("stage", "block", "layer"):
        groups = table.groups(level)
        assert (
            sum(row.params for row in groups) == table.params
            and sum(row.macs for row in groups) == table.macs
        )
        assert groups[-1].output_shape == table.output_shape
    assert len(table) == len(list(table)) == len(table.groups("layer"))


def test_at_gives_the_row_that_ends_a_part():
    table = rl.trace(rl.resnet(50), IMAGENET)
    assert table.at("layer3").name == table.at("layer3.5").name == "layer3.5.relu"
    assert table.at("layer3.0.conv1").output_shape == (256, 28, 28)
    assert table.at("layer3.0.conv2").output_shape == (256, 14, 14)
    assert table.at("layer1.0.downsample.0").on_main_path is False
    assert table.at("layer1.0.relu") is [row for row in table if row.name == "layer1.0.relu"][2]


@pytest.mark.parametrize("size", [16, 31, 32, 33])
def test_vgg_needs_32_pixels(size):
    """Five poolings by 2; torchvision refuses the same inputs."""
    model, shape = torchvision_model("vgg16"), (3, size, size)
    if size < 32:
        with pytest.raises(RuntimeError):
            model(torch.zeros(1, *shape, device="meta"))
        with pytest.raises(
            ValueError, match=r"too small for VGG-16: at features\.\d+, .* at least 2"
        ):
            rl.trace(rl.vgg(16), shape)
    else:
        assert counted(rl.trace(rl.vgg(16), shape), without=("flatten",)) == reference.calls(
            model, shape
        )


TABLE = rl.trace(rl.resnet(18), IMAGENET)
test_bad_input = refused(
    (
        lambda: rl.trace(rl.resnet(50), (1, 224, 224)),
        ValueError,
        "(1, 224, 224) has 1 channels",
        "takes 3",
    ),
    (
        lambda: rl.trace(rl.resnet(50), (224, 224)),
        ValueError,
        "(224, 224)",
        "(channels, height, width)",
    ),
    (
        lambda: rl.trace(rl.resnet(50), (1, 3, 224, 224)),
        ValueError,
        "(1, 3, 224, 224)",
        "without a batch",
    ),
    (lambda: rl.trace(rl.resnet(50), ()), ValueError, "()", "(channels, height, width)"),
    (
        lambda: rl.trace(rl.signal_resnet(), (1, 1, 1000)),
        ValueError,
        "(1, 1, 1000)",
        "(channels, length)",
    ),
    (lambda: rl.trace(rl.resnet(50), (3, 0, 224)), ValueError, "height is 0", "at least 1"),
    (lambda: rl.trace(rl.resnet(50), (3, 224, -1)), ValueError, "width is -1", "at least 1"),
    (lambda: rl.trace(rl.resnet(50), (3, 224.0, 224)), TypeError, "224.0", "whole number"),
    (lambda: rl.trace(rl.resnet(50), (True, 224, 224)), TypeError, "True", "whole number"),
    (lambda: rl.trace(rl.resnet(50), 224), TypeError, "224", "(3, 224, 224)"),
    (lambda: rl.trace(rl.resnet(50), "3,224,224"), TypeError, "'3,224,224'", "(3, 224, 224)"),
    (lambda: rl.trace(rl.resnet(50), None), TypeError, "None", "(3, 224, 224)"),
    (lambda: rl.trace("resnet50", IMAGENET), TypeError, "'resnet50'", "resnet(50)"),
    (lambda: rl.trace(50, IMAGENET), TypeError, "50", "resnet(50)"),
    (
        lambda: rl.trace(rl.signal_resnet(1000), (1, 500)),
        ValueError,
        "15872 features",
        "new input_size",
    ),
    (lambda: rl.trace(rl.signal_resnet(1000), (1, 20)), ValueError, "at avgpool", "at least 4"),
    (lambda: rl.trace(rl.ResidualBlock(), (3, 56, 56)), ValueError, "3 channels", "takes 64"),
    (lambda: TABLE.at("layer5"), ValueError, "'layer5'", "layer4"),
    (lambda: TABLE.at(""), ValueError, "''", "layer4"),
    (lambda: TABLE.groups("module"), ValueError, "'module'", "'stage', 'block' or 'layer'"),
)
