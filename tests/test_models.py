"""Whole networks in PyTorch: against `trace`, against the book's figures, at their start."""

from collections import OrderedDict

import pytest
import torch
from agreement import assert_agrees, shapes_after
from everything import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import NAMED, networks
from random_weights import made
from torch import nn

import resnet_lab as rl
from resnet_lab.models import build

pytestmark = pytest.mark.usefixtures("one_thread")


@settings(max_examples=examples(250), deadline=None)
@given(networks(stages=3, blocks=2))
def test_build_and_trace_agree_on_any_network(case):
    net, shape = rl.ResNet(**case[0]), case[1]
    assert_agrees(build(net), rl.trace(net, shape))


@settings(max_examples=examples(100), deadline=None)
@given(networks(stages=1), st.integers(1, 3), st.integers(1, 6))
def test_build_and_trace_agree_on_any_block(case, stride, in_channels):
    net, (_, *sides) = case
    options = ("block", "version", "shortcut", "fusion", "kernel", "dims", "se")
    (width,) = net["widths"]
    block = rl.ResidualBlock(
        in_channels=min(in_channels, width) if net["shortcut"] == "A" else in_channels,
        width=width,
        stride=stride,
        **{option: net[option] for option in options},
    )
    assert_agrees(
        nn.Sequential(OrderedDict(block=build(block))), rl.trace(block, (block.in_channels, *sides))
    )


@pytest.mark.parametrize("name", [*NAMED, "signal"])
def test_build_and_trace_agree_on_named_networks(name):
    net = rl.named(name)
    shape = (1, 1000) if name == "signal" else (3, 32, 32)
    assert_agrees(made(lambda: build(net)), rl.trace(net, shape))


def test_small_images():
    assert build(rl.resnet18_small())(torch.zeros(64, 3, 32, 32)).shape == (64, 10)


def test_one_channel_of_224_pixels():
    model = build(rl.resnet(18, in_channels=1, classes=10))
    found = shapes_after(model, torch.zeros(1, 1, 224, 224))
    assert found == [
        *[(1, 64, 112, 112)] * 3,
        (1, 64, 56, 56),
        (1, 64, 56, 56),
        (1, 128, 28, 28),
        (1, 256, 14, 14),
        (1, 512, 7, 7),
        (1, 512, 1, 1),
        (1, 512),
        (1, 10),
    ]


def test_signal_of_1000_samples():
    model = build(rl.signal_resnet())
    # Its classifier's size is found by letting an input through, which must leave no trace.
    assert all(module.training for module in model.modules()) and not model.bn1.num_batches_tracked
    found = shapes_after(model, torch.zeros(1, 1, 1000))
    assert found == [
        *[(1, 64, 1000)] * 4,
        (1, 128, 500),
        (1, 256, 250),
        (1, 512, 125),
        (1, 512, 31),
        (1, 15_872),
        (1, 1000),
    ]
    assert model.fc.in_features == 15_872


def test_pre_activation_ends_in_batchnorm_and_relu():
    parts = [name for name, _ in build(rl.resnet(18, version=2)).named_children()]
    assert parts == [
        "conv1",
        "maxpool",
        "layer1",
        "layer2",
        "layer3",
        "layer4",
        "bn",
        "relu",
        "avgpool",
        "flatten",
        "fc",
    ]


def test_he_initialisation():
    """Section 3.4 of the paper: normal, with a variance of 2 / fan, here the fan-out."""
    for model in (build(rl.resnet(18)), build(rl.signal_resnet())):
        for module in model.modules():
            if isinstance(module, (nn.Conv1d, nn.Conv2d)) and module.weight.numel() > 30_000:
                expected = (2 / (module.weight.numel() / module.in_channels)) ** 0.5
                assert abs(module.weight.std().item() / expected - 1) < 0.03
                assert abs(module.weight.mean().item()) < 0.03 * expected


def test_vgg_biases_start_at_zero():
    with torch.random.fork_rng():
        model = build(rl.vgg(16, classes=2))
    assert not any(module.bias.any() for module in model.features if isinstance(module, nn.Conv2d))


# Bad input.


@pytest.mark.parametrize("net", ["resnet50", None, nn.Linear(1, 1)])
def test_build_takes_descriptions_only(net):
    with pytest.raises(TypeError, match="description such as"):
        build(net)


@pytest.mark.parametrize("net", [rl.plain(18), rl.vgg(16)])
def test_nothing_would_pass_a_plain_net_with_zero_layers(net):
    with pytest.raises(ValueError, match="no shortcuts"), torch.device("meta"):
        build(net, zero_init_residual=True)
