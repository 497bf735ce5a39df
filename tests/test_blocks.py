"""Blocks in PyTorch against formulas written out."""

import copy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (PyTorch's own name for it)
import torchvision
from bad_input import refused
from random_weights import randomise
from torch import nn

import resnet_lab as rl
from resnet_lab import models
from resnet_lab.models import (
    BasicBlock,
    Bottleneck,
    PreActBasicBlock,
    PreActBottleneck,
    SingleBlock,
    build,
    conv1x1,
    fit_branch,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("block", [SingleBlock, BasicBlock])
def test_addition_keeps_the_channels_and_concatenation_doubles_them(block):
    x = torch.randn(2, 6, 1, 1000)
    assert block(6, 6)(x).shape == (2, 6, 1, 1000)
    joined = block(6, 6, fusion="concat").eval()
    assert joined(x).shape == (2, 12, 1, 1000) and joined.out_channels == 12
    torch.testing.assert_close(
        joined(x)[:, :6], x.relu()
    )  # the input's channels come first, as in a DenseNet


def two_dimensional(model):
    """A copy of a 1-D model with (1, k) pixels for every kernel of k samples."""
    model = copy.deepcopy(model)
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv1d):
                flat = nn.Conv2d(
                    child.in_channels,
                    child.out_channels,
                    (1, *child.kernel_size),
                    (1, *child.stride),
                    (0, *child.padding),
                    bias=False,
                )
                flat.weight.data = child.weight.data.unsqueeze(2)
            elif isinstance(child, nn.BatchNorm1d):
                flat = nn.BatchNorm2d(child.num_features)
                flat.load_state_dict(child.state_dict())
            elif isinstance(child, nn.AvgPool1d):
                flat = nn.AvgPool2d((1, *child.kernel_size))
            else:
                continue
            setattr(module, name, flat.train(child.training))
    return model


@pytest.mark.parametrize(
    "model, channels",
    [
        (BasicBlock(4, 8, stride=2, dims=1), 4),
        (Bottleneck(6, 2, stride=2, dims=1, kernel=5), 6),
        (build(rl.signal_resnet(200)), 1),
    ],
    ids=["basic block", "bottleneck", "signal network"],
)
def test_one_dimension_is_two_with_one_row(model, channels):
    model = randomise(model).eval()
    x = torch.randn(2, channels, 200)
    with torch.no_grad():
        flat = two_dimensional(model)(x.unsqueeze(2))
        torch.testing.assert_close(flat.view_as(model(x)), model(x), rtol=1e-4, atol=1e-4)


def test_a_3x3_kernel_on_a_single_row_uses_its_middle_row_only():
    square = models.conv3x3(4, 8)
    row = models.conv3x3(4, 8, dims=1)
    row.weight.data = square.weight.data[:, :, 1]
    x = torch.randn(2, 4, 1, 50)
    torch.testing.assert_close(square(x).squeeze(2), row(x.squeeze(2)))


def by_formula(block, x):
    """A pre-activation block, equation 1 of "Identity mappings" with figure 4(e), in functions."""

    def convolution(layer, x):
        return F.conv2d(x, layer.weight, None, layer.stride[0], layer.padding[0])

    def activation(norm, x):
        return F.relu(
            F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=1e-5)
        )

    start = activation(block.bn1, x)
    branch = convolution(block.conv2, activation(block.bn2, convolution(block.conv1, start)))
    if hasattr(block, "conv3"):
        branch = convolution(block.conv3, activation(block.bn3, branch))
    return branch + (
        convolution(block.downsample[0], start)
        if isinstance(block.downsample, nn.Sequential)
        else x
    )


@pytest.mark.parametrize(
    "block",
    [
        PreActBasicBlock(8, 8),
        PreActBasicBlock(8, 16, stride=2),
        PreActBottleneck(8, 2),
        PreActBottleneck(8, 4, stride=2),
    ],
    ids=["basic", "basic, stride 2", "bottleneck", "bottleneck, stride 2"],
)
def test_pre_activation_is_its_formula(block):
    block, x = randomise(block).eval(), torch.randn(2, 8, 9, 9)
    with torch.no_grad():
        expected = by_formula(block, x.clone())
        torch.testing.assert_close(block(x), expected, rtol=1e-5, atol=1e-5)


def test_a_single_convolution_beside_the_identity_is_a_convolution():
    """x + W x = (1 + W) x: one linear layer. The paper's have two or more (section 3.2)."""
    block = SingleBlock(5, 5).eval()
    same = copy.deepcopy(block)
    same.downsample = None
    with torch.no_grad():
        scale = (block.bn1.running_var + block.bn1.eps).sqrt()  # BatchNorm divides by it afterwards
        same.conv1.weight[range(5), range(5), 1, 1] += scale
        x = torch.randn(2, 5, 8, 8)
        torch.testing.assert_close(same(x), block(x), rtol=1e-5, atol=1e-5)


