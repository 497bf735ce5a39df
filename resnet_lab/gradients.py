"""How large the signal is in every layer of a network: outputs on the way up, gradients down.

Networks of `models` are altered in place, one thing at a time: the activation, the initialisation,
BatchNorm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from .checks import check_choice

ACTIVATIONS = {"ReLU": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
INITIALISATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "He": lambda weight: nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu"),
    "Xavier": nn.init.xavier_normal_,
    "small": lambda weight: nn.init.normal_(weight, std=0.01),
    "large": lambda weight: INITIALISATIONS["He"](weight.data).mul_(2),
}


class Signal(NamedTuple):
    """One layer: how large its outputs are, and how large its gradient is.

    Attributes:
        name: As PyTorch names the layer.
        output: The root mean square of its outputs.
        gradient: The size of its weights' gradient over that of the weights: at 0.01, a step of
            learning rate 1 would change the layer by one part in a hundred.
    """

    name: str
    output: float
    gradient: float


def alter(
    model: nn.Module, activation: str = "ReLU", initialisation: str = "He", batchnorm: bool = True
) -> nn.Module:
    """Exchange every ReLU, draw all convolutions anew, leave BatchNorm out.

    Args:
        model: Is changed in place, and returned.
        activation: "ReLU", "tanh" or "sigmoid".
        initialisation: "He" (variance 2 / (k k out channels)), "Xavier" (2 / (k k (in + out
            channels))), "small" (standard deviation 0.01, whatever the layer) or "large" (twice
            He's weights).
        batchnorm: False exchanges it for nothing.

    Source:
        He et al., "Delving deep into rectifiers" (2015), section 2.2; Glorot and Bengio,
        "Understanding the difficulty of training deep feedforward neural networks" (2010),
        section 4.2.
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


def signals(model: nn.Module, images: Tensor, labels: Tensor) -> list[Signal]:
    """How large the signal is in every convolution and fully connected layer, for one batch.

    In training mode; the weights stay as they are.

    Args:
        model: Any network.
        images: Float (N, C, H, W).
        labels: (N,).

    Returns:
        The layers in order of execution.
    """
    outputs: dict[str, Tensor] = {}
    hooks = []

    def keep(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            outputs[name] = output.detach()

        return hook

    for name, module in model.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            hooks.append(module.register_forward_hook(keep(name)))
    loss = cross_entropy(model.train()(images), labels)
    for handle in hooks:
        handle.remove()
    weights = [model.get_parameter(f"{name}.weight") for name in outputs]
    gradients = torch.autograd.grad(loss, weights)
    return [
        Signal(
            name,
            float(output.square().mean().sqrt()),
            float(gradient.norm() / weight.detach().norm()),
        )
        for (name, output), gradient, weight in zip(
            outputs.items(), gradients, weights, strict=True
        )
    ]
