"""Residual blocks as descriptions: a few layers beside a shortcut, joined, and what a block may be.

A new kind of block is an entry in `BLOCK_OPTIONS`, its layers in `block_layers`, and a class in
`modules`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .checks import check_choice, check_int
from .graph import Graph, Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .architecture import ResNet

EXPANSION = {"single": 1, "basic": 1, "bottleneck": 4}

# What a block may be, and the words for it that explorers show.
BLOCK_OPTIONS: dict[str, dict[object, str]] = {
    "block": {
        "single": "one convolution",
        "basic": "two: building block",
        "bottleneck": "three: bottleneck",
    },
    "version": {1: "1", 1.5: "1.5", 2: "2"},
    "shortcut": {"A": "A", "B": "B", "C": "C", "none": "none"},
    "fusion": {"add": "added", "concat": "side by side"},
    "se": {False: "no", True: "squeeze-and-excitation"},
}


@dataclass(frozen=True)
class ResidualBlock:
    """One residual block by itself, to be traced, drawn and built like a network.

    Its layers are block.conv1, block.bn1 ... Other fields, and errors: as in `ResNet`.

    Attributes:
        in_channels: that come in.
        width: channels of the 3x3 convolutions.
        stride: of the block as a whole.

    Example:
        >>> from resnet_lab import trace
        >>> trace(ResidualBlock("bottleneck", in_channels=256, width=64), (256, 56, 56)).params
        70400
    """

    block: str = "basic"
    in_channels: int = 64
    width: int = 64
    stride: int = 1
    version: float = 1.5
    shortcut: str = "B"
    fusion: str = "add"
    kernel: int = 3
    dims: int = 2
    se: bool = False

    def __post_init__(self) -> None:
        check_block(self)
        for name in ("in_channels", "width", "stride"):
            object.__setattr__(self, name, check_int(name, getattr(self, name)))
        check_zero_pad(self.shortcut, self.in_channels, self.width * EXPANSION[self.block])

    @property
    def name(self) -> str:
        return (
            f"a {self.block} block, {self.in_channels} channels in, width {self.width}, "
            f"stride {self.stride}"
        )

    def graph(self) -> Graph:
        """The block's layers."""
        layers, _ = block_layers(self, "block", "input", self.in_channels, self.width, self.stride)
        return Graph(self.name, layers, self.dims, self.in_channels)


