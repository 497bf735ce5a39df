"""A residual network as many paths: branches switched off, and what paths of each length carry.

Works on the models of `models.build`, whose blocks it finds by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from .modules import Block, ZeroPad
from .probes import nodes, polynomial


class Lesion(NamedTuple):
    """What a network is worth without one of its blocks.

    Attributes:
        name: of the block; "" for the whole network.
        loss: the mean cross-entropy.
        error: the share of wrong answers.
    """

    name: str
    loss: float
    error: float


def blocks(model: nn.Module) -> dict[str, Block]:
    """The residual or plain blocks of a model, in order of execution."""
    return {name: part for name, part in model.named_modules() if isinstance(part, Block)}


@contextmanager
def branches(model: nn.Module, factor: float, only: str = "", back: bool = False) -> Iterator[None]:
    """Multiply what the branches of convolutions add, for as long as the context lasts.

    Args:
        model: of `models.build`; its residual blocks add.
        factor: 0 switches a branch off: what is left of the block is its shortcut. A plain block
            has none; there option A's stands in, the input itself where the shape stays.
        only: the block; all of them without it.
        back: leave the outputs as they are, and multiply only the gradients on their way back.
    """
    changed = [block for name, block in blocks(model).items() if only in ("", name)]
    if not changed:
        known = ", ".join(blocks(model)) or "none"
        raise ValueError(f"there is no block {only!r}; there are {known}")
    for block in changed:
        block.join = _join(block, factor, back)  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        for block in changed:
            del block.join


def _join(block: Block, factor: float, back: bool) -> Callable[[Tensor, Tensor], Tensor]:
    """Another `Block.join`, with a factor on the branch."""

    def join(branch: Tensor, x: Tensor) -> Tensor:
        if block.se is not None:
            branch = block.se(branch)
        if block.downsample is not None:
            shortcut = block.downsample(x)
        elif factor != 0:
            raise ValueError("a plain block has one path; its branch can only be switched off")
        else:
            shortcut = ZeroPad(branch.shape[1], x.shape[-1] // branch.shape[-1])(x)
        if back:
            branch = factor * branch + (1 - factor) * branch.detach()
        else:
            branch = factor * branch
        joined: Tensor = shortcut + branch
        return joined

    return join


@torch.no_grad()
def lesions(model: nn.Module, images: Tensor, labels: Tensor) -> list[Lesion]:
    """Loss and error of the whole network, and with each block switched off in turn.

    In evaluation mode, all images at once.

    Args:
        model: of `models.build`.
        images: float (N, C, H, W).
        labels: (N,).

    Source:
        Veit, Wilber and Belongie, "Residual networks behave like ensembles of relatively shallow
        networks" (2016), section 4.1.
    """

    def measure(name: str) -> Lesion:
        logits = model(images)
        error = (logits.argmax(1) != labels).float().mean()
        return Lesion(name, float(cross_entropy(logits, labels)), float(error))

    model.eval()
    found = [measure("")]
    for name in blocks(model):
        with branches(model, 0, name):
            found.append(measure(name))
    return found


def path_shares(model: nn.Module, images: Tensor, labels: Tensor) -> list[float]:
    """The share of the gradient that comes back on paths through 0, 1 ... all of the branches.

    A path takes the branch or the shortcut in every block; the gradient of the loss with respect to
    the first block's input is the sum over all paths. With a factor z on all branches on the way
    back, a path through k of them counts z^k times: the gradient is a polynomial in z, whose
    coefficients are the sums over the paths of each length. Projected on the whole gradient they
    are shares, whose sum is 1; a negative one works against the others. Everything is exact; no
    path is sampled.

    In evaluation mode and float64.

    Args:
        model: of `models.build`, with shortcuts. Is changed to float64.
        images: (N, C, H, W).
        labels: (N,).

    Returns:
        As many shares as blocks and one.
    """
    model.double().eval()
    kept: list[Tensor] = []
    first = next(iter(blocks(model).values()))
    handle = first.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))

    def gradient(factor: float) -> Tensor:
        with branches(model, factor, back=True):
            loss = cross_entropy(model(images.double()), labels)
        (found,) = torch.autograd.grad(loss, kept.pop())
        return found.flatten()

    try:
        whole = gradient(1)
        points = nodes(len(blocks(model)))
        values = [float(gradient(point) @ whole / (whole @ whole)) for point in points]
    finally:
        handle.remove()
    return polynomial(points, values)


@torch.no_grad()
def responses(model: nn.Module, images: Tensor) -> dict[str, float]:
    """How much each layer inside the blocks says: the standard deviation of its response.

    A response is what BatchNorm gives, before the ReLU and before the addition. In evaluation mode.

    Args:
        model: of `models.build`, version 1 or 1.5.
        images: float (N, C, H, W).

    Returns:
        By name, such as "layer1.0.bn1", of the blocks' BatchNorms, projections left out.

    Source:
        He et al., "Deep residual learning for image recognition" (2015), section 4.2, figure 7.
    """
    found: dict[str, float] = {}

    def keep(name: str) -> Callable[[nn.Module, object, Tensor], None]:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
            found[name] = float(output.std())

        return hook

    handles = [
        part.register_forward_hook(keep(f"{name}.{inner}"))
        for name, block in blocks(model).items()
        for inner, part in block.named_children()
        if inner.startswith("bn")
    ]
    model.eval()(images)
    for handle in handles:
        handle.remove()
    return found
