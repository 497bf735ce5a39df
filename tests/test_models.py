"""The modules against torchvision's own, formulas written out, and `trace`, which counts without them."""

import copy
from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F
import torchvision
from hypothesis import given, settings, strategies as st
from torch import nn
from torchvision.models import resnet as theirs

import resnet_lab as rl
from resnet_lab import models
from resnet_lab.models import (
    BasicBlock,
    Bottleneck,
    PreActBasicBlock,
    PreActBottleneck,
    SingleBlock,
    build,
    fit_branch,
)

pytestmark = pytest.mark.usefixtures("one_thread")

LEAF_KINDS = {
    nn.Conv1d: "conv",
    nn.Conv2d: "conv",
    nn.BatchNorm1d: "batchnorm",
    nn.BatchNorm2d: "batchnorm",
    nn.MaxPool1d: "maxpool",
    nn.MaxPool2d: "maxpool",
    nn.AvgPool1d: "avgpool",
    nn.AvgPool2d: "avgpool",
    nn.AdaptiveAvgPool1d: "avgpool",
    nn.AdaptiveAvgPool2d: "avgpool",
    nn.ReLU: "relu",
    nn.Flatten: "flatten",
    nn.Dropout: "dropout",
    nn.Linear: "linear",
}


def randomise(model, seed=0):
    """Random weights of a size that keeps signals moderate, and random BatchNorm statistics."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.weight.uniform_(0.3, 0.7), module.bias.normal_(0, 0.1)
                module.running_mean.normal_(0, 0.1), module.running_var.uniform_(0.5, 1.5)
                module.num_batches_tracked.zero_()
            elif isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Linear)):
                module.weight.normal_(0, (2 / module.weight[0].numel()) ** 0.5)
                if module.bias is not None:
                    module.bias.normal_(0, 0.1)
    return model


def fresh(make):
    """The module that make() returns, with random numbers; its own initialisation is skipped, for speed."""
    with torch.device("meta"):
        model = make()
    return randomise(model.to_empty(device="cpu"))


# Against torchvision.


class Zero(nn.Module):
    def forward(self, x):
        return 0


class SubsampleAndPad(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.channels, self.stride = channels, stride

    def forward(self, x):
        x = F.max_pool2d(x, 1, self.stride)
        zeros = x.new_zeros(x.shape[0], self.channels - x.shape[1], *x.shape[2:])
        return torch.cat((x, zeros), 1)


def twin(net):
    """The network that `net` describes, put together from torchvision's ResNet and its blocks."""
    if isinstance(net, rl.VGG):
        return getattr(torchvision.models, f"vgg{net.depth}")(num_classes=net.classes)
    block = {"basic": theirs.BasicBlock, "bottleneck": theirs.Bottleneck}[net.block]
    model = theirs.ResNet(block, (*net.depths, 1)[:4], num_classes=net.classes)
    if net.widths != (64, 128, 256, 512):
        model.inplanes = net.widths[0]
        model.bn1 = nn.BatchNorm2d(net.widths[0])
        for number in (1, 2, 3):
            stage = model._make_layer(
                block, net.widths[number - 1], net.depths[number - 1], min(number, 2)
            )
            setattr(model, f"layer{number}", stage)
        model.layer4 = nn.Identity()
        model.fc = nn.Linear(model.inplanes, net.classes)
    if net.stem == "3x3":
        model.conv1 = nn.Conv2d(net.in_channels, net.widths[0], 3, padding=1, bias=False)
        model.maxpool = nn.Identity()
    elif net.in_channels != 3:
        model.conv1 = nn.Conv2d(net.in_channels, 64, 7, 2, 3, bias=False)
    for module in model.modules():
        if isinstance(module, block):
            if net.version == 1 and isinstance(module, theirs.Bottleneck):
                module.conv1.stride, module.conv2.stride = module.conv2.stride, (1, 1)
            if net.shortcut == "none":
                module.downsample = Zero()
            elif net.shortcut == "A" and module.downsample is not None:
                module.downsample = SubsampleAndPad(
                    module.downsample[0].out_channels, module.downsample[0].stride
                )
            elif net.shortcut == "C" and module.downsample is None:
                width = module.conv1.in_channels
                module.downsample = nn.Sequential(
                    nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width)
                )
    return model


def both(net):
    """Our model and torchvision's with the same numbers: ours loaded into theirs, strictly, and theirs back into ours."""
    ours = fresh(lambda: build(net))
    with torch.device("meta"):
        other = twin(net)
    other.load_state_dict(ours.state_dict(), strict=True, assign=True)
    ours.load_state_dict(other.state_dict(), strict=True)
    return ours, other


