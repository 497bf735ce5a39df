"""Every row against PyTorch: name, order, shapes, parameters, MACs; and published totals."""

from collections import OrderedDict

import pytest
import reference
import torch
import torchvision.models
from agreement import counted
from everything import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import IMAGENET, RESNETS, TABLE_1, TORCHVISION, networks, torchvision_model
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import resnet_lab as rl


@settings(max_examples=examples(300), deadline=None)
@given(networks())
def test_every_layer_of_a_random_network(case):
    net, shape = case
    assert counted(rl.trace(rl.ResNet(**net), shape)) == reference.calls(
        reference.ResNet(**net), shape
    )


@settings(max_examples=examples(100), deadline=None)
@given(networks(stages=1), st.integers(1, 8), st.integers(1, 3))
def test_every_layer_of_a_random_block(case, in_channels, stride):
    net, (_, *sides) = case
    block = {
        name: net[name]
        for name in ("block", "version", "shortcut", "fusion", "kernel", "dims", "se")
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
    """torchvision adds and flattens without a module: those rows have no counterpart there."""
    table, model = rl.trace(TORCHVISION[name], shape), torchvision_model(name)
    assert counted(table, without=("add", "flatten")) == reference.calls(model, shape)
    assert table.output_shape == tuple(model(torch.zeros(1, *shape, device="meta")).shape[1:])
    assert table.params == sum(p.numel() for p in model.parameters())


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
    """Parameters, and "GFLOPS" (which are MACs), as listed with the pretrained weights."""
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
    """One more mult-add for every number of a BatchNorm, and wherever a bias is added."""
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


@pytest.mark.parametrize(
    "depth, gigamacs", [(18, 1.8), (34, 3.6), (50, 3.8), (101, 7.6), (152, 11.3)]
)
def test_table_1_of_the_paper(depth, gigamacs):
    """Its "FLOPs" are version 1's MACs, rounded or cut: 3.66 is 3.6 and 7.57 is 7.6."""
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