def conv(
    name: str, channels: int, kernel: int, stride: int = 1, inputs: tuple[str, ...] = ()
) -> Layer:
    """A convolution as ResNets use it: padded so that stride 1 keeps the size, without a bias."""
    return Layer(name, "conv", inputs, channels, kernel, stride, kernel // 2)


def block_layers(
    net: ResNet | ResidualBlock, name: str, source: str, channels: int, width: int, stride: int
) -> tuple[list[Layer], int]:
    """The layers of a block of `net` after the layer `source`, and the channels of its output.

    Args:
        net: whose block, version, shortcut, fusion and kernel are taken.
        name: the prefix of all names, such as "layer1.0".
        source: what the block reads.
        channels: of `source`.
        width: of the 3x3 convolutions.
        stride: of the block as a whole.
    """
    preactivation, convs, layers, number = net.version == 2, convolutions(net, width, stride), [], 0
    for outer, kernel, step in convs:  # without enumerate, which is slow in the page
        number += 1
        convolution = conv(f"{name}.conv{number}", outer, kernel, step)
        batchnorm = Layer(f"{name}.bn{number}", "batchnorm")
        if preactivation:
            layers += [batchnorm, _relu(name, number), convolution]
        else:
            layers += [convolution, batchnorm]
            if number < len(convs):
                layers.append(_relu(name, number))
    out_channels = convs[-1][0]
    if net.se:
        layers += _squeeze_excitation(f"{name}.se", layers[-1].name, out_channels)
    branch = layers[-1].name

    fits = stride == 1 and (channels == out_channels or net.fusion == "concat")
    if net.shortcut != "none":
        if fits and net.shortcut != "C":
            shortcut = source
        else:
            shortcut = f"{name}.relu" if preactivation else source
            layers += _changed_shortcut(net, name, shortcut, out_channels, stride)
            shortcut = layers[-1].name
        added = net.fusion == "add"
        inputs = (branch, shortcut) if added else (shortcut, branch)
        layers.append(Layer(f"{name}.{net.fusion}", net.fusion, inputs))
        if not added:
            out_channels += channels if shortcut == source else out_channels
    if not preactivation:
        layers.append(_relu(name, number))
    return layers, out_channels


def convolutions(
    net: ResNet | ResidualBlock, width: int, stride: int
) -> list[tuple[int, int, int]]:
    """The convolutions of a block: (channels out, kernel, stride) each."""
    if net.block == "single":
        return [(width, net.kernel, stride)]
    if net.block == "basic":
        return [(width, net.kernel, stride), (width, net.kernel, 1)]
    early = stride if net.version == 1 else 1
    wide = width * EXPANSION[net.block]
    return [(width, 1, early), (width, net.kernel, stride // early), (wide, 1, 1)]


def _relu(name: str, number: int) -> Layer:
    """A block has one ReLU, which runs several times."""
    return Layer(f"{name}.relu" if number == 1 else f"{name}.relu:{number}", "relu")


def _squeeze_excitation(name: str, source: str, channels: int) -> list[Layer]:
    """A gate for each channel, made of the averages of all by way of a sixteenth of them.

    Source: Hu, Shen and Sun, "Squeeze-and-excitation networks" (2017), section 3.
    """
    return [
        Layer(f"{name}.avgpool", "avgpool", output_size=1),
        Layer(f"{name}.fc1", "conv", (), max(1, channels // 16), bias=True),
        Layer(f"{name}.relu", "relu"),
        Layer(f"{name}.fc2", "conv", (), channels, bias=True),
        Layer(f"{name}.sigmoid", "sigmoid"),
        Layer(f"{name}.multiply", "multiply", (source, f"{name}.sigmoid")),
    ]


def _changed_shortcut(
    net: ResNet | ResidualBlock, name: str, source: str, channels: int, stride: int
) -> list[Layer]:
    """A shortcut that is no identity."""
    if net.shortcut == "A":
        return [Layer(f"{name}.downsample", "zero-pad", (source,), channels, stride=stride)]
    projection = [conv(f"{name}.downsample.0", channels, 1, stride, (source,))]
    if net.version != 2:
        projection.append(Layer(f"{name}.downsample.1", "batchnorm"))
    return projection


def check_block(net: ResNet | ResidualBlock) -> None:
    """Raise ValueError or TypeError unless a block can be as `net` says."""
    for option, words in BLOCK_OPTIONS.items():
        object.__setattr__(net, option, check_choice(option, getattr(net, option), tuple(words)))
    check_choice("dims", net.dims, (1, 2))
    for name in ("dims", "kernel"):  # NumPy's integers overflow, and would not go into JSON
        object.__setattr__(net, name, check_int(name, getattr(net, name)))
    if net.kernel % 2 == 0:
        raise ValueError(f"kernel is {net.kernel}; it must be odd, so that padding keeps the size")
    if net.block == "single" and net.version == 2:
        raise ValueError(
            "block is 'single' but version is 2; pre-activation is there for 'basic' and "
            "'bottleneck'"
        )
    if net.fusion == "concat" and net.shortcut == "none":
        raise ValueError(
            "fusion is 'concat' but shortcut is 'none': a plain net has no second branch to "
            "concatenate, choose 'B' or 'C'"
        )
    if net.fusion == "concat" and net.shortcut == "A":
        raise ValueError(
            "fusion is 'concat' and shortcut is 'A'; concatenation needs no zero-padding, "
            "choose 'B' or 'C'"
        )


def check_zero_pad(shortcut: str, before: int, after: int) -> None:
    """Raise ValueError if shortcut A had to take channels away."""
    if shortcut == "A" and after < before:
        raise ValueError(
            f"shortcut is 'A' but {before} channels become {after}: zero-padding can only add "
            "channels; choose 'B', or widths that do not shrink"
        )
