"""Residual networks in PyTorch, by hand: blocks, stages, networks. Written to be read in one go, and copied.

`build(net)` makes the module that a description from `architecture` stands for. Attributes have torchvision's names, so
state dicts go both ways. Nothing is counted here: `trace` counts without these modules, and the tests compare the two.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from . import architecture
from .checks import check_choice

CONV = {1: nn.Conv1d, 2: nn.Conv2d}
BATCHNORM = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}
MAXPOOL = {1: nn.MaxPool1d, 2: nn.MaxPool2d}
AVGPOOL = {1: nn.AvgPool1d, 2: nn.AvgPool2d}
ADAPTIVE_AVGPOOL = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d}


def conv3x3(in_channels, out_channels, stride=1, kernel=3, dims=2):
    """A 3x3 convolution, 3 wide if dims is 1, padded to keep the size at stride 1. No bias: BatchNorm would undo it."""
    return CONV[dims](in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False)


def conv1x1(in_channels, out_channels, stride=1, dims=2):
    """A 1x1 convolution: mixes the channels of each pixel by itself; with a stride it skips pixels."""
    return CONV[dims](in_channels, out_channels, kernel_size=1, stride=stride, bias=False)


class ZeroPad(nn.Module):
    """Shortcut A: every stride-th pixel, with channels of zeros appended up to `out_channels`. No parameters."""

    def __init__(self, out_channels, stride):
        super().__init__()
        self.out_channels, self.stride = out_channels, stride

    def forward(self, x):
        step = self.stride
        x = x[:, :, ::step] if x.dim() == 3 else x[:, :, ::step, ::step]
        return F.pad(x, (0, 0) * (x.dim() - 2) + (0, self.out_channels - x.shape[1]))


def fit_branch(x, size, how):
    """Bring x, (N, C, length) or (N, C, height, width), to `size` along every axis, so that it can meet another branch.

    how: "pad" appends zeros or cuts off the end, "pool" averages, "interpolate" draws straight lines between samples.
    None of them has parameters; the learned ways are a stride in a convolution and, for the channels, a 1x1 projection.
    """
    check_choice("how", how, ("pad", "pool", "interpolate"))
    axes = x.dim() - 2
    if how == "pad":
        missing = [
            (0, size - side) for side in reversed(x.shape[2:])
        ]  # F.pad begins with the last axis
        return F.pad(x, sum(missing, ()))
    if how == "pool":
        return ADAPTIVE_AVGPOOL[axes](size)(x)
    return F.interpolate(x, (size,) * axes, mode="linear" if axes == 1 else "bilinear")


class Block(nn.Module):
    """What all blocks share: the shortcut, and how it meets the branch of convolutions.

    in_channels come in; width: of the 3x3 convolutions; expansion * width come out, more with fusion "concat".
    stride: 2 halves the size. kernel: of the 3x3 convolutions. dims: 1 for signals, 2 for images.
    shortcut: "A", "B", "C" (sections 3.3 and 4.1 of the paper) or "none". fusion: "add", or "concat" as in a DenseNet.
    A subclass names in `last` the layer that ends its branch.
    """

    expansion = 1

    def make_shortcut(
        self, in_channels, width, stride, dims, shortcut="B", fusion="add", batchnorm=True
    ):
        check_choice("shortcut", shortcut, ("A", "B", "C", "none"))
        check_choice("fusion", fusion, ("add", "concat"))
        channels = width * self.expansion
        fits = stride == 1 and (in_channels == channels or fusion == "concat")
        if shortcut == "none":
            self.downsample = None
        elif fits and shortcut != "C":
            self.downsample = nn.Identity()
        elif shortcut == "A":
            self.downsample = ZeroPad(channels, stride)
        else:
            self.downsample = nn.Sequential(conv1x1(in_channels, channels, stride, dims))
            if batchnorm:
                self.downsample.append(BATCHNORM[dims](channels))
        self.fusion = fusion
        self.out_channels = channels
        if fusion == "concat":
            self.out_channels += (
                in_channels if isinstance(self.downsample, nn.Identity) else channels
            )

    def join(self, branch, x):
        if self.downsample is None:
            return branch
        if self.fusion == "concat":
            return torch.cat((self.downsample(x), branch), dim=1)
        return branch + self.downsample(x)


class SingleBlock(Block):
    """One 3x3 convolution: relu(bn1(conv1(x)) + x)."""

    last = "bn1"

    def __init__(self, in_channels, width, stride=1, kernel=3, dims=2, **shortcut):
        super().__init__()
        self.conv1 = conv3x3(in_channels, width, stride, kernel, dims)
        self.bn1 = BATCHNORM[dims](width)
        self.relu = nn.ReLU(inplace=True)
        self.make_shortcut(in_channels, width, stride, dims, **shortcut)

    def forward(self, x):
        return self.relu(self.join(self.bn1(self.conv1(x)), x))


class BasicBlock(Block):
    """The paper's building block, two 3x3 convolutions: relu(bn2(conv2(relu(bn1(conv1(x))))) + x). Figure 5, left."""

    last = "bn2"

    def __init__(self, in_channels, width, stride=1, kernel=3, dims=2, **shortcut):
        super().__init__()
        self.conv1 = conv3x3(in_channels, width, stride, kernel, dims)
        self.bn1 = BATCHNORM[dims](width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(width, width, 1, kernel, dims)
        self.bn2 = BATCHNORM[dims](width)
        self.make_shortcut(in_channels, width, stride, dims, **shortcut)

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(self.join(out, x))


class Bottleneck(Block):
    """1x1 to narrow, 3x3, 1x1 to widen to 4 * width, beside the shortcut. Figure 5, right.

    version: 1.5 has the stride on the 3x3, like torchvision; 1 on the first 1x1, like the paper, which skips pixels.
    """

    expansion = 4
    last = "bn3"

    def __init__(self, in_channels, width, stride=1, kernel=3, dims=2, version=1.5, **shortcut):
        super().__init__()
        first, second = (stride, 1) if version == 1 else (1, stride)
        self.conv1 = conv1x1(in_channels, width, first, dims)
        self.bn1 = BATCHNORM[dims](width)
        self.conv2 = conv3x3(width, width, second, kernel, dims)
        self.bn2 = BATCHNORM[dims](width)
        self.conv3 = conv1x1(width, width * self.expansion, 1, dims)
        self.bn3 = BATCHNORM[dims](width * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.make_shortcut(in_channels, width, stride, dims, **shortcut)

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(self.join(out, x))


class PreActBlock(Block):
    """Pre-activation (version 2): BatchNorm and ReLU stand before each convolution, and nothing after the addition.

    Where the shape changes, both branches start from the activated input; elsewhere x itself passes, untouched.
    Source: He et al., "Identity mappings in deep residual networks" (2016), figure 4(e) and appendix.
    """

    def make_shortcut(self, *arguments, **shortcut):
        super().make_shortcut(*arguments, **shortcut, batchnorm=False)

    def forward(self, x):
        activated = self.relu(self.bn1(x))
        return self.join(
            self.branch(activated), x if isinstance(self.downsample, nn.Identity) else activated
        )


class PreActBasicBlock(PreActBlock):
    """conv2(relu(bn2(conv1(relu(bn1(x)))))) + x."""

    last = "conv2"

    def __init__(self, in_channels, width, stride=1, kernel=3, dims=2, **shortcut):
        super().__init__()
        self.bn1 = BATCHNORM[dims](in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = conv3x3(in_channels, width, stride, kernel, dims)
        self.bn2 = BATCHNORM[dims](width)
        self.conv2 = conv3x3(width, width, 1, kernel, dims)
        self.make_shortcut(in_channels, width, stride, dims, **shortcut)

    def branch(self, activated):
        out = self.conv1(activated)
        return self.conv2(self.relu(self.bn2(out)))


class PreActBottleneck(PreActBlock):
    """1x1, 3x3 with the stride, 1x1 to 4 * width, each after its BatchNorm and ReLU."""

    expansion = 4
    last = "conv3"

    def __init__(self, in_channels, width, stride=1, kernel=3, dims=2, **shortcut):
        super().__init__()
        self.bn1 = BATCHNORM[dims](in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = conv1x1(in_channels, width, 1, dims)
        self.bn2 = BATCHNORM[dims](width)
        self.conv2 = conv3x3(width, width, stride, kernel, dims)
        self.bn3 = BATCHNORM[dims](width)
        self.conv3 = conv1x1(width, width * self.expansion, 1, dims)
        self.make_shortcut(in_channels, width, stride, dims, **shortcut)

    def branch(self, activated):
        out = self.conv1(activated)
        out = self.conv2(self.relu(self.bn2(out)))
        return self.conv3(self.relu(self.bn3(out)))


BLOCKS = {
    ("single", False): SingleBlock,
    ("basic", False): BasicBlock,
    ("bottleneck", False): Bottleneck,
    ("basic", True): PreActBasicBlock,
    ("bottleneck", True): PreActBottleneck,
}


def make_block(net, in_channels, width, stride):
    """The block that a description asks for with its fields block, version, kernel, dims, shortcut and fusion."""
    options = dict(kernel=net.kernel, dims=net.dims, shortcut=net.shortcut, fusion=net.fusion)
    if net.block == "bottleneck" and net.version != 2:
        options["version"] = net.version
    return BLOCKS[net.block, net.version == 2](in_channels, width, stride, **options)


class ResNet(nn.Sequential):
    """The network that `net`, an `architecture.ResNet`, describes. Its parts run in the order in which they stand here.

    (N, in_channels, height, width) or (N, in_channels, length) -> (N, classes).
    """

    def __init__(self, net):
        super().__init__()
        dims, post_activation = net.dims, net.version != 2
        if net.stem == "7x7":
            self.conv1 = CONV[dims](
                net.in_channels, net.stem_width, 7, stride=2, padding=3, bias=False
            )
        else:
            self.conv1 = conv3x3(net.in_channels, net.stem_width, dims=dims)
        if post_activation:
            self.bn1 = BATCHNORM[dims](net.stem_width)
            self.relu = nn.ReLU(inplace=True)
        if net.stem == "7x7":
            self.maxpool = MAXPOOL[dims](3, stride=2, padding=1)

        self.channels = net.stem_width
        for number, (depth, width) in enumerate(zip(net.depths, net.widths), 1):
            self.add_module(
                f"layer{number}",
                self._make_layer(net, depth, width, stride=1 if number == 1 else 2),
            )

        if not post_activation:
            self.bn = BATCHNORM[dims](self.channels)
            self.relu = nn.ReLU(inplace=True)
        if net.head == "average":
            self.avgpool = ADAPTIVE_AVGPOOL[dims](1)
            features = self.channels
        else:
            self.avgpool = AVGPOOL[dims](4)
            self.eval()  # let an input through to see what is left of it; BatchNorm must not learn from it
            with torch.no_grad():
                features = self(torch.zeros(1, net.in_channels, *[net.input_size] * dims)).numel()
            self.train()
        self.flatten = nn.Flatten()
        if net.dropout:
            self.dropout = nn.Dropout(net.dropout)
        self.fc = nn.Linear(features, net.classes)

    def _make_layer(self, net, depth, width, stride):
        """One stage: `depth` blocks, of which the first has the stride."""
        blocks = []
        for index in range(depth):
            blocks.append(make_block(net, self.channels, width, stride if index == 0 else 1))
            self.channels = blocks[-1].out_channels
        return nn.Sequential(*blocks)


class VGG(nn.Sequential):
    """VGG-16 or VGG-19: 3x3 convolutions with bias, 5 poolings, 3 linear layers. (N, C, H, W) -> (N, classes)."""

    def __init__(self, net):
        super().__init__()
        layers, channels = [], net.in_channels
        for width, convs in zip((64, 128, 256, 512, 512), architecture.VGG_STAGES[net.depth]):
            for _ in range(convs):
                layers += [
                    nn.Conv2d(channels, width, kernel_size=3, padding=1),
                    nn.ReLU(inplace=True),
                ]
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


def build(net, zero_init_residual=False):
    """The nn.Module that a description (`ResNet`, `VGG` or `ResidualBlock`) stands for, with He initialisation.

    zero_init_residual: the last layer of every branch starts at zero, so that every block starts as its shortcut
    (Goyal et al., "Accurate, large minibatch SGD" (2017), section 5.1). That layer is a BatchNorm; in a pre-activation
    block it is a convolution, for a BatchNorm would hand the ReLU zeros only, where it passes no gradient.
    Raises TypeError for anything but a description, ValueError for zero_init_residual in a net without shortcuts.

    >>> from resnet_lab import resnet18_small
    >>> build(resnet18_small())(torch.zeros(64, 3, 32, 32)).shape
    torch.Size([64, 10])
    """
    if isinstance(net, architecture.ResNet):
        model = ResNet(net)
    elif isinstance(net, architecture.VGG):
        model = VGG(net)
    elif isinstance(net, architecture.ResidualBlock):
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
                f"zero_init_residual is True but {net.name} has no shortcuts; nothing would get through"
            )
        for block in model.modules():
            if isinstance(block, Block):
                nn.init.zeros_(getattr(block, block.last).weight)
    return model
