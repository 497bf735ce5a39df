"""Residual blocks in PyTorch, and what they are made of. Attributes have torchvision's names."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (PyTorch's own name for it)
from torch import Tensor, nn

from .blocks import check_zero_pad
from .checks import check_choice, check_int

CONV = {1: nn.Conv1d, 2: nn.Conv2d}
BATCHNORM = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}
MAXPOOL = {1: nn.MaxPool1d, 2: nn.MaxPool2d}
AVGPOOL = {1: nn.AvgPool1d, 2: nn.AvgPool2d}
ADAPTIVE_AVGPOOL = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d}


def conv3x3(
    in_channels: int, out_channels: int, stride: int = 1, kernel: int = 3, dims: int = 2
) -> nn.Module:
    """A 3x3 convolution, 3 wide if dims is 1, padded to keep the size at stride 1.

    It has no bias: BatchNorm would undo it.
    """
    check_choice("dims", dims, (1, 2))
    if check_int("kernel", kernel) % 2 == 0:
        raise ValueError(f"kernel is {kernel}; it must be odd, so that padding keeps the size")
    sizes = check_int("in_channels", in_channels), check_int("out_channels", out_channels)
    stride = check_int("stride", stride)
    return CONV[dims](*sizes, kernel, stride, padding=kernel // 2, bias=False)


def batchnorm(dims: int, channels: int) -> nn.Module:
    """BatchNorm of so many channels."""
    check_choice("dims", dims, (1, 2))
    return BATCHNORM[dims](check_int("channels", channels))


def conv1x1(in_channels: int, out_channels: int, stride: int = 1, dims: int = 2) -> nn.Module:
    """A 1x1 convolution: mixes the channels of each pixel; with a stride it skips pixels."""
    return conv3x3(in_channels, out_channels, stride, kernel=1, dims=dims)


class ZeroPad(nn.Module):
    """Shortcut A: every stride-th pixel, with channels of zeros appended up to `out_channels`."""

    def __init__(self, out_channels: int, stride: int) -> None:
        super().__init__()
        self.out_channels, self.stride = out_channels, stride

    def forward(self, x: Tensor) -> Tensor:
        step = self.stride
        x = x[:, :, ::step] if x.dim() == 3 else x[:, :, ::step, ::step]
        return F.pad(x, (0, 0) * (x.dim() - 2) + (0, self.out_channels - x.shape[1]))


def fit_branch(x: Tensor, size: int, how: str) -> Tensor:
    """Bring `x` to `size` along every axis, so that it can meet another branch.

    None of the ways has parameters; the learned ones are a stride in a convolution and, for the
    channels, a 1x1 projection.

    Args:
        x: (N, C, length) or (N, C, height, width).
        size: along every axis.
        how: "pad" appends zeros or cuts off the end, "pool" averages, "interpolate" draws straight
            lines between samples.
    """
    check_choice("how", how, ("pad", "pool", "interpolate"))
    axes = x.dim() - 2
    if how == "pad":
        missing = [(0, size - side) for side in reversed(x.shape[2:])]  # the last axis comes first
        return F.pad(x, sum(missing, ()))
    if how == "pool":
        return ADAPTIVE_AVGPOOL[axes](size)(x)
    return F.interpolate(x, (size,) * axes, mode="linear" if axes == 1 else "bilinear")


class SqueezeExcitation(nn.Module):
    """A gate from 0 to 1 for each channel, made of the averages of all channels.

    Source: Hu, Shen and Sun, "Squeeze-and-excitation networks" (2017), section 3.
    """

    def __init__(self, channels: int, dims: int = 2) -> None:
        super().__init__()
        narrow = max(1, channels // 16)
        self.avgpool = ADAPTIVE_AVGPOOL[dims](1)
        self.fc1 = CONV[dims](channels, narrow, kernel_size=1)
        self.relu = nn.ReLU(inplace=True)
        self.fc2 = CONV[dims](narrow, channels, kernel_size=1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.sigmoid(self.fc2(self.relu(self.fc1(self.avgpool(x)))))


class Block(nn.Module):
    """What all blocks share: the shortcut, and how it meets the branch of convolutions.

    Args:
        in_channels: that come in.
        width: of the 3x3 convolutions; expansion * width come out, more with fusion "concat".
        stride: 2 halves the size.
        kernel: of the 3x3 convolutions.
        dims: 1 for signals, 2 for images.
        shortcut: "A", "B", "C" (sections 3.3 and 4.1 of the paper) or "none".
        fusion: "add", or "concat" as in a DenseNet.
        se: squeeze-and-excitation at the end of the branch.
    """

    expansion = 1
    last: str  # the layer that ends the branch
    normalised = True  # a projection has a BatchNorm

    relu: nn.Module
    downsample: nn.Module | None

    def make_shortcut(
        self,
        in_channels: int,
        width: int,
        stride: int,
        dims: int,
        shortcut: str = "B",
        fusion: str = "add",
        se: bool = False,
    ) -> None:
        """Make `downsample`, the layers of the shortcut, and `se`, the gate of the branch."""
        check_choice("shortcut", shortcut, ("A", "B", "C", "none"))
        check_choice("fusion", fusion, ("add", "concat"))
        self.fusion, self.out_channels = fusion, width * self.expansion
        channels = self.out_channels
        check_zero_pad(shortcut, in_channels, channels)
        self.se = SqueezeExcitation(channels, dims) if se else None
        if fusion == "concat":
            self.out_channels += in_channels if stride == 1 and shortcut != "C" else channels
        if shortcut == "none":
            self.downsample = None
        elif shortcut != "C" and stride == 1 and (in_channels == channels or fusion == "concat"):
            self.downsample = nn.Identity()
        elif shortcut == "A":
            self.downsample = ZeroPad(channels, stride)
        else:
            norm = [batchnorm(dims, channels)] if self.normalised else []
            projection = conv1x1(in_channels, channels, stride, dims)
            self.downsample = nn.Sequential(projection, *norm)

    def join(self, branch: Tensor, x: Tensor) -> Tensor:
        """The branch and, where there is one, the shortcut from `x`."""
        if self.se is not None:
            branch = self.se(branch)
        if self.downsample is None:
            return branch
        if self.fusion == "concat":
            return torch.cat((self.downsample(x), branch), dim=1)
        return branch + self.downsample(x)


class SingleBlock(Block):
    """One 3x3 convolution: relu(bn1(conv1(x)) + x)."""

    last = "bn1"

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        kernel: int = 3,
        dims: int = 2,
        **options: Any,
    ) -> None:
        super().__init__()
        self.conv1 = conv3x3(in_channels, width, stride, kernel, dims)
        self.bn1 = batchnorm(dims, width)
        self.relu = nn.ReLU(inplace=True)
        self.make_shortcut(in_channels, width, stride, dims, **options)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.join(self.bn1(self.conv1(x)), x))


class BasicBlock(Block):
    """Two 3x3 convolutions: relu(bn2(conv2(relu(bn1(conv1(x))))) + x).

    Source:
        He et al. (2015), figure 5, left: the building block.
    """

    last = "bn2"

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        kernel: int = 3,
        dims: int = 2,
        **options: Any,
    ) -> None:
        super().__init__()
        self.conv1 = conv3x3(in_channels, width, stride, kernel, dims)
        self.bn1 = batchnorm(dims, width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(width, width, 1, kernel, dims)
        self.bn2 = batchnorm(dims, width)
        self.make_shortcut(in_channels, width, stride, dims, **options)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(self.join(out, x))


class Bottleneck(Block):
    """1x1 to narrow, 3x3, 1x1 to widen to 4 * width, beside the shortcut.

    Args:
        version: 1.5 has the stride on the 3x3, like torchvision; 1 on the first 1x1, like the
            paper, which skips pixels.

    Source:
        He et al. (2015), figure 5, right.
    """

    expansion = 4
    last = "bn3"

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        kernel: int = 3,
        dims: int = 2,
        version: float = 1.5,
        **options: Any,
    ) -> None:
        super().__init__()
        check_choice("version", version, (1, 1.5))
        first, second = (stride, 1) if version == 1 else (1, stride)
        self.conv1 = conv1x1(in_channels, width, first, dims)
        self.bn1 = batchnorm(dims, width)
        self.conv2 = conv3x3(width, width, second, kernel, dims)
        self.bn2 = batchnorm(dims, width)
        self.conv3 = conv1x1(width, width * self.expansion, 1, dims)
        self.bn3 = batchnorm(dims, width * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.make_shortcut(in_channels, width, stride, dims, **options)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(self.join(out, x))


class PreActBlock(Block):
    """Pre-activation (version 2): BatchNorm and ReLU before each convolution, not after the sum.

    Where the shape changes, both branches start from the activated input; elsewhere x itself
    passes, untouched.

    Source:
        He et al., "Identity mappings in deep residual networks" (2016), figure 4(e) and appendix.
    """

    normalised = False
    bn1: nn.Module

    def branch(self, activated: Tensor) -> Tensor:
        """The convolutions, with the BatchNorm and ReLU between them."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        activated = self.relu(self.bn1(x))
        passed = x if isinstance(self.downsample, nn.Identity) else activated
        return self.join(self.branch(activated), passed)


