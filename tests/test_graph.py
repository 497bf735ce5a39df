"""Graphs of any shape, against PyTorch's own modules, and what a graph refuses."""

import pytest
import torch
import torchvision
from bad_input import refused
from hypothesis import given, settings
from networks import networks

import resnet_lab as rl
from resnet_lab.graph import Graph, Layer


def traced(*layers, shape=(8, 16, 16)):
    return rl.trace(Graph("the graph", list(layers), len(shape) - 1, shape[0]), shape)


def conv(name, channels, kernel=3, inputs=(), **settings):
    return Layer(name, "conv", inputs, channels, kernel, padding=kernel // 2, **settings)


@settings(max_examples=200, deadline=None)
@given(networks())
def test_a_repeated_block_is_all_its_copies(case):
    """Walked once or written out, a network has the same rows."""
    net, shape = case
    graph = rl.ResNet(**net).graph()
    layers = graph.written_out()
    assert len({layer.name for layer in layers}) == len(layers)
    one, all_of_them = (
        rl.trace(graph, shape),
        rl.trace(Graph(graph.name, layers, *shape_of(graph)), shape),
    )
    facts = [
        [
            (row.name, row.kind, row.output_shape, row.params, row.macs, row.field, row.depth)
            for row in table
            if row.on_main_path
        ]
        for table in (one, all_of_them)
    ]
    assert facts[0] == facts[1]
    assert (one.weight_layers, one.receptive_field) == (
        all_of_them.weight_layers,
        all_of_them.receptive_field,
    )


def shape_of(graph):
    return graph.dims, graph.in_channels


@settings(max_examples=100, deadline=None)
@given(networks())
def test_plain_data_names_every_input(case):
    """The list alone can be run: each input is a layer before, or the network's input."""
    net, _ = case
    known = {"input"}
    for layer in rl.ResNet(**net).graph().to_dict()["layers"]:
        assert layer["inputs"] and set(layer["inputs"]) <= known
        known.add(layer["name"])


def densenet(growth=32, depths=(6, 12, 24, 16), channels=64):
    """DenseNet-121 as a graph: every layer reads the concatenation of all before it."""
    layers = [
        conv("conv0", channels, 7, stride=2),
        Layer("norm0", "batchnorm"),
        Layer("relu0", "relu"),
    ]
    layers.append(Layer("pool0", "maxpool", (), None, 3, 2, 1))
    for block, depth in enumerate(depths, 1):
        last = layers[-1].name
        for number in range(1, depth + 1):
            name = f"block{block}.layer{number}"
            layers += [
                Layer(f"{name}.norm1", "batchnorm", (last,)),
                Layer(f"{name}.relu1", "relu"),
                conv(f"{name}.conv1", 4 * growth, 1),
                Layer(f"{name}.norm2", "batchnorm"),
                Layer(f"{name}.relu2", "relu"),
                conv(f"{name}.conv2", growth),
                Layer(f"{name}.concat", "concat", (last, f"{name}.conv2")),
            ]
            last, channels = layers[-1].name, channels + growth
        layers.append(Layer(f"norm{block}", "batchnorm"))
        if block < len(depths):
            channels //= 2
            layers += [Layer(f"relu{block}", "relu"), conv(f"conv{block}", channels, 1)]
            layers.append(Layer(f"pool{block}", "avgpool", (), None, 2, 2))
    layers += [Layer("relu5", "relu"), Layer("pool5", "avgpool", output_size=1)]
    layers += [Layer("flatten", "flatten"), Layer("classifier", "linear", (), 1000, bias=True)]
    return Graph("DenseNet-121", layers)


def test_densenet_121():
    with torch.device("meta"):
        model = torchvision.models.densenet121()
    table = rl.trace(densenet(), (3, 224, 224))
    assert table.params == sum(parameter.numel() for parameter in model.parameters())
    assert table.weight_layers == 121


def test_an_inception_branch():
    """Four ways side by side: channels add up, the widest way's field counts."""
    layers = [
        conv("one", 4, 1, ("input",)),
        conv("reduce3", 2, 1, ("input",)),
        conv("three", 6),
        conv("reduce5", 2, 1, ("input",)),
        conv("five", 3, 5),
        Layer("pool", "maxpool", ("input",), None, 3, 1, 1),
        conv("project", 3, 1),
        Layer("concat", "concat", ("one", "three", "five", "project")),
    ]
    table = traced(*layers)
    assert (table.output_shape, table.receptive_field, table.weight_layers) == ((16, 16, 16), 5, 2)
    assert [row.name for row in table if row.on_main_path] == ["reduce3", "three", "concat"]


def test_a_gate_leaves_shape_field_and_depth_of_what_it_scales():
    layers = [
        conv("conv", 8),
        Layer("average", "avgpool", output_size=1),
        conv("fc1", 2, 1, bias=True),
        Layer("relu", "relu"),
        conv("fc2", 8, 1, bias=True),
        Layer("sigmoid", "sigmoid"),
        Layer("scale", "multiply", ("conv", "sigmoid")),
    ]
    table, conv_row = traced(*layers), traced(layers[0]).at("conv")
    last, gate = table.at("scale"), torchvision.ops.SqueezeExcitation(8, 2)
    assert (last.output_shape, last.field, last.depth) == (
        conv_row.output_shape,
        conv_row.field,
        conv_row.depth,
    )
    assert table.params - conv_row.params == sum(p.numel() for p in gate.parameters())
    assert not any(table.at(name).on_main_path for name in ("average", "fc1", "sigmoid"))


@pytest.mark.parametrize("kind", ["relu", "sigmoid", "tanh"])
def test_activations_change_no_shape(kind):
    row = traced(conv("conv", 4), Layer("act", kind)).at("act")
    assert (row.output_shape, row.params, row.macs) == ((4, 16, 16), 0, 0)


def test_blocks_of_a_block_and_of_layers_in_a_row():
    """A block by itself is one block, its projection included; VGG's layers are in none."""
    table = rl.trace(rl.ResidualBlock(width=128, stride=2), (64, 8, 8))
    (group,) = table.groups("block")
    assert (group.name, group.kind, group.params) == ("block", "block", table.params)
    assert not rl.ResidualBlock().graph().stages()
    table = rl.trace(rl.vgg(16), (3, 32, 32))
    assert [row.name for row in table.groups("block")][:3] == [row.name for row in table][:3]


test_bad_input = refused(
    (lambda: traced(conv("a", 4, stride=0)), ValueError, "at a, stride is 0", "at least 1"),
    (
        lambda: traced(Layer("flat", "flatten"), conv("a", 4)),
        ValueError,
        "a moves over positions, but 2048 numbers in a row",
        "before the layer that flattens",
    ),
    (lambda: traced(Layer("a", "convolution")), ValueError, "'convolution'", "known are conv"),
    (lambda: traced(conv("a", 4, inputs=("b",))), ValueError, "reads 'b'", "no layer before it"),
    (lambda: traced(conv("a", 4), conv("a", 4)), ValueError, "two layers called 'a'", "own name"),
    (lambda: traced(Layer("a", "conv")), ValueError, "no number of channels", "needs one"),
    (
        lambda: traced(conv("a", 8), Layer("b", "batchnorm", (), 999)),
        ValueError,
        "described for 999 channels",
        "8 reach it",
    ),
    (lambda: traced(conv("a", 9, groups=3)), ValueError, "groups is 3", "must divide"),
    (
        lambda: traced(conv("a", 4), Layer("b", "add", ("a", "input"))),
        ValueError,
        "4 × 16 × 16 and 8 × 16 × 16",
        "must be the same",
    ),
    (
        lambda: traced(conv("a", 4, stride=2), Layer("b", "concat", ("a", "input"))),
        ValueError,
        "4 × 8 × 8 beside 8 × 16 × 16",
        "must be the same",
    ),
    (
        lambda: traced(conv("a", 4, 1), Layer("b", "multiply", ("a", "input"))),
        ValueError,
        "8 × 16 × 16 by 4 × 16 × 16",
        "the same or 1",
    ),
    (lambda: traced(conv("a", 4), Layer("b", "add")), ValueError, "b has 1", "two inputs or more"),
    (lambda: traced(Layer("b", "relu", ("input", "input"))), ValueError, "b has 2", "one input"),
    (lambda: traced(Layer("a", "linear", (), 10)), ValueError, "8 × 16 × 16", "flatten them first"),
    (
        lambda: traced(Layer("a", "zero-pad", (), 4)),
        ValueError,
        "4 channels of 8",
        "can only add some",
    ),
)
