"""Signals against autograd's own gradients; alterations against PyTorch's initialisers."""

import math

import pytest
import torch
from bad_input import refused
from torch import nn
from torch.nn.functional import cross_entropy

import resnet_lab as rl
from resnet_lab.gradients import alter, signals
from resnet_lab.models import build

IMAGES, LABELS = (
    torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(0)),
    torch.arange(6),
)


def network(shortcut="B", **settings):
    torch.manual_seed(0)
    return build(
        rl.ResNet(
            "basic",
            (1, 2),
            (8, 16),
            shortcut=shortcut,
            stem="3x3",
            in_channels=1,
            classes=10,
            **settings,
        )
    )


def test_signals_are_autograds():
    model, reference = network(), network()
    weights = {
        name: weight.clone()
        for name, weight in model.state_dict().items()
        if "running" not in name and "batches" not in name
    }
    layers = signals(model, IMAGES, LABELS)
    inputs = {}
    for name, module in reference.named_modules():
        module.register_forward_pre_hook(
            lambda module, arguments, name=name: inputs.update({name: arguments[0].clone()})
        )
    cross_entropy(reference(IMAGES), LABELS).backward()
    expected = [
        name
        for name, module in reference.named_modules()
        if isinstance(module, (nn.Conv2d, nn.Linear))
    ]
    assert (
        sorted(layer.name for layer in layers) == sorted(expected)
        and layers[0].name == "conv1"
        and layers[-1].name == "fc"
    )
    for layer in layers:
        module = reference.get_submodule(layer.name)
        weight = module.weight
        assert layer.gradient == pytest.approx(
            float(weight.grad.norm() / weight.detach().norm()), rel=1e-4
        )
        module._forward_pre_hooks.clear()
        assert layer.output == pytest.approx(
            module(inputs[layer.name]).square().mean().sqrt().item(), rel=1e-4
        )
    assert all(torch.equal(model.state_dict()[name], weight) for name, weight in weights.items())
    assert not any(module._forward_hooks for module in model.modules())


def test_alter_exchanges_what_it_says():
    model = alter(network(), "tanh", "small", batchnorm=False)
    kinds = [type(module) for module in model.modules()]
    assert nn.ReLU not in kinds and nn.BatchNorm2d not in kinds
    assert kinds.count(nn.Tanh) == [type(module) for module in network().modules()].count(nn.ReLU)
    plain = alter(network("none"), "tanh", "small", batchnorm=False)
    # Without shortcuts and BatchNorm what remains is convolution and tanh, in turn.
    x = IMAGES
    for module in plain.modules():
        if isinstance(module, nn.Conv2d):
            x = torch.tanh(module(x))
    assert torch.allclose(plain.fc(x.mean((2, 3))), plain(IMAGES), atol=1e-6)


@pytest.mark.parametrize(
    "initialisation, deviation",
    [
        ("He", lambda conv: math.sqrt(2 / (9 * conv.out_channels))),
        ("small", lambda conv: 0.01),
        ("large", lambda conv: 2 * math.sqrt(2 / (9 * conv.out_channels))),
        ("Xavier", lambda conv: math.sqrt(2 / (9 * (conv.in_channels + conv.out_channels)))),
    ],
)
def test_initialisations_have_the_deviations_of_their_papers(initialisation, deviation):
    torch.manual_seed(0)
    model = alter(
        build(rl.ResNet("basic", (2, 2), (64, 128), stem="3x3")), initialisation=initialisation
    )
    convs = [
        module
        for module in model.modules()
        if isinstance(module, nn.Conv2d)
        and module.kernel_size == (3, 3)
        and module.in_channels >= 64
    ]
    assert len(convs) == 8
    for conv in convs:
        assert conv.weight.std().item() == pytest.approx(deviation(conv), rel=0.03)


def test_he_keeps_the_size_away_from_borders():
    """With ReLU and circular padding a wide stack neither fades nor swells.

    Section 2.2 of "Delving deep into rectifiers".
    """
    torch.manual_seed(0)
    layers = [
        nn.Conv2d(128, 128, 3, padding=1, padding_mode="circular", bias=False) for _ in range(12)
    ]
    stack = alter(
        nn.Sequential(
            *[part for layer in layers for part in (layer, nn.ReLU())],
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(128, 10),
        )
    )
    sizes = [layer.output for layer in signals(stack, torch.randn(4, 128, 6, 6), LABELS[:4])]
    assert 0.5 < sizes[11] / sizes[0] < 2


test_bad_input_is_refused = refused(
    (lambda: alter(network(), "swish"), ValueError, "'swish'", "'sigmoid'"),
    (lambda: alter(network(), initialisation="LeCun"), ValueError, "'LeCun'", "'Xavier'"),
)
