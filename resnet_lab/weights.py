"""Weights to begin with: torchvision's, ours or a file's, in a network with a head of its own.

`models.build(net, weights=...)` and the command line use this.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .checkpoints import read_torch_file
from .freezing import head_name
from .zoo import IMAGENET_DEPTHS, resnet, vgg

if TYPE_CHECKING:
    from .architecture import VGG, ResNet

OURS = {"resnet20": "resnet20", "plain20": "plain20"}


def load_into(
    model: nn.Module, net: Any, weights: str | os.PathLike[str] | Mapping[str, Tensor]
) -> None:
    """Give a network the weights of a trained one, all but those of a head of another size.

    A first convolution for colours takes grey images, and the other way round: what it computes is
    then what the trained one would of an image whose three channels are alike.

    Args:
        model: What `models.build(net)` made.
        net: Its description.
        weights: As in `models.build`.

    Raises:
        ValueError: The weights are of another network, or there are none of that name.
        OSError: They cannot be downloaded.
    """
    state = dict(weights) if isinstance(weights, Mapping) else find_weights(net, weights)
    what = "the state dict" if isinstance(weights, Mapping) else f"weights {os.fspath(weights)!r}"
    ours, head = model.state_dict(), head_name(model)
    convolution = next(name for name, value in ours.items() if value.dim() > 2)
    if convolution in state:
        channels = ours[convolution].shape[1]
        state[convolution] = with_channels(state[convolution], channels)
    for name in (f"{head}.weight", f"{head}.bias"):
        if name in state and name in ours and state[name].shape != ours[name].shape:
            state[name] = ours[name]
    for name, value in ours.items():
        if name not in state:
            raise ValueError(f"{what} have no {name}: they are of another network than {net.name}")
        if state[name].shape != value.shape:
            raise ValueError(
                f"{what} have {tuple(state[name].shape)} numbers at {name}, where {net.name} has "
                f"{tuple(value.shape)}; they are of another network"
            )
    for name in state:
        if name not in ours:
            raise ValueError(f"{what} have {name}, which {net.name} has not; build their network")
    model.load_state_dict(state)


def with_channels(kernel: Tensor, channels: int) -> Tensor:
    """The first convolution's weights (out, in, ...) for so many input channels, 1 or 3."""
    if (kernel.shape[1], channels) == (3, 1):
        return kernel.sum(1, keepdim=True)
    if (kernel.shape[1], channels) == (1, 3):
        return (kernel / 3).expand(-1, 3, *kernel.shape[2:]).contiguous()
    return kernel


def find_weights(net: Any, weights: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The state dict that a name or a path stands for."""
    name = os.fspath(weights)
    if name == "imagenet":
        return imagenet_weights(net)
    if name == "fashion-mnist":
        return our_weights("plain20" if getattr(net, "shortcut", "") == "none" else "resnet20")
    if name in OURS:
        return our_weights(name)
    path = Path(name)
    if not path.exists():
        raise ValueError(
            f"weights is {name!r}, which is no file; take the path of one, 'imagenet', or "
            f"'fashion-mnist' for {' or '.join(OURS)}"
        )
    state = read_torch_file(path)
    if isinstance(state, dict) and isinstance(state.get("model"), dict):  # a checkpoint of ours
        state = state["model"]
    if not isinstance(state, dict) or not all(isinstance(each, Tensor) for each in state.values()):
        raise ValueError(f"{path} holds no weights; it must be a state dict or a checkpoint")
    return state


def our_weights(name: str) -> dict[str, Tensor]:
    """The package's own, trained on Fashion-MNIST."""
    from .trained import load_weights

    state: dict[str, Tensor] = load_weights(name)
    return state


def imagenet_weights(net: ResNet | VGG, seconds: float | None = None) -> dict[str, Tensor]:
    """torchvision's, of its first recipe (IMAGENET1K_V1), from its cache or from the network.

    Args:
        net: The description of a network that torchvision has, too.
        seconds: How long to wait for the network; None, as long as it takes.

    Raises:
        ValueError: torchvision has none like it.
        OSError: They do not come.
    """
    from torchvision.models import get_model_weights

    url = get_model_weights(torchvision_name(net))["IMAGENET1K_V1"].url
    file = Path(torch.hub.get_dir(), "checkpoints", Path(url).name)
    try:
        if not file.exists():
            download(url, file, seconds)
    except (OSError, RuntimeError, HTTPException) as error:
        raise OSError(
            f"the weights of {net.name} could not be downloaded ({error}); put {url} in "
            f"{file.parent}, or take weights='fashion-mnist' with resnet20, which come with the "
            "package"
        ) from None
    # Some are older than the format that read_torch_file reads; their hash was compared.
    state: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return state


def download(url: str, file: Path, seconds: float | None) -> None:
    """Fetch a file whose name ends with the beginning of its hash; it is whole, or not there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    trouble: list[Exception] = []

    def fetch() -> None:
        try:
            torch.hub.download_url_to_file(url, str(file), file.stem.split("-")[-1], progress=False)
        except Exception as error:
            trouble.append(error)

    thread = Thread(target=fetch, daemon=True)
    thread.start()
    thread.join(seconds)
    if trouble:
        raise trouble[0]
    if thread.is_alive():
        raise TimeoutError(f"nothing has come within {seconds:g} s")


def torchvision_name(net: ResNet | VGG) -> str:
    """What torchvision calls this network, whatever its channels and classes.

    Raises:
        ValueError: It has none like it.
    """
    classes, channels = net.classes, net.in_channels
    for depth in IMAGENET_DEPTHS:
        # A basic block of version 1 is the same.
        for version in (1.5, 1) if depth < 50 else (1.5,):
            if net == resnet(depth, version, classes=classes, in_channels=channels):
                return f"resnet{depth}"
    for depth in (16, 19):
        if net == vgg(depth, classes, channels):
            return f"vgg{depth}"
    raise ValueError(
        f"torchvision has no weights for {net.name} as it is described; it has them for resnet(18) "
        "to resnet(152), vgg(16) and vgg(19)"
    )
