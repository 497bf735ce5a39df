"""The cheaper convolutions against PyTorch's layers and counters, and the papers' formulas."""

import pytest
import torch
from bad_input import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from resnet_lab.convolutions import KINDS, Convolution, channels_seen, replacement, shuffle

pytestmark = pytest.mark.usefixtures("one_thread")

cases = st.tuples(
    st.sampled_from(list(KINDS)),
    st.sampled_from((16, 32, 64)),
    st.sampled_from((3, 5, 7)),
    st.sampled_from((1, 2, 4)),
)


def module(layers):
    """The layers in PyTorch, with positive weights.

    Nothing cancels, so a gradient is zero only where nothing is seen.
    """
    modules = []
    for conv in layers:
        modules.append(
            nn.Conv2d(
                conv.in_channels,
                conv.out_channels,
                conv.kernel,
                padding="same",
                groups=conv.groups,
                bias=False,
            )
        )
        nn.init.uniform_(modules[-1].weight, 0.5, 1)
        if conv.shuffled:
            modules.append(nn.ChannelShuffle(conv.groups))
    return nn.Sequential(*modules)


def total(layers):
    return sum(conv.params for conv in layers)


@settings(deadline=None, max_examples=60)
@given(cases, st.integers(7, 15))
def test_every_kind_counts_as_pytorch_does_and_keeps_size_channels_and_field(case, size):
    kind, channels, kernel, groups = case
    layers = replacement(kind, channels, kernel, groups)
    model, x = module(layers), torch.randn(1, channels, size, size, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        y = model(x)
    assert y.shape == x.shape
    assert total(layers) == sum(p.numel() for p in model.parameters())
    assert sum(conv.macs(size) for conv in layers) == counter.get_total_flops() / 2

    y[0, 0, size // 2, size // 2].backward()
    seen = x.grad[0] != 0
    assert seen.any(0).sum() == kernel**2 and seen.flatten(1).any(1).sum() == channels_seen(layers)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from((1, 2, 4, 8)), st.sampled_from((8, 16, 24)), st.booleans()),
        min_size=1,
        max_size=4,
    )
)
def test_channels_seen_through_any_stack_are_those_with_a_gradient(stack):
    layers, channels = [], 8
    for groups, out_channels, shuffled in stack:
        layers.append(Convolution(channels, out_channels, (1, 1), groups, shuffled))
        channels = out_channels
    x = torch.ones(1, 8, 1, 1, requires_grad=True)
    module(layers)(x)[0, 0].sum().backward()
    assert (x.grad != 0).sum() == channels_seen(layers)


@given(st.integers(1, 8), st.integers(1, 8))
def test_shuffle_is_pytorchs(groups, wide):
    channels = torch.arange(float(groups * wide)).view(1, -1, 1, 1)
    expected = nn.ChannelShuffle(groups)(channels) if groups > 1 else channels
    assert shuffle(groups * wide, groups) == expected.flatten().tolist()


@given(st.sampled_from((32, 64, 256)), st.sampled_from((3, 5, 7)), st.sampled_from((2, 4, 8)))
def test_the_papers_formulas(c, k, g):
    m, standard = c // 4, k * k * c * c
    assert total(replacement("stacked", c, k)) == (k - 1) // 2 * 9 * c * c  # VGG, section 2.3
    assert total(replacement("factorised", c, k)) * k == 2 * standard  # Inception-v3, section 3.2
    assert total(replacement("grouped", c, k, g)) * g == standard  # AlexNet, section 3.5
    assert total(replacement("separable", c, k)) * c * k * k == standard * (
        k * k + c
    )  # MobileNets, section 3.1
    bottleneck, shuffled = replacement("bottleneck", c, 3), replacement("shuffled", c, 3, g)
    assert sum(conv.macs(14) for conv in bottleneck) == 14 * 14 * (
        2 * c * m + 9 * m * m
    )  # ShuffleNet, section 3.2
    assert sum(conv.macs(14) for conv in shuffled) == 14 * 14 * (2 * c * m // g + 9 * m)


def test_a_number_moved_is_one_of_input_output_or_weights():
    conv = nn.Conv2d(64, 32, (1, 3), padding="same", bias=False)
    x = torch.zeros(1, 64, 10, 10)
    assert (
        Convolution(64, 32, (1, 3)).moved(10) == x.numel() + conv(x).numel() + conv.weight.numel()
    )


test_bad_input_is_refused = refused(
    (lambda: replacement("sparse", 64), ValueError, "'sparse'", "'separable'"),
    (lambda: replacement("standard", 0), ValueError, "channels is 0", "at least 1"),
    (lambda: replacement("standard", 64.0), TypeError, "64.0", "whole number"),
    (lambda: replacement("standard", 64, 4), ValueError, "kernel is 4", "odd"),
    (lambda: replacement("stacked", 64, 1), ValueError, "kernel is 1", "at least 3"),
    (lambda: replacement("bottleneck", 6), ValueError, "channels is 6", "multiple of 4"),
    (lambda: replacement("grouped", 64, groups=3), ValueError, "groups is 3", "divide 64"),
    (lambda: replacement("shuffled", 64, groups=32), ValueError, "groups is 32", "divide 16"),
    (lambda: Convolution(0, 8, (3, 3)), ValueError, "in_channels is 0", "at least 1"),
    (lambda: Convolution(8, -8, (3, 3)), ValueError, "out_channels is -8", "at least 1"),
    (lambda: Convolution(8, 8, 3), TypeError, "kernel is 3", "such as (3, 3)"),
    (lambda: Convolution(8, 8, (2, 3)), ValueError, "(2, 3)", "odd"),
    (lambda: Convolution(8, 8, (3, 3), groups=3), ValueError, "groups is 3", "divide both 8"),
    (lambda: Convolution(8, 8, (3, 3)).macs(0), ValueError, "size is 0", "at least 1"),
    (lambda: Convolution(8, 8, (3, 3)).moved(1.5), TypeError, "1.5", "whole number"),
    (lambda: channels_seen([]), ValueError, "is empty", "at least one"),
    (lambda: shuffle(10, 4), ValueError, "groups is 4", "divide 10"),
)
