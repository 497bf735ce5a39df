"""How large the signal is in every layer of a network: its outputs on the way up, its gradients on the way down.

Networks of `models` are altered in place, one thing at a time: the activation, the initialisation, BatchNorm.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from .checks import check_choice

ACTIVATIONS = {"ReLU": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
INITIALISATIONS = {
    "He": lambda weight: nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu"),
    "Xavier": nn.init.xavier_normal_,
    "small": lambda weight: nn.init.normal_(weight, std=0.01),
}


class Signal(NamedTuple):
    """One layer: the root mean square of its outputs, and the size of its weights' gradient over that of the weights.

    A relative gradient of 0.01 means that a step of learning rate 1 would change the layer by one part in a hundred.
    """

    name: str
    output: float
    gradient: float


def alter(
    model: nn.Module, activation: str = "ReLU", initialisation: str = "He", batchnorm: bool = True
) -> nn.Module:
    """Exchange every ReLU, draw all convolutions anew, leave BatchNorm out; returns the model, which is changed in place.

    activation: of ACTIVATIONS. initialisation: "He" (variance 2 / (k k out channels)), "Xavier" (2 / (k k (in + out channels))) or
    "small" (standard deviation 0.01, whatever the layer).
    Source: He et al., "Delving deep into rectifiers" (2015), section 2.2; Glorot and Bengio, "Understanding the difficulty of
    training deep feedforward neural networks" (2010), section 4.2.
    """
    check_choice("activation", activation, ACTIVATIONS)
    check_choice("initialisation", initialisation, INITIALISATIONS)
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU):
                setattr(module, name, ACTIVATIONS[activation]())
            elif isinstance(child, nn.BatchNorm2d) and not batchnorm:
                setattr(module, name, nn.Identity())
        if isinstance(module, nn.Conv2d):
            INITIALISATIONS[initialisation](module.weight)
    return model


def signals(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> list:
    """A `Signal` for every convolution and fully connected layer, in order of execution, for one batch in training mode.

    images: float (N, C, H, W); labels: (N,). The weights stay as they are.
    """
    outputs, hooks = {}, []
    for name, module in model.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            hooks.append(
                module.register_forward_hook(
                    lambda module, _, output, name=name: outputs.update({name: output.detach()})
                )
            )
    loss = cross_entropy(model.train()(images), labels)
    for hook in hooks:
        hook.remove()
    weights = [model.get_submodule(name).weight for name in outputs]
    gradients = torch.autograd.grad(loss, weights)
    return [
        Signal(
            name,
            float(output.square().mean().sqrt()),
            float(gradient.norm() / weight.detach().norm()),
        )
        for (name, output), gradient, weight in zip(outputs.items(), gradients, weights)
    ]
