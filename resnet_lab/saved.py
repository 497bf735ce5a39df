"""What PyTorch really keeps for backward, counted as it is put aside."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .device import autocast


def saved_bytes(model: nn.Module, images: Tensor, precision: str = "float32") -> int:
    """Bytes that one forward pass in training leaves for backward, on whatever device it runs.

    Every piece of memory counts once and in full; the model's own parameters and buffers, which
    are there anyway, do not count.

    Args:
        model: is left in training mode, its BatchNorm's statistics moved by one batch.
        images: a batch of them, on the model's device.
        precision: "float32", or "bfloat16" under autocast.

    Example:
        >>> saved_bytes(nn.Sequential(nn.Linear(10, 5), nn.ReLU()), torch.zeros(2, 10))
        120
    """
    own = {_storage(tensor) for tensor in [*model.parameters(), *model.buffers()]}
    kept: dict[int, int] = {}
    held: list[Tensor] = []  # what is freed could give its address to another

    def pack(tensor: Tensor) -> Tensor:
        held.append(tensor)
        if _storage(tensor) not in own:
            kept[_storage(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    model.train()
    with (
        torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor),
        autocast(images.device, precision),
    ):
        output = model(images)
    del output
    return sum(kept.values())


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