NAMED = [
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "vgg16",
    "vgg19",
    "plain18",
    "plain34",
    "resnet18-small",
    "resnet20",
    "resnet32",
    "resnet44",
    "resnet56",
    "resnet110",
    "plain20",
    "plain56",
]
VARIANTS = {
    "resnet50, version 1": rl.resnet(50, version=1),
    "resnet34, A": rl.resnet(34, shortcut="A"),
    "resnet34, C": rl.resnet(34, shortcut="C"),
    "resnet20, B": rl.cifar_resnet(20, shortcut="B"),
    "resnet18, one channel": rl.resnet(18, in_channels=1, classes=10),
}


@pytest.mark.parametrize(
    "net", [*map(rl.named, NAMED), *VARIANTS.values()], ids=[*NAMED, *VARIANTS]
)
def test_state_dict_logits_and_gradients_are_torchvisions(net):
    ours, other = both(net)
    x = torch.randn(2, net.in_channels, 64, 64)
    with torch.no_grad():
        logits = ours.eval()(x)
        torch.testing.assert_close(logits, other.eval()(x), rtol=1e-5, atol=1e-5)
    assert logits.std() > 0.01  # and not only equal because nothing arrives

    for model in (ours.train(), other.train()):
        torch.manual_seed(1)  # for VGG's dropout
        model(x).square().mean().backward()
    expected = dict(other.named_parameters())
    for name, parameter in ours.named_parameters():
        scale = expected[name].grad.abs().max().item() + 1e-12
        torch.testing.assert_close(
            parameter.grad / scale, expected[name].grad / scale, rtol=1e-4, atol=1e-4, msg=name
        )


def test_logits_at_224():
    ours, other = both(rl.resnet(50))
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(x), other.eval()(x), rtol=1e-5, atol=1e-5)


def test_parameters_stand_in_torchvisions_order():
    """So that the states of optimizers, which go by position, fit as well."""
    with torch.device("meta"):
        assert [name for name, _ in build(rl.resnet(50)).named_parameters()] == [
            name for name, _ in torchvision.models.resnet50().named_parameters()
        ]


# Against trace.


def executed(model, x):
    """(name, kind, shape, params, MACs) of every layer, as executed; and the output shape of every container."""
    rows, containers, hooks = [], {}, []

    def leaf(name):
        def hook(module, inputs, output):
            weight = getattr(module, "weight", None)
            macs = 0
            if isinstance(module, (nn.Conv1d, nn.Conv2d)):
                macs = weight.numel() * output[0, 0].numel()
            elif isinstance(module, nn.Linear):
                macs = weight.numel()
            params = sum(parameter.numel() for parameter in module.parameters())
            rows.append((name, LEAF_KINDS[type(module)], tuple(output.shape[1:]), params, macs))

        return hook

    def container(name):
        return lambda module, inputs, output: containers.update({name: tuple(output.shape[1:])})

    for name, module in model.named_modules():
        if type(module) in LEAF_KINDS:
            hooks.append(module.register_forward_hook(leaf(name)))
        elif not isinstance(module, (nn.Identity, models.ZeroPad)):
            hooks.append(module.register_forward_hook(container(name)))
    with torch.no_grad():
        model.eval()(x)
    for hook in hooks:
        hook.remove()
    return rows, containers


def assert_agrees(model, table):
    """What PyTorch executes is what the table says: names, kinds, shapes, parameters and MACs, in the same order."""
    rows, containers = executed(model, torch.zeros(2, *table.input_shape))
    joins = [row for row in table if row.kind in ("add", "concat")]
    assert rows == [
        (row.name, row.kind, row.output_shape, row.params, row.macs)
        for row in table
        if row not in joins
    ]
    for row in joins:
        assert containers[row.name.rpartition(".")[0]] == row.output_shape
    for row in table.groups("stage"):
        if row.name.startswith("layer"):
            assert containers[row.name] == row.output_shape
    assert containers[""] == table.output_shape
    assert sum(parameter.numel() for parameter in model.parameters()) == table.params


