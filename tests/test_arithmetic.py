"""The formulas against PyTorch: its output sizes, parameters, FLOP counter, and gradients."""

import itertools

import pytest
import reference
import torch
from bad_input import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import resnet_lab as rl
from resnet_lab.arithmetic import ReceptiveField, batchnorm_params, linear_params

META = torch.device("meta")


def same_as_pytorch(layer, size, **settings):
    """conv_output_size gives the layer's output size, or raises where PyTorch refuses the input."""
    try:
        expected = layer(torch.zeros(1, 1, size, device=META)).shape[-1]
    except RuntimeError:
        with pytest.raises(ValueError, match="at least"):
            rl.conv_output_size(size, **settings)
    else:
        assert rl.conv_output_size(size, **settings) == expected, (size, settings)


@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_convolution_size_on_every_small_case(dilation):
    for kernel, stride, padding in itertools.product(range(1, 6), range(1, 5), range(4)):
        layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation, device=META)
        for size in range(1, 14):
            same_as_pytorch(
                layer, size, kernel=kernel, stride=stride, padding=padding, dilation=dilation
            )


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_pooling_size_on_every_small_case(ceil_mode, dilation):
    for kernel, stride in itertools.product(range(1, 6), range(1, 6)):
        for padding in range(kernel // 2 + 1):  # PyTorch's limit for pooling
            layer = nn.MaxPool1d(kernel, stride, padding, dilation, ceil_mode=ceil_mode)
            for size in range(1, 14):
                same_as_pytorch(
                    layer,
                    size,
                    kernel=kernel,
                    stride=stride,
                    padding=padding,
                    dilation=dilation,
                    ceil_mode=ceil_mode,
                )


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 100_000),
    st.integers(1, 99),
    st.integers(1, 50),
    st.integers(0, 99),
    st.integers(1, 50),
)
def test_convolution_size_on_large_cases(size, kernel, stride, padding, dilation):
    layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation, device=META)
    same_as_pytorch(layer, size, kernel=kernel, stride=stride, padding=padding, dilation=dilation)


def test_an_input_of_229_is_not_needed():
    """Without padding, 112 leads back to 223 to 229 pixels; with the stem's, 224 will do."""
    smallest = {
        k: next(n for n in range(k, 300) if rl.conv_output_size(n, k, stride=2) == 112)
        for k in (1, 3, 5, 7)
    }
    assert smallest == {1: 223, 3: 225, 5: 227, 7: 229}
    assert [n for n in range(1, 300) if rl.conv_output_size(n, 7, stride=2, padding=3) == 112] == [
        223,
        224,
    ]


def stacks(at_least=1):
    """Up to four layers (kernel, stride, padding, dilation)."""
    layer = st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(0, 4), st.integers(1, 3))
    return st.lists(layer, min_size=at_least, max_size=4)


@settings(max_examples=150, deadline=None)
@given(stacks())
def test_field_is_the_support_of_the_gradient(stack):
    convs = [nn.Conv1d(1, 1, *layer, bias=False) for layer in stack]
    field = ReceptiveField()
    fields = reference.fields(nn.Sequential(*convs), length=2048)
    for layer, measured in zip(stack, fields, strict=True):
        field = field.through(*layer)
        assert field == ReceptiveField(measured.receptive_field, measured.stride, measured.padding)
    assert rl.receptive_field(stack) == field.size


@settings(deadline=None)
@given(stacks(at_least=2))
def test_two_branches_see_the_hull_of_both(stack):
    """A stack beside one 1-wide convolution of the same total stride, added."""
    left = nn.Sequential(*(nn.Conv1d(1, 1, *layer, bias=False) for layer in stack))
    field, stride = ReceptiveField(), 1
    for layer in stack:
        field, stride = field.through(*layer), stride * layer[1]
    x = torch.ones(1, 1, 2048, dtype=torch.float64, requires_grad=True)
    for parameter in left.double().parameters():
        nn.init.ones_(parameter)
    branch, shortcut = left(x), x[..., ::stride]
    length = min(branch.shape[-1], shortcut.shape[-1])
    measured = reference.seen(x, branch[..., :length] + shortcut[..., :length])
    shortcut = ReceptiveField().through(1, stride)
    assert field.beside(shortcut) == shortcut.beside(field) == ReceptiveField(*measured)


def test_branches_that_do_not_line_up():
    with pytest.raises(ValueError, match="strides 2 and 1 .* do not line up"):
        ReceptiveField().through(3, 2).beside(ReceptiveField())


@settings(max_examples=200, deadline=None)
@given(
    st.data(),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 5),
    st.booleans(),
    st.integers(1, 2),
)
def test_convolution_counts_are_pytorchs(data, groups, ins, outs, bias, dims):
    kernel = data.draw(st.tuples(*[st.integers(1, 5)] * dims))
    sides = data.draw(st.tuples(*[st.integers(1, 9)] * dims))
    ins, outs = ins * groups, outs * groups
    layer = reference.CONV[dims](
        ins, outs, kernel, padding=2, groups=groups, bias=bias, device=META
    )
    with FlopCounterMode(display=False) as counter:
        output = layer(torch.zeros(1, ins, *sides, device=META))
    assert rl.conv_params(ins, outs, kernel, groups, bias) == sum(
        p.numel() for p in layer.parameters()
    )
    assert (
        2 * rl.conv_macs(ins, outs, kernel, output.shape[2:], groups) == counter.get_total_flops()
    )


