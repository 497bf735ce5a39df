"""What backward keeps, byte for byte as PyTorch packs it; weights, gradients, optimizers."""

import pytest
import torch
import torchvision
from bad_input import refused
from everything import examples
from hypothesis import given, settings
from networks import networks
from torch import nn
from torch.utils.checkpoint import checkpoint

import resnet_lab as rl
from resnet_lab.interop import describe
from resnet_lab.models import build
from resnet_lab.modules import Block
from resnet_lab.saved import saved_bytes

SMALL, IMAGENET = (3, 32, 32), (3, 48, 48)
WIDE = (8, 9, 9)


def block(kind, **options):
    return rl.ResidualBlock(kind, in_channels=8, width=8, **options), WIDE


NETS = {
    "resnet20": (rl.named("resnet20"), SMALL),
    "resnet56": (rl.named("resnet56"), SMALL),
    "plain20": (rl.named("plain20"), SMALL),
    "resnet20, B": (rl.cifar_resnet(20, "B"), SMALL),
    "resnet20, C": (rl.cifar_resnet(20, "C"), SMALL),
    "resnet20, version 2": (rl.cifar_resnet(20, version=2), SMALL),
    "resnet20, concat": (rl.cifar_resnet(20, "B", fusion="concat"), SMALL),
    "resnet20, dropout": (rl.cifar_resnet(20, dropout=0.3), SMALL),
    "resnet18-small": (rl.named("resnet18-small"), SMALL),
    "resnet18": (rl.named("resnet18"), IMAGENET),
    "resnet34": (rl.named("resnet34"), IMAGENET),
    "plain34": (rl.named("plain34"), IMAGENET),
    "resnet50": (rl.named("resnet50"), IMAGENET),
    "resnet50, odd sides": (rl.named("resnet50"), (3, 33, 47)),
    "resnet50, version 1": (rl.resnet(50, version=1), IMAGENET),
    "resnet50, version 2": (rl.resnet(50, version=2), IMAGENET),
    "resnet50, C": (rl.resnet(50, shortcut="C"), IMAGENET),
    "resnet101": (rl.named("resnet101"), IMAGENET),
    "se-resnet18": (rl.resnet(18, se=True), IMAGENET),
    "se-resnet50": (rl.resnet(50, se=True), IMAGENET),
    "se-resnet18, version 2": (rl.resnet(18, version=2, se=True), IMAGENET),
    "signal": (rl.signal_resnet(64), (1, 64)),
    "vgg16": (rl.named("vgg16"), IMAGENET),
    "vgg19": (rl.named("vgg19"), (3, 33, 40)),
    "block, single": block("single"),
    "block, basic": block("basic", stride=2),
    "block, version 2": block("basic", version=2),
    "block, version 2, stride": block("bottleneck", version=2, stride=2),
    "block, concat": block("basic", fusion="concat", shortcut="C"),
    "block, se": block("bottleneck", se=True, shortcut="none"),
}


def test_there_are_thirty():
    assert len(NETS) == 30


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", NETS)
def test_kept_activations_are_pytorchs(name, precision):
    net, shape = NETS[name]
    kept = rl.trace(net, shape).memory(2, precision).kept
    assert kept == saved_bytes(build(net), torch.randn(2, *shape), precision)


RECORDED = ("densenet121", "mobilenet_v2", "mobilenet_v3_small", "regnet_y_400mf", "googlenet")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", RECORDED)
def test_kept_activations_of_torchvisions_networks(name, precision):
    """Recorded, not described: concatenations, ReLU6, hard swish, gates, branches."""
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    model = getattr(torchvision.models, name)(**options)
    kept = describe(model, (3, 64, 64)).memory(2, precision).kept
    assert kept == saved_bytes(model, torch.randn(2, 3, 64, 64), precision)


@settings(max_examples=examples(40), deadline=None)
@given(networks())
def test_kept_activations_of_random_networks(case):
    """Repeated blocks are counted once and multiplied: here every one runs."""
    settings, shape = case
    net = rl.ResNet(**settings)
    table, model = rl.trace(net, shape), build(net)
    for precision in ("float32", "bfloat16"):
        # BatchNorm refuses one number a channel; every size has more with three images.
        expected = saved_bytes(model, torch.randn(3, *shape), precision)
        assert table.memory(3, precision).kept == expected


