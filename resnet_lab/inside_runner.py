"""Answers the questions of `inside` with PyTorch, as `inside_runner.mjs` does in a page.

Example:
    answer(question(picture=19, block=5))["answers"]["resnet20"]
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Generator
from functools import cache
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn

from . import inside, trained
from .data import normalise
from .models import build
from .sources import FASHION_SMALL, idx_split

ONE_AT_A_TIME = Lock()  # an opened network keeps what it has seen
OWN = {"picture": torch.zeros(inside.SHAPE, dtype=torch.uint8)}


def give(picture: Any) -> None:
    """Take a picture as the reader's own; see `explorers.inside.show`."""
    try:
        import numpy

        known = isinstance(picture, Tensor)
        given = picture.cpu() if known else torch.from_numpy(numpy.array(picture))
    except TypeError:
        raise TypeError(f"picture is {picture!r}; it must be an image or an array") from None
    colours = given.dim() == 3 and given.shape[2] >= 3
    if given.dtype != torch.uint8 or not (given.dim() == 2 or colours) or not given.numel():
        raise ValueError(
            f"picture has the shape {tuple(given.shape)} and numbers of {given.dtype}; it must be "
            "(height, width) or (height, width, 3), of uint8"
        )
    grey = given.double()
    if colours:
        grey = grey[:, :, :3] @ torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)
    height, width = grey.shape
    sides = [max(1, round(side * 28 / max(height, width))) for side in (height, width)]
    small = nn.functional.interpolate(grey[None, None], size=sides, mode="area")[0]
    down, right = [28 - side for side in sides]
    around = (right // 2, right - right // 2, down // 2, down - down // 2)
    OWN["picture"] = nn.functional.pad(small, around).round().to(torch.uint8)


@cache
def pictures() -> tuple[Tensor, Tensor]:
    """The test images that can be chosen and their labels: uint8 (20, 1, 28, 28), int64 (20,)."""
    images, labels = idx_split(FASHION_SMALL, "t10k")
    each = inside.PICTURES // len(inside.CLASSES)
    chosen = [(labels == label).nonzero()[:each, 0] for label in range(len(inside.CLASSES))]
    return images[torch.cat(chosen)], labels[torch.cat(chosen)]


class Opened:
    """A network whose blocks can be looked into and whose branches have a factor.

    Args:
        name: "resnet20" or "plain20".
        dtype: of all numbers.
    """

    def __init__(self, name: str, dtype: torch.dtype = torch.float32) -> None:
        self.model = build(inside.networks()[name])
        self.model.load_state_dict(trained.load_weights(name))
        self.model.to(dtype).eval().requires_grad_(False)
        self.factors = dict.fromkeys(inside.BLOCKS, 1.0)
        self.seen: dict[str, Tensor] = {}
        for module in self.model.modules():
            if isinstance(module, nn.ReLU):
                module.inplace = False
        for block in inside.BLOCKS:
            module = self.model.get_submodule(f"layer{block}")
            module.get_submodule("bn2").register_forward_hook(self.branch(block))
            shortcut = module.downsample
            if isinstance(shortcut, nn.Module):
                shortcut.register_forward_hook(self.shortcut(block))
        self.model.get_submodule("layer3").register_forward_hook(self.keep("last"))

    def branch(self, block: str) -> Any:
        """A hook that multiplies a branch with its factor and keeps it."""

        def hook(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
            self.seen[f"layer{block}.branch"] = output * self.factors[block]
            return self.seen[f"layer{block}.branch"]

        return hook

    def shortcut(self, block: str) -> Any:
        """A hook that keeps what comes through a shortcut."""
        return self.keep(f"layer{block}.shortcut")

    def keep(self, name: str) -> Any:
        """A hook that keeps a module's output."""

        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            self.seen[name] = output

        return hook

    def __call__(self, x: Tensor, factors: list[float]) -> Tensor:
        self.factors = dict(zip(inside.BLOCKS, factors, strict=True))
        logits: Tensor = self.model(x)
        return logits

    def parts(self, layer: str) -> dict[str, Tensor]:
        """What a block's shortcut, its branch and their sum were, (channels, height, width) each.

        A plain block has no shortcut.
        """
        branch, shortcut = [self.seen.get(f"{layer}.{part}") for part in ("branch", "shortcut")]
        assert branch is not None
        if shortcut is None:
            return {"branch": branch[0], "sum": branch[0]}
        return {"shortcut": shortcut[0], "branch": branch[0], "sum": (shortcut + branch)[0]}


@cache
def opened(name: str, dtype: torch.dtype) -> Opened:
    """The network of that name, made once."""
    return Opened(name, dtype)


def text(levels: Tensor) -> str:
    """Numbers from 0 to 255, (height, width), as bytes in base64; rows of a multiple of four."""
    filled = nn.functional.pad(levels, (0, -levels.shape[1] % 4))
    return b64encode((filled + 0.5).floor().to(torch.uint8).numpy().tobytes()).decode()


def tiled(maps: Tensor, columns: int) -> Tensor:
    """Maps (channels, height, width) as one, so many of them in a row."""
    _, height, width = maps.shape
    rows = maps.view(-1, columns, height, width).transpose(1, 2)
    return rows.reshape(-1, columns * width)


def share(numbers: Tensor, part: float = 0.95) -> int:
    """How many of the numbers, the largest first, make up this part of their sum."""
    ordered = numbers.double().flatten().sort(descending=True).values.cumsum(0)
    return int((ordered < part * ordered[-1]).sum()) + 1 if ordered[-1] > 0 else 0


def run(job: dict[str, Any], dtype: torch.dtype) -> Generator[dict[str, Any], Any, None]:
    """Open both networks, then answer one question after the other.

    Args:
        job: of `inside.job`.
        dtype: of all numbers.
    """
    with ONE_AT_A_TIME:
        for name in inside.networks():
            opened(name, dtype)
    asked = yield {"step": 1}
    while True:
        asked = yield answer(asked, dtype)


def answer(asked: dict[str, Any], dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    """Ask both networks, and open one.

    Args:
        asked: of `inside.question`.
        dtype: of all numbers.

    Returns:
        "question"; "picture"; "answers" of both networks, ten probabilities each; "maps", those of
        the block's parts with 128 for 0 and 128 ± 127 for ± "reach"; "channel", the same of one
        channel; "place", the parts' numbers there; "field", the size of the gradient of that place
        in every pixel, 255 where it is largest, and "pixels", how many hold 95 % of it; "class",
        the class activation map of the likeliest one.
    """
    images = OWN["picture"] if asked["picture"] == "own" else pictures()[0][asked["picture"]]
    about, _ = trained.read(asked["network"])
    x = normalise(images.view(1, *inside.SHAPE), about["mean"], about["std"]).to(dtype)
    x.requires_grad_()
    found: dict[str, Any] = {"step": 1, "question": asked, "answers": {}}
    found["picture"] = text(images.view(28, 28).float())
    with ONE_AT_A_TIME:
        for name in inside.networks():
            logits = opened(name, dtype)(x, asked["factors"])
            found["answers"][name] = logits.detach().double().softmax(1)[0].tolist()
        net = opened(asked["network"], dtype)
        return {
            **found,
            **block(net, asked, x),
            "class": class_map(net, found["answers"][asked["network"]]),
        }


def block(net: Opened, asked: dict[str, Any], x: Tensor) -> dict[str, Any]:
    """What the opened block's parts hold, and what one place of them sees of `x`."""
    parts = net.parts(asked["layer"])
    whole = {part: maps.detach().double() for part, maps in parts.items()}
    reach = max(float(maps.abs().max()) for maps in whole.values()) or 1.0
    levels = {part: 128 + 127 / reach * maps for part, maps in whole.items()}
    at = asked["channel"], asked["row"], asked["column"]
    part = asked["part"] if asked["part"] in parts else "sum"
    (gradient,) = torch.autograd.grad(parts[part][at], x, allow_unused=True)
    size = torch.zeros(28, 28) if gradient is None else gradient[0, 0].abs().double()
    return {
        "reach": reach,
        "maps": {part: text(tiled(maps, asked["columns"])) for part, maps in levels.items()},
        "channel": {part: text(maps[at[0]]) for part, maps in levels.items()},
        "place": {part: float(maps[at]) for part, maps in whole.items()},
        "field": text(255 * size / (float(size.max()) or 1.0)),
        "pixels": share(size),
    }


def class_map(net: Opened, chances: list[float]) -> dict[str, Any]:
    """What every place of the last maps adds to the likeliest class's score.

    Source: Zhou et al., "Learning deep features for discriminative localization" (2016), section 2.
    """
    winner = max(range(len(chances)), key=lambda label: chances[label])
    fc, last = net.model.get_submodule("fc"), net.seen["last"].detach().double()[0]
    spoken = (fc.get_parameter("weight")[winner].double()[:, None, None] * last).sum(0)
    reach = float(spoken.abs().max()) or 1.0
    return {
        "winner": winner,
        "for": text(255 / reach * spoken.clamp_min(0)),
        "against": text(255 / reach * (-spoken).clamp_min(0)),
        "reach": reach,
    }
