"""Residual networks in PyTorch, by hand: stages of the blocks of `modules`. To be read, and copied.

`build(net)` makes the module that a description from `architecture` stands for. Attributes have
torchvision's names, so state dicts go both ways. Nothing is counted here: `tracing` counts without
these modules, and the tests compare the two.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from . import architecture, blocks
from .modules import (
    ADAPTIVE_AVGPOOL,
    AVGPOOL,
    BATCHNORM,
    CONV,
    MAXPOOL,
    BasicBlock,
    Block,
    Bottleneck,
    PreActBasicBlock,
    PreActBottleneck,
    SingleBlock,
    conv1x1,
    conv3x3,
    fit_branch,
)

__all__ = ["BasicBlock", "Bottleneck", "ResNet", "build", "conv1x1", "conv3x3", "fit_branch"]

BLOCKS: dict[tuple[str, bool], type[Block]] = {
    ("single", False): SingleBlock,
    ("basic", False): BasicBlock,
    ("bottleneck", False): Bottleneck,
    ("basic", True): PreActBasicBlock,
    ("bottleneck", True): PreActBottleneck,
}


def make_block(
    net: architecture.ResNet | blocks.ResidualBlock, in_channels: int, width: int, stride: int
) -> Block:
    """The block that a description asks for."""
    options: dict[str, Any] = {"kernel": net.kernel, "dims": net.dims}
    for name in blocks.BLOCK_OPTIONS:
        if name not in ("block", "version"):
            options[name] = getattr(net, name)
    if net.block == "bottleneck" and net.version != 2:
        options["version"] = net.version
    return BLOCKS[net.block, net.version == 2](in_channels, width, stride, **options)


class ResNet(nn.Sequential):
    """The network that `net` describes. Its parts run in the order in which they stand here.

    (N, in_channels, height, width) or (N, in_channels, length) -> (N, classes).
    """

    def __init__(self, net: architecture.ResNet) -> None:
        super().__init__()
        dims, post_activation, stem_width = net.dims, net.version != 2, net.stem_width or 0
        stem: nn.Module
        if net.stem == "7x7":
            stem = CONV[dims](net.in_channels, stem_width, 7, stride=2, padding=3, bias=False)
        else:
            stem = conv3x3(net.in_channels, stem_width, dims=dims)
        self.conv1 = stem
        if post_activation:
            self.bn1 = BATCHNORM[dims](stem_width)
            self.relu = nn.ReLU(inplace=True)
        if net.stem == "7x7":
            self.maxpool = MAXPOOL[dims](3, stride=2, padding=1)

        self.channels = stem_width
        for stage, (depth, width) in enumerate(zip(net.depths, net.widths, strict=True), 1):
            layer = self._make_layer(net, depth, width, stride=1 if stage == 1 else 2)
            self.add_module(f"layer{stage}", layer)

        if not post_activation:
            self.bn = BATCHNORM[dims](self.channels)
            self.relu = nn.ReLU(inplace=True)
        if net.head == "average":
            self.avgpool = ADAPTIVE_AVGPOOL[dims](1)
            features = self.channels
        else:
            self.avgpool = AVGPOOL[dims](4)
            self.eval()  # BatchNorm must not learn from an input that only shows what is left of it
            with torch.no_grad():
                features = self(
                    torch.zeros(1, net.in_channels, *[net.input_size or 1] * dims)
                ).numel()
            self.train()
        self.flatten = nn.Flatten()
        if net.dropout:
            self.dropout = nn.Dropout(net.dropout)
        self.fc = nn.Linear(features, net.classes)

    def _make_layer(
        self, net: architecture.ResNet, depth: int, width: int, stride: int
    ) -> nn.Sequential:
        """One stage: `depth` blocks, of which the first has the stride."""
        found = []
        for index in range(depth):
            found.append(make_block(net, self.channels, width, stride if index == 0 else 1))
            self.channels = found[-1].out_channels
        return nn.Sequential(*found)


class VGG(nn.Sequential):
    """VGG-16 or VGG-19: 3x3 convolutions with bias, five poolings, three linear layers.

    (N, in_channels, height, width) -> (N, classes).
    """

    def __init__(self, net: architecture.VGG) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = net.in_channels
        for width, convs in zip(
            (64, 128, 256, 512, 512), architecture.VGG_STAGES[net.depth], strict=True
        ):
            for _ in range(convs):
                layers += [nn.Conv2d(channels, width, kernel_size=3, padding=1), nn.ReLU(True)]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.flatten = nn.Flatten()
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, net.classes),
        )


def build(
    net: architecture.ResNet | architecture.VGG | blocks.ResidualBlock,
    zero_init_residual: bool = False,
    weights: str | os.PathLike[str] | Mapping[str, Tensor] | None = None,
) -> nn.Module:
    """The module that a description stands for, with He initialisation.

    Args:
        net: a `ResNet`, `VGG` or `ResidualBlock` description.
        zero_init_residual: the last layer of every branch starts at zero, so that every block
            starts as its shortcut (Goyal et al., "Accurate, large minibatch SGD" (2017), section
            5.1). That layer is a BatchNorm; in a pre-activation block it is a convolution, for a
            BatchNorm would hand the ReLU zeros only, where it passes no gradient.
        weights: those of a trained network instead: "imagenet", torchvision's, from its cache or
            the network; "fashion-mnist", the package's own, for resnet20 and plain20; a state dict;
            or the path of a file with one, or of a checkpoint. A head of another size stays new.

    Raises:
        TypeError: for anything but a description.
        ValueError: for zero_init_residual in a net without shortcuts, or weights that do not fit.
        OSError: where torchvision's weights cannot be downloaded.

    Example:
        >>> from resnet_lab import resnet18_small
        >>> build(resnet18_small())(torch.zeros(64, 3, 32, 32)).shape
        torch.Size([64, 10])
    """
    model: nn.Module
    if isinstance(net, architecture.ResNet):
        model = ResNet(net)
    elif isinstance(net, architecture.VGG):
        model = VGG(net)
    elif isinstance(net, blocks.ResidualBlock):
        model = make_block(net, net.in_channels, net.width, net.stride)
    else:
        raise TypeError(
            f"net is {net!r}; it must be a description such as resnet(50), vgg(16) or ResNet(...)"
        )
    for module in model.modules():
        if isinstance(module, (nn.Conv1d, nn.Conv2d)):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    if zero_init_residual:
        if getattr(net, "shortcut", "none") == "none":
            raise ValueError(
                f"zero_init_residual is True but {net.name} has no shortcuts; nothing would get "
                "through, leave it False"
            )
        for block in model.modules():
            if isinstance(block, Block):
                nn.init.zeros_(block.get_parameter(f"{block.last}.weight"))
    if weights is not None:
        from .weights import load_into

        load_into(model, net, weights)
    return model