class PreActBasicBlock(PreActBlock):
    """conv2(relu(bn2(conv1(relu(bn1(x)))))) + x."""

    last = "conv2"

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        kernel: int = 3,
        dims: int = 2,
        **options: Any,
    ) -> None:
        super().__init__()
        self.bn1 = batchnorm(dims, in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = conv3x3(in_channels, width, stride, kernel, dims)
        self.bn2 = batchnorm(dims, width)
        self.conv2 = conv3x3(width, width, 1, kernel, dims)
        self.make_shortcut(in_channels, width, stride, dims, **options)

    def branch(self, activated: Tensor) -> Tensor:
        out = self.conv1(activated)
        return self.conv2(self.relu(self.bn2(out)))


class PreActBottleneck(PreActBlock):
    """1x1, 3x3 with the stride, 1x1 to 4 * width, each after its BatchNorm and ReLU."""

    expansion = 4
    last = "conv3"

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        kernel: int = 3,
        dims: int = 2,
        **options: Any,
    ) -> None:
        super().__init__()
        self.bn1 = batchnorm(dims, in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = conv1x1(in_channels, width, 1, dims)
        self.bn2 = batchnorm(dims, width)
        self.conv2 = conv3x3(width, width, stride, kernel, dims)
        self.bn3 = batchnorm(dims, width)
        self.conv3 = conv1x1(width, width * self.expansion, 1, dims)
        self.make_shortcut(in_channels, width, stride, dims, **options)

    def branch(self, activated: Tensor) -> Tensor:
        out = self.conv1(activated)
        out = self.conv2(self.relu(self.bn2(out)))
        return self.conv3(self.relu(self.bn3(out)))