@pytest.mark.parametrize("bias", [True, False])
def test_linear_and_batchnorm_parameters_are_pytorchs(bias):
    assert linear_params(12, 7, bias) == sum(p.numel() for p in nn.Linear(12, 7, bias).parameters())
    assert batchnorm_params(12) == sum(p.numel() for p in nn.BatchNorm2d(12).parameters())


def test_building_block_against_bottleneck():
    """At 256 channels 1,179,648 weights against 69,632; the paper's block is 64 wide: 73,728."""

    def weights(*convs):
        return sum(conv.weight.numel() for conv in convs)

    building = weights(nn.Conv2d(256, 256, 3), nn.Conv2d(256, 256, 3))
    bottleneck = weights(nn.Conv2d(256, 64, 1), nn.Conv2d(64, 64, 3), nn.Conv2d(64, 256, 1))
    assert 2 * rl.conv_params(256, 256, 3) == building == 1_179_648
    assert (
        rl.conv_params(256, 64, 1) + rl.conv_params(64, 64, 3) + rl.conv_params(64, 256, 1)
        == bottleneck
        == 69_632
    )
    assert 2 * rl.conv_params(64, 64, 3) == 73_728


def test_seven_wide_against_three_three_wide():
    assert rl.receptive_field([(7,)]) == rl.receptive_field([(3,)] * 3) == 7
    assert (rl.conv_params(5, 5, 7), 3 * rl.conv_params(5, 5, 3)) == (49 * 5 * 5, 27 * 5 * 5)


test_bad_input = refused(
    (lambda: ReceptiveField(-1), ValueError, "size is -1", "at least 0"),
    (lambda: ReceptiveField(3, 0), ValueError, "stride is 0", "at least 1"),
    (lambda: ReceptiveField(3, 1, 0.5), TypeError, "0.5", "whole number"),
    (lambda: ReceptiveField().through(0), ValueError, "kernel is 0", "at least 1"),
    (lambda: ReceptiveField().through(3, 0), ValueError, "stride is 0", "at least 1"),
    (lambda: ReceptiveField().through(2.5), TypeError, "2.5", "whole number"),
    (lambda: ReceptiveField().through(3, 1, -1), ValueError, "padding is -1", "at least 0"),
    (lambda: ReceptiveField().beside(3), TypeError, "other is 3", "a ReceptiveField, such as"),
    (lambda: rl.conv_output_size(0, 3), ValueError, "size is 0", "at least 1"),
    (lambda: rl.conv_output_size(-4, 3), ValueError, "size is -4", "at least 1"),
    (lambda: rl.conv_output_size(8.0, 3), TypeError, "8.0", "whole number"),
    (lambda: rl.conv_output_size("8", 3), TypeError, "'8'", "whole number"),
    (lambda: rl.conv_output_size(None, 3), TypeError, "None", "whole number"),
    (lambda: rl.conv_output_size(True, 1), TypeError, "True", "whole number"),
    (lambda: rl.conv_output_size(8, 0), ValueError, "kernel is 0", "at least 1"),
    (lambda: rl.conv_output_size(8, 3, stride=0), ValueError, "stride is 0", "at least 1"),
    (lambda: rl.conv_output_size(8, 3, padding=-1), ValueError, "padding is -1", "at least 0"),
    (lambda: rl.conv_output_size(8, 3, dilation=0), ValueError, "dilation is 0", "at least 1"),
    (lambda: rl.conv_output_size(4, 7, padding=1), ValueError, "spans 7 pixels", "at least 5"),
    (lambda: rl.conv_output_size(4, 3, dilation=2), ValueError, "spans 5 pixels", "at least 5"),
    (
        lambda: rl.conv_output_size(1, 4, stride=2, ceil_mode=True),
        ValueError,
        "spans 4 pixels",
        "at least 3",
    ),
    (
        lambda: rl.receptive_field([(3,), (3, 0)]),
        ValueError,
        "stride of layer 2 is 0",
        "at least 1",
    ),
    (
        lambda: rl.receptive_field([3, 3]),
        TypeError,
        "layer 1 is 3",
        "(kernel, stride, padding, dilation)",
    ),
    (
        lambda: rl.receptive_field([(3, 1, 1, 1, 1)]),
        TypeError,
        "(3, 1, 1, 1, 1)",
        "(kernel, stride, padding",
    ),
    (lambda: rl.conv_params(0, 8, 3), ValueError, "in_channels is 0", "at least 1"),
    (lambda: rl.conv_params(8, 2.5, 3), TypeError, "2.5", "whole number"),
    (lambda: rl.conv_params(8, 8, 3.0), TypeError, "3.0", "(3, 3)"),
    (lambda: rl.conv_params(8, 8, ()), TypeError, "()", "(3, 3)"),
    (lambda: rl.conv_params(8, 8, (3, 0)), ValueError, "kernel is 0", "at least 1"),
    (
        lambda: rl.conv_params(8, 8, 3, groups=3),
        ValueError,
        "groups is 3",
        "divide both 8 input and 8 output",
    ),
    (lambda: rl.conv_macs(8, 8, 3, 56), TypeError, "56", "(3, 3)"),
    (lambda: rl.conv_macs(8, 8, 3, (56, 0)), ValueError, "output_shape is 0", "at least 1"),
    (lambda: linear_params(0, 4), ValueError, "in_features is 0", "at least 1"),
    (lambda: batchnorm_params(-1), ValueError, "channels is -1", "at least 1"),
)
