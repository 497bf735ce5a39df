"""Networks as descriptions: which layers stand where, and nothing else.

A description has a name, `dims`, `in_channels` and `graph()`, whose layers are named as torchvision
names its modules. `tracing` counts them, `draw` draws them, `models` builds them. A ResNet is a
stem, stages of blocks, and a head; a block is a few layers beside a shortcut.
"""

from __future__ import annotations

from dataclasses import dataclass

from .arithmetic import conv_output_size
from .blocks import EXPANSION, block_layers, check_block, check_zero_pad, conv, convolutions
from .checks import check_choice, check_int
from .graph import Graph, Layer, shifted


@dataclass(frozen=True)
class ResNet:
    """Any residual network: stem, one stage for every entry of `depths`, head.

    Attributes:
        block: "basic" (two convolutions; the paper's building block), "bottleneck" (1x1, 3x3, 1x1
            with 4 times the width out) or "single" (one convolution; not in version 2).
        depths: blocks in each stage.
        widths: channels of each stage's 3x3 convolutions; from the second stage on, the first block
            halves the size.
        version: 1 (a bottleneck's stride on its first 1x1, the paper's), 1.5 (on its 3x3,
            torchvision's) or 2 (pre-activation, stride on the 3x3, a final BatchNorm and ReLU).
            Versions 1 and 1.5 of a basic block are the same.
        shortcut: "A" zero-padded or "B" projection where the shape changes, "C" projections
            everywhere, "none" a plain net.
        stem: "7x7" (7-wide, stride 2, then a 3-wide max pool of stride 2) or "3x3" (one 3-wide
            convolution of stride 1).
        stem_width: its channels, the first entry of `widths` if None.
        kernel: of the blocks' 3x3 convolutions, odd.
        in_channels: of the input.
        classes: of the output.
        dims: 1 for signals, 2 for images.
        fusion: "add", or "concat" to keep both branches' channels side by side, as DenseNet does.
        head: "average" (global average pooling) or "flatten" (average pooling by 4, flatten), which
            needs `input_size`.
        dropout: probability before the classifier; 0 leaves the layer out.
        input_size: along every axis, for the head "flatten".
        title: a name instead of the one made from the description.
        se: squeeze-and-excitation at the end of every branch.

    Raises:
        TypeError, ValueError: naming the value that does not fit.

    Source:
        He et al., "Deep residual learning for image recognition" (2015), sections 3.3, 3.4, 4.1 and
        table 1; version 2: "Identity mappings in deep residual networks" (2016), section 4.1 and
        appendix.

    Example:
        >>> net = ResNet("bottleneck", (3, 4, 6, 3))
        >>> net.name, net.depth, net.expansion
        ('ResNet-50', 50, 4)
    """

    block: str
    depths: tuple[int, ...]
    widths: tuple[int, ...] = (64, 128, 256, 512)
    version: float = 1.5
    shortcut: str = "B"
    stem: str = "7x7"
    stem_width: int | None = None
    kernel: int = 3
    in_channels: int = 3
    classes: int = 1000
    dims: int = 2
    fusion: str = "add"
    head: str = "average"
    dropout: float = 0.0
    input_size: int | None = None
    title: str | None = None
    se: bool = False

    def __post_init__(self) -> None:
        check_block(self)
        check_choice("stem", self.stem, ("7x7", "3x3"))
        check_choice("head", self.head, ("average", "flatten"))
        for name in ("depths", "widths"):
            object.__setattr__(self, name, _one_a_stage(name, getattr(self, name)))
        if len(self.depths) != len(self.widths):
            raise ValueError(
                f"depths {self.depths} has {len(self.depths)} stages but widths {self.widths} has "
                f"{len(self.widths)}; give one width for each stage"
            )
        if self.stem_width is None:
            object.__setattr__(self, "stem_width", self.widths[0])
        for name in ("stem_width", "in_channels", "classes"):
            object.__setattr__(self, name, check_int(name, getattr(self, name)))
        if self.input_size is not None:
            object.__setattr__(self, "input_size", check_int("input_size", self.input_size))
        real = isinstance(self.dropout, (int, float)) or hasattr(self.dropout, "__float__")
        if isinstance(self.dropout, bool) or not real:
            raise TypeError(
                f"dropout is {self.dropout!r}; it must be a number from 0 up to, not including, 1"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(
                f"dropout is {self.dropout}; it must be from 0 up to, not including, 1"
            )
        object.__setattr__(self, "dropout", float(self.dropout))
        channels = [self.stem_width or 0, *[width * self.expansion for width in self.widths]]
        for before, after in zip(channels, channels[1:], strict=False):
            check_zero_pad(self.shortcut, before, after)
        if self.head == "flatten":
            self._flat_size()

    @property
    def expansion(self) -> int:
        """Output channels of a block over its width: 4 for a bottleneck, otherwise 1."""
        return EXPANSION[self.block]

    @property
    def depth(self) -> int:
        """Layers as the paper counts them: convolutions and the classifier on the main path."""
        return 2 + sum(self.depths) * len(convolutions(self, 1, 1))

    @property
    def name(self) -> str:
        """The title, or a name made from the description."""
        kind = "plain" if self.shortcut == "none" else "ResNet"
        return self.title or f"{'SE-' * self.se}{kind}-{self.depth}"

    def graph(self) -> Graph:
        """The layers, a stage's second block standing for those after it, too.

        Added to what it is given, every later block is like the second; put beside it, each finds
        more channels.
        """
        layers, repeats = self._stem(), []
        channels, source = self.stem_width or 0, layers[-1].name
        for stage, (depth, width) in enumerate(zip(self.depths, self.widths, strict=True), 1):
            alike = self.fusion == "add"
            for index in range(min(depth, 2) if alike else depth):
                first, stride = len(layers), 2 if index == 0 and stage > 1 else 1
                name = f"layer{stage}.{index}"
                block, channels = block_layers(self, name, source, channels, width, stride)
                layers += block
                source = layers[-1].name
                if alike and index == 1 and depth > 2:
                    repeats.append((first, len(layers), depth - 1))
                    source = shifted(source, depth - 2)
        return Graph(
            self.name, layers + self._head(channels), self.dims, self.in_channels, tuple(repeats)
        )

    def _stem(self) -> list[Layer]:
        wide = self.stem == "7x7"
        layers = [conv("conv1", self.stem_width or 0, 7 if wide else 3, 2 if wide else 1)]
        if self.version != 2:
            layers += [Layer("bn1", "batchnorm"), Layer("relu", "relu")]
        if wide:
            layers.append(Layer("maxpool", "maxpool", (), None, 3, 2, 1))
        return layers

    def _head(self, channels: int) -> list[Layer]:
        layers = []
        if self.version == 2:
            layers += [Layer("bn", "batchnorm"), Layer("relu", "relu")]
        if self.head == "average":
            layers.append(Layer("avgpool", "avgpool", output_size=1))
            features = channels
        else:
            layers.append(Layer("avgpool", "avgpool", kernel=4, stride=4))
            features = channels * self._flat_size() ** self.dims
        layers.append(Layer("flatten", "flatten", channels=features))
        if self.dropout:
            layers.append(Layer("dropout", "dropout"))
        return [*layers, Layer("fc", "linear", channels=self.classes, bias=True)]

    def _flat_size(self) -> int:
        """Size along an axis after the average pooling of the "flatten" head."""
        if self.input_size is None:
            raise ValueError(
                "head is 'flatten' but input_size is None; the classifier needs to know the "
                "input's size"
            )
        size = self.input_size
        for layer in self._stem():
            size = conv_output_size(size, layer.kernel, layer.stride, layer.padding)
        for _ in self.depths[1:]:
            size = conv_output_size(size, self.kernel, 2, self.kernel // 2)
        if size < 4:
            raise ValueError(
                f"input_size is {self.input_size}; only {size} positions are left before the "
                "average pooling by 4, make the input longer"
            )
        return conv_output_size(size, 4, 4)


def _one_a_stage(name: str, values: object) -> tuple[int, ...]:
    if not isinstance(values, (tuple, list)):
        raise TypeError(
            f"{name} is {values!r}; it must be a tuple with one whole number for each stage"
        )
    if not values:
        raise ValueError(
            f"{name} is empty; it needs one whole number for each stage, such as (2, 2, 2, 2)"
        )
    return tuple([check_int(f"{name} of stage {stage}", n) for stage, n in enumerate(values, 1)])


VGG_STAGES = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


@dataclass(frozen=True)
class VGG:
    """VGG-16 or VGG-19: 3x3 convolutions, five poolings, three linear layers.

    Every layer has a bias, none a BatchNorm.

    Source:
        Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition"
        (2014), table 1, columns D and E; the adaptive pooling to 7x7 and the dropout are
        torchvision's.

    Example:
        >>> VGG(19).graph().layers[-1].name
        'classifier.6'
    """

    depth: int
    classes: int = 1000
    in_channels: int = 3
    dims = 2

    def __post_init__(self) -> None:
        for name, words in (("depth", "VGG depth"), ("classes", ""), ("in_channels", "")):
            object.__setattr__(self, name, check_int(words or name, getattr(self, name)))
        check_choice("VGG depth", self.depth, tuple(VGG_STAGES))

    @property
    def name(self) -> str:
        return f"VGG-{self.depth}"

    def graph(self) -> Graph:
        """Layers in order of execution."""
        layers: list[Layer] = []
        for width, convs in zip((64, 128, 256, 512, 512), VGG_STAGES[self.depth], strict=True):
            for _ in range(convs):
                name = f"features.{len(layers)}"
                layers.append(Layer(name, "conv", (), width, 3, padding=1, bias=True))
                layers.append(Layer(f"features.{len(layers)}", "relu"))
            layers.append(Layer(f"features.{len(layers)}", "maxpool", kernel=2, stride=2))
        layers += [
            Layer("avgpool", "avgpool", output_size=7),
            Layer("flatten", "flatten", channels=512 * 7 * 7),
        ]
        for number, width in ((0, 4096), (3, 4096)):
            layers += [
                Layer(f"classifier.{number}", "linear", channels=width, bias=True),
                Layer(f"classifier.{number + 1}", "relu"),
                Layer(f"classifier.{number + 2}", "dropout"),
            ]
        layers.append(Layer("classifier.6", "linear", channels=self.classes, bias=True))
        return Graph(self.name, layers, 2, self.in_channels)
