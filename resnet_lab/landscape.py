"""The loss on a plane through a network's weights, in two random directions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from .jobs import Generator

Direction = dict[str, Tensor]


def directions(model: nn.Module, seed: int = 0) -> tuple[Direction, Direction]:
    """Two random directions for the weights of convolutions and linear layers, filter by filter.

    Each filter of a direction is as long as the network's own filter: without that a network with
    larger weights would look flatter, though under BatchNorm their length means nothing. Biases
    and BatchNorm's numbers stay where they are.

    Args:
        model: the network, at whose weights the plane begins.
        seed: of `jobs.Generator`.

    Returns:
        Twice a dict, by a parameter's name numbers of its shape, in the parameters' type.

    Source:
        Li et al., "Visualizing the loss landscape of neural nets" (2018), section 4.
    """
    draw = Generator(seed)
    first, second = ({}, {})  # type: Direction, Direction
    for found in (first, second):
        for name, weight in model.named_parameters():
            if weight.dim() < 2:
                continue
            numbers = [draw.normal() for _ in range(weight.numel())]
            random = torch.tensor(numbers, dtype=torch.float64).view(weight.shape[0], -1)
            own = weight.detach().double().flatten(1).norm(dim=1)
            random *= (own / random.norm(dim=1))[:, None]
            found[name] = random.view(weight.shape).to(weight.dtype)
    return first, second


@torch.no_grad()
def loss_at(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    axes: tuple[Direction, Direction],
    at: tuple[float, float],
) -> float:
    """The mean cross-entropy with the weights moved so far along two directions.

    BatchNorm takes the mean and the variance of these images, as in training; the model is left as
    it was.

    Args:
        model: the network.
        images: (N, C, H, W).
        labels: (N,).
        axes: of `directions`.
        at: how far along each.
    """
    state = {name: value.clone() for name, value in model.state_dict().items()}
    for name, weight in model.named_parameters():
        if name in axes[0]:
            weight.add_(at[0] * axes[0][name] + at[1] * axes[1][name])
    mode = model.training
    loss = float(cross_entropy(model.train()(images), labels))
    model.train(mode).load_state_dict(state)
    return loss


def plane(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    size: int = 21,
    reach: float = 1.0,
    seed: int = 0,
) -> list[list[float]]:
    """The loss at size x size points around the network's weights.

    Args:
        model: the network.
        images, labels: as in `loss_at`.
        size: points along each side, odd, so that the network itself stands in the middle.
        reach: of the plane to each side, in lengths of the weights.
        seed: of the directions.

    Returns:
        Rows from the top, second direction +reach, down; from the left, first direction -reach.

    Raises:
        ValueError: the size is even.
    """
    if size % 2 == 0:
        raise ValueError(f"size is {size}; it must be odd, so that the network is in the middle")
    axes, middle = directions(model, seed), size // 2
    steps = [reach * (place - middle) / middle for place in range(size)]
    return [
        [loss_at(model, images, labels, axes, (across, -up)) for across in steps] for up in steps
    ]