@st.composite
def descriptions(draw):
    """Any network `architecture.ResNet` accepts, small, with an input shape."""
    stages, dims = draw(st.integers(1, 3)), draw(st.sampled_from((1, 2)))
    block = draw(st.sampled_from(("single", "basic", "bottleneck")))
    shortcut = draw(st.sampled_from(("A", "B", "C", "none")))
    head = draw(st.sampled_from(("average", "flatten")))
    widths = draw(st.tuples(*[st.integers(1, 6)] * stages))
    stem_width = draw(st.none() | st.integers(1, 8))
    if shortcut == "A":  # zeros can be added, channels cannot be taken away
        widths, stem_width = tuple(sorted(widths)), None
    size = draw(st.integers(64, 80) if head == "flatten" else st.integers(1, 40))
    net = rl.ResNet(
        block,
        draw(st.tuples(*[st.integers(1, 2)] * stages)),
        widths,
        version=draw(st.sampled_from((1, 1.5) if block == "single" else (1, 1.5, 2))),
        shortcut=shortcut,
        stem=draw(st.sampled_from(("7x7", "3x3"))),
        stem_width=stem_width,
        kernel=draw(st.sampled_from((1, 3, 5))),
        in_channels=draw(st.integers(1, 3)),
        classes=draw(st.integers(1, 5)),
        dims=dims,
        fusion="add" if shortcut in ("A", "none") else draw(st.sampled_from(("add", "concat"))),
        head=head,
        dropout=draw(st.sampled_from((0, 0.5))),
        input_size=size if head == "flatten" else None,
    )
    sides = (size,) * dims if head == "flatten" else (size, draw(st.integers(1, 40)))[:dims]
    return net, (net.in_channels, *sides)


@settings(max_examples=250, deadline=None)
@given(descriptions())
def test_build_and_trace_agree_on_any_network(described):
    net, shape = described
    assert_agrees(build(net), rl.trace(net, shape))


@settings(max_examples=100, deadline=None)
@given(descriptions(), st.integers(1, 3), st.integers(1, 6))
def test_build_and_trace_agree_on_any_block(described, stride, in_channels):
    net, shape = described
    width = max(net.widths)
    if net.shortcut == "A":
        in_channels = min(in_channels, width)
    block = rl.ResidualBlock(
        net.block,
        in_channels,
        width,
        stride,
        net.version,
        net.shortcut,
        net.fusion,
        net.kernel,
        net.dims,
    )
    assert_agrees(
        nn.Sequential(OrderedDict(block=build(block))),
        rl.trace(block, (block.in_channels, *shape[1:])),
    )


@pytest.mark.parametrize("name", [*NAMED, "signal"])
def test_build_and_trace_agree_on_named_networks(name):
    net = rl.named(name)
    shape = (1, 1000) if name == "signal" else (3, 32, 32)
    assert_agrees(fresh(lambda: build(net)), rl.trace(net, shape))


# Figures that the book shows.


def shapes(model, x):
    """The shape after every part of a model."""
    found = []
    with torch.no_grad():
        for part in model.eval():
            x = part(x)
            found.append(tuple(x.shape))
    return found


def test_small_images():
    assert build(rl.resnet18_small())(torch.zeros(64, 3, 32, 32)).shape == (64, 10)


def test_one_channel_of_224_pixels():
    found = shapes(build(rl.resnet(18, in_channels=1, classes=10)), torch.zeros(1, 1, 224, 224))
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
    found = shapes(model, torch.zeros(1, 1, 1000))
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
    """A copy of a 1-D model in which every convolution of k samples is one of (1, k) pixels with the same weights."""
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


# Blocks against their formulas.


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


def test_a_single_convolution_beside_the_identity_is_a_convolution():
    """x + W x = (1 + W) x: one linear layer, which is why the paper's branches have at least two (section 3.2)."""
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


# The start.


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("block", ["single", "basic", "bottleneck"])
def test_a_block_can_start_as_the_identity(block, training):
    """With the last BatchNorm's weight at zero, output = relu(input); and the branch can still learn."""
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
    """Behind a BatchNorm at zero the ReLU passes no gradient, and the branch would stay silent for ever."""
    net = rl.ResidualBlock(kind, in_channels, 8, version=2)
    x = torch.randn(2, in_channels, 6, 6)
    for block, learns in ((build(net, zero_init_residual=True), True), (build(net), False)):
        if not learns:
            nn.init.zeros_(getattr(block, f"bn{last}").weight)
        out = block(x)
        assert torch.equal(out, x)
        out.square().sum().backward()
        assert any(bool(parameter.grad.any()) for parameter in block.parameters()) == learns


def test_he_initialisation():
    """Section 3.4 of the paper: in every convolution a normal distribution of variance 2 / fan, here the fan-out."""
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


@pytest.mark.parametrize("options", [dict(shortcut="D"), dict(fusion="mean")])
def test_blocks_name_what_they_do_not_know(options):
    with pytest.raises(ValueError, match=f"{list(options.values())[0]!r}; it must be one of"):
        BasicBlock(4, 4, **options)


# Mistakes that circulate: each is made here, and the checks above tell it from the truth.

