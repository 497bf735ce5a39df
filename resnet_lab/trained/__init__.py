"""Trained networks that come with the package: eight bits a weight.

A file holds a line of JSON, which says what follows, and then the numbers. The weights of a
convolution and of the classifier are whole numbers from -127 to 127, with one scale for each output
channel; what BatchNorm keeps, and biases, are float32. `experiments/trained_networks.py` trained
them and wrote the files; what the rounding costs stands in its results.
"""

from __future__ import annotations

import json
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch import Tensor

FOLDER = Path(__file__).parent
COUNTER = "num_batches_tracked"


def names() -> list[str]:
    """What there is.

    >>> names()
    ['plain20', 'resnet20']
    """
    return sorted([file.stem for file in FOLDER.glob("*.weights")])


def read(name: str) -> tuple[dict[str, Any], bytes]:
    """A file's first line, read, and all that follows it.

    Raises:
        ValueError: there is no network of that name.
    """
    if name not in names():
        raise ValueError(f"there are no weights called {name!r}; there are {', '.join(names())}")
    return _parts(FOLDER / f"{name}.weights")


def _parts(file: Path) -> tuple[dict[str, Any], bytes]:
    line, _, numbers = file.read_bytes().partition(b"\n")
    about: dict[str, Any] = json.loads(line)
    return about, numbers


def load_weights(name: str) -> dict[str, Tensor]:
    """The state dict of a network of ours, for `models.build(rl.named(name, in_channels=1))`.

    Args:
        name: "resnet20" or "plain20", trained on Fashion-MNIST.

    Raises:
        ValueError: for another name.

    Example:
        >>> load_weights("resnet20")["fc.weight"].shape
        torch.Size([10, 64])
    """
    read(name)
    return unpack(FOLDER / f"{name}.weights")


def unpack(file: Path) -> dict[str, Tensor]:
    """The state dict in such a file."""
    import torch

    about, numbers = _parts(file)
    state, at = {}, 0
    for tensor, shape in about["shapes"].items():
        size = int(torch.tensor(shape).prod())
        if len(shape) == 1:
            state[tensor] = _floats(numbers, at, size)
            at += 4 * size
        else:
            scales = _floats(numbers, at, shape[0]).view(-1, *[1] * (len(shape) - 1))
            at += 4 * shape[0]
            whole = torch.frombuffer(bytearray(numbers[at : at + size]), dtype=torch.int8)
            state[tensor] = whole.view(shape) * scales
            at += size
        if tensor.endswith("running_var"):  # where PyTorch has its counter
            state[tensor.replace("running_var", COUNTER)] = torch.tensor(about["batches"])
    return state


def _floats(numbers: bytes, at: int, size: int) -> Tensor:
    import torch

    return torch.frombuffer(bytearray(numbers[at : at + 4 * size]), dtype=torch.float32)


def pack(state: dict[str, Tensor], about: dict[str, Any]) -> bytes:
    """A state dict as the bytes of such a file.

    Args:
        state: float32, with counters of BatchNorm, which are all equal.
        about: what else the first line is to say.
    """
    import torch

    parts, shapes, batches = [], {}, 0
    for name, tensor in state.items():
        if name.endswith(COUNTER):
            batches = int(tensor)
            continue
        shapes[name] = list(tensor.shape)
        if tensor.dim() > 1:
            rows = tensor.flatten(1)
            # A channel of zeros has any scale.
            scales = (rows.abs().amax(1) / 127).clamp_min(torch.finfo(torch.float32).tiny)
            parts += [scales, (rows / scales[:, None]).round().to(torch.int8)]
        else:
            parts.append(tensor)
    line = json.dumps({**about, "batches": batches, "shapes": shapes}, separators=(",", ":"))
    return b"\n".join([line.encode(), b"".join([part.numpy().tobytes() for part in parts])])