def test_shortcut_a_takes_every_second_pixel_and_appends_zeros():
    block = BasicBlock(4, 10, stride=2, shortcut="A")
    x = torch.randn(2, 4, 7, 9)
    padded = block.downsample(x)
    assert (
        padded.shape == (2, 10, 4, 5)
        and not padded[:, 4:].any()
        and not list(block.downsample.parameters())
    )
    for row in range(4):
        for column in range(5):
            assert torch.equal(padded[:, :4, row, column], x[:, :, 2 * row, 2 * column])


def test_branches_are_made_to_fit():
    x = torch.arange(12.0).view(1, 1, 12)
    assert fit_branch(x, 14, "pad").tolist() == [[[*range(12), 0, 0]]]
    assert fit_branch(x, 10, "pad").tolist() == [[[*range(10)]]]
    assert fit_branch(x, 4, "pool").tolist() == [[[1, 4, 7, 10]]]
    assert fit_branch(x, 6, "interpolate").tolist() == [[[0.5, 2.5, 4.5, 6.5, 8.5, 10.5]]]
    for how in ("pad", "pool", "interpolate"):
        assert fit_branch(torch.zeros(2, 3, 5, 8), 6, how).shape == (2, 3, 6, 6)
    with pytest.raises(ValueError, match="'stretch'.*'pad', 'pool', 'interpolate'"):
        fit_branch(x, 6, "stretch")


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("block", ["single", "basic", "bottleneck"])
def test_a_block_can_start_as_the_identity(block, training):
    """With the last BatchNorm's weight at zero, output = relu(input), and the branch can learn."""
    stem_width = 32 if block == "bottleneck" else 8
    stage = build(
        rl.ResNet(block, (2,), (8,), stem_width=stem_width), zero_init_residual=True
    ).layer1
    x = torch.randn(2, stage[0].out_channels, 6, 6)
    out = stage.train(training)(x)
    torch.testing.assert_close(out, x.relu(), rtol=0, atol=0)
    out.square().sum().backward()
    assert all(getattr(part, part.last).weight.grad.any() for part in stage)


@pytest.mark.parametrize("kind, in_channels, last", [("basic", 8, 2), ("bottleneck", 32, 3)])
def test_a_pre_activation_block_starts_as_the_identity_by_its_last_convolution(
    kind, in_channels, last
):
    """Behind a BatchNorm at zero the ReLU passes no gradient: the branch would stay silent."""
    net = rl.ResidualBlock(kind, in_channels, 8, version=2)
    x = torch.randn(2, in_channels, 6, 6)
    for block, learns in ((build(net, zero_init_residual=True), True), (build(net), False)):
        if not learns:
            nn.init.zeros_(getattr(block, f"bn{last}").weight)
        out = block(x)
        assert torch.equal(out, x)
        out.square().sum().backward()
        assert any(bool(parameter.grad.any()) for parameter in block.parameters()) == learns


@pytest.mark.parametrize("options", [dict(shortcut="D"), dict(fusion="mean")])
def test_blocks_name_what_they_do_not_know(options):
    with pytest.raises(ValueError, match=f"{list(options.values())[0]!r}; it must be one of"):
        BasicBlock(4, 4, **options)


def test_squeeze_and_excitation_is_torchvisions():
    """The same gate, and the parameters that SE-ResNet-50 is known for."""
    ours = BasicBlock(32, 32, se=True).se
    theirs = torchvision.ops.SqueezeExcitation(32, 2)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 32, 5, 5)
    torch.testing.assert_close(ours(x), theirs(x))
    with torch.device("meta"):
        model = build(rl.resnet(50, se=True))
    table = rl.trace(rl.resnet(50, se=True), (3, 224, 224))
    assert sum(parameter.numel() for parameter in model.parameters()) == table.params == 28_088_024
    assert (table.weight_layers, table.receptive_field) == (50, 427)


test_bad_input_is_refused = refused(
    (lambda: BasicBlock(8, 2, shortcut="A"), ValueError, "8 channels become 2", "choose 'B'"),
    (lambda: Bottleneck(64, 8, shortcut="A"), ValueError, "64 channels become 32", "choose 'B'"),
    (lambda: BasicBlock(8, 8, kernel=2), ValueError, "kernel is 2", "odd"),
    (lambda: SingleBlock(8, 8, stride=0), ValueError, "stride is 0", "at least 1"),
    (lambda: PreActBasicBlock(8, 8, stride=1.5), TypeError, "1.5", "whole number"),
    (lambda: BasicBlock(8, -8), ValueError, "out_channels is -8", "at least 1"),
    (lambda: BasicBlock("8", 8), TypeError, "'8'", "whole number"),
    (lambda: BasicBlock(8, 8, dims=3), ValueError, "dims is 3", "1, 2"),
    (lambda: Bottleneck(8, 8, version=2), ValueError, "version is 2", "1, 1.5"),
    (lambda: conv1x1(8, 8, 0), ValueError, "stride is 0", "at least 1"),
)