SMALL = rl.ResNet("bottleneck", (2, 2), (4, 8), classes=3)


def refused(model, net, shape=(3, 32, 32)):
    """Whether the comparison with trace finds something wrong."""
    try:
        assert_agrees(model, rl.trace(net, shape))
    except AssertionError:
        return True
    return False


def test_mistake_a_1x1_convolution_with_kernel_3(monkeypatch):
    right = build(SMALL)
    monkeypatch.setattr(
        models, "conv1x1", lambda a, b, stride=1, dims=2: nn.Conv2d(a, b, 3, stride, 1, bias=False)
    )
    wrong, x = build(SMALL), torch.zeros(1, 3, 32, 32)
    assert shapes(right, x) == shapes(wrong, x)  # nothing shows from outside
    assert not refused(right, SMALL) and refused(wrong, SMALL)


@pytest.mark.parametrize("misspelt", [dict(kernel=3), dict(kernel_size=3, biase=False)])
def test_mistake_misspelt_arguments(misspelt):
    with pytest.raises(TypeError):
        nn.Conv2d(4, 4, **misspelt)


def test_mistake_the_stride_in_both_convolutions():
    net = rl.ResNet("basic", (1, 1), (4, 8), classes=3)
    model = build(net)
    model.layer2[0].conv2.stride = (2, 2)
    with pytest.raises(RuntimeError, match="must match"):
        model(torch.zeros(2, 3, 32, 32))
    # Without a shortcut nothing complains, and the image is a quarter of what it should be.
    net = rl.ResNet("basic", (1, 1), (4, 8), classes=3, shortcut="none")
    model = build(net)
    assert not refused(model, net)
    model.layer2[0].conv2.stride = (2, 2)
    assert refused(model, net)


class AddsTooEarly(BasicBlock):
    def forward(self, x):
        out += x  # noqa: F821
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)))


class NeverAdds(BasicBlock):
    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)))


def test_mistake_the_input_is_never_added():
    x = torch.randn(2, 4, 6, 6)
    with pytest.raises(UnboundLocalError):
        AddsTooEarly(4, 4)(x)
    for block, adds in ((BasicBlock(4, 4), True), (NeverAdds(4, 4), False)):
        nn.init.zeros_(block.bn2.weight)
        assert torch.equal(block(x), x.relu()) == adds


def test_mistake_pre_activation_without_the_final_batchnorm_and_relu():
    net = rl.ResNet("basic", (1, 1), (4, 8), classes=3, version=2)
    model = build(net)
    assert not refused(model, net)
    del model.bn, model.relu
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 3)  # it runs
    assert refused(model, net)


def test_mistake_a_bias_before_batchnorm():
    net = rl.ResNet("basic", (1,), (4,), classes=3)
    model = build(net)
    model.conv1 = nn.Conv2d(3, 4, 7, 2, 3, bias=True)
    assert refused(model, net)
    # It is dead weight: BatchNorm removes whatever it is, and so it has no gradient.
    x = torch.randn(4, 3, 16, 16)
    before = model.train()(x)
    nn.init.constant_(model.conv1.bias, 10)
    torch.testing.assert_close(model(x), before, rtol=1e-4, atol=1e-4)
    model(x).square().sum().backward()
    assert model.conv1.bias.grad.abs().max() < 1e-4 * model.conv1.weight.grad.abs().max()


def test_mistake_a_projection_without_batchnorm():
    with torch.device("meta"):
        model, other = build(rl.resnet(18)), torchvision.models.resnet18()
    del model.layer2[0].downsample[1]
    with pytest.raises(RuntimeError, match="layer2.0.downsample.1"):
        other.load_state_dict(model.state_dict(), strict=True, assign=True)


def test_mistake_seven_by_seven_costs_what_three_3x3_cost():
    one = nn.Conv2d(10, 10, 7, bias=False)
    three = nn.Sequential(*[nn.Conv2d(10, 10, 3, bias=False) for _ in range(3)])
    x = torch.zeros(1, 10, 20, 20)
    assert one(x).shape == three(x).shape
    assert [sum(p.numel() for p in model.parameters()) for model in (one, three)] == [
        49 * 100,
        27 * 100,
    ]


def test_mistake_eleven_million_parameters_called_the_papers_cifar_network():
    """The paper's table 6: ResNet-20 has 0.27 million."""
    millions = [
        sum(parameter.numel() for parameter in build(net).parameters()) / 1e6
        for net in (rl.cifar_resnet(20), rl.resnet18_small())
    ]
    assert [f"{count:.2f}" for count in millions] == ["0.27", "11.17"]