def test_layers_say_where_the_bytes_are():
    need = rl.trace(rl.resnet(50), IMAGENET).memory(4, "bfloat16")
    assert sum(size * copies for _, size, copies in need.layers) == need.kept
    assert dict((name, size) for name, size, _ in need.layers)["conv1"] == (
        2 * 4 * 3 * 48 * 48 + 2 * 64 * 3 * 7 * 7
    )


def size(tensors):
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


MAKERS = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, 0.1),
    "momentum": lambda parameters: torch.optim.SGD(parameters, 0.1, 0.9),
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


@pytest.mark.parametrize("optimizer", MAKERS)
@pytest.mark.parametrize("name", ["resnet20", "se-resnet18"])
def test_the_rest_is_what_a_step_leaves(name, optimizer):
    net, shape = NETS[name]
    model = build(net)
    made = MAKERS[optimizer](model.parameters())
    model(torch.randn(2, *shape)).sum().backward()
    made.step()
    need = rl.trace(net, shape).memory(2, optimizer=optimizer)
    assert need.weights == size(model.parameters())
    assert need.buffers == size(model.buffers())
    assert need.gradients == size(parameter.grad for parameter in model.parameters())
    states = [
        value
        for state in made.state.values()
        for value in state.values()
        if isinstance(value, torch.Tensor)
    ]
    assert need.optimizer == size(states)


def checkpointed(model, images, precision):
    """Bytes kept behind the forward pass, and the most that a block keeps when it runs again."""
    own = {tensor.untyped_storage().data_ptr() for tensor in model.state_dict().values()}
    held, phases = [], [{}]

    def pack(tensor):
        held.append(tensor)
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own and storage.data_ptr() not in phases[0]:
            phases[-1][storage.data_ptr()] = storage.nbytes()
        return tensor

    def twice(forward):
        def run(x):
            if torch.is_grad_enabled():  # the second time
                phases.append({})
            return forward(x)

        return lambda x: checkpoint(run, x, use_reentrant=True)

    for module in model.modules():
        if isinstance(module, Block):
            module.forward = twice(module.forward)
    model.train()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            output = model(images)
        output.sum().backward()
    return sum(phases[0].values()), max(sum(phase.values()) for phase in phases[1:])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "name",
    [
        "resnet20",
        "plain20",
        "resnet20, concat",
        "resnet18",
        "resnet50",
        "resnet50, version 2",
        "se-resnet18, version 2",
        "signal",
    ],
)
def test_checkpointing_keeps_each_blocks_input(name, precision):
    net, shape = NETS[name]
    need = rl.trace(net, shape).memory(2, precision, checkpointing=True)
    expected = checkpointed(build(net), torch.randn(2, *shape), precision)
    assert (need.kept, need.recomputed) == expected
    assert need.total < rl.trace(net, shape).memory(2, precision).total


def test_the_total_is_what_stands_above_it():
    need = rl.trace(rl.resnet(18), IMAGENET).memory(2)
    lines = repr(need).split("\n")
    values = [int(line.split()[-1].replace(",", "")) for line in lines[1:]]
    assert sum(values[:-1]) == values[-1] == need.total
    assert need.inputs == 0  # the first convolution keeps them
    assert rl.trace(rl.resnet(18), IMAGENET).memory(2, "bfloat16").inputs == 4 * 2 * 3 * 48 * 48


def test_saved_bytes_counts_a_piece_of_memory_once():
    """x and its ReLU share one when the ReLU is in place."""
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU(inplace=True), nn.Conv2d(1, 1, 1))
    assert saved_bytes(model, torch.zeros(1, 1, 4, 4)) == 2 * 4 * 16


TABLE = rl.trace(rl.resnet(18), IMAGENET)
test_bad_input_is_refused = refused(
    (lambda: TABLE.memory(0), ValueError, "batch is 0", "at least 1"),
    (lambda: TABLE.memory(2.5), TypeError, "2.5", "whole number"),
    (lambda: TABLE.memory(2, "bf16"), ValueError, "'bf16'", "'bfloat16'"),
    (lambda: TABLE.memory(2, optimizer="rmsprop"), ValueError, "'rmsprop'", "'adamw'"),
    (lambda: TABLE.memory(2, checkpointing=1), ValueError, "checkpointing is 1", "True"),
    (
        lambda: rl.trace(rl.vgg(16), IMAGENET).memory(2, checkpointing=True),
        ValueError,
        "VGG-16 has no blocks",
        "leave it False",
    ),
)
