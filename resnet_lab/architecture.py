"""Networks as descriptions: which layers stand where, and nothing else. `trace` counts them, `models` builds them.

A network has `parts()`: layers and blocks in order of execution, named as torchvision names its modules. A ResNet is
a stem, stages of blocks, and a head; a block is a few layers beside a shortcut.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .arithmetic import conv_output_size
from .checks import check_choice, check_int


@dataclass
class Layer:
    """One layer. kind: conv, batchnorm, relu, maxpool, avgpool, flatten, dropout or linear.

    kernel, stride and padding are those of every axis. output_size, for an adaptive avgpool, is its output's size.
    """

    name: str
    kind: str
    in_channels: int
    out_channels: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    groups: int = 1
    bias: bool = False
    output_size: int | None = None


@dataclass
class Block:
    """A residual block: `main` beside a shortcut, joined by addition or concatenation, then `after`.

    before: layers both branches share (pre-activation, where the shape changes); projection: the shortcut's layers.
    shortcut: "identity", "zero-pad" (subsampled, channels filled up with zeros), "projection", or None in a plain net.
    in_channels, out_channels and stride are the block's as a whole.
    """

    name: str
    in_channels: int
    out_channels: int
    stride: int
    main: list
    shortcut: str | None
    fusion: str = "add"
    before: list = field(default_factory=list)
    projection: list = field(default_factory=list)
    after: list = field(default_factory=list)


EXPANSION = {"single": 1, "basic": 1, "bottleneck": 4}
BLOCK_OPTIONS: dict[str, dict] = {
    "block": {
        "single": "one convolution",
        "basic": "two: building block",
        "bottleneck": "three: bottleneck",
    },
    "version": {1: "1", 1.5: "1.5", 2: "2"},
    "shortcut": {"A": "A", "B": "B", "C": "C", "none": "none"},
    "fusion": {"add": "added", "concat": "side by side"},
}


def conv(name: str, in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> Layer:
    """A convolution as ResNets use it: padded so that stride 1 keeps the size; no bias, as BatchNorm follows."""
    return Layer(name, "conv", in_channels, out_channels, kernel, stride, kernel // 2)


def batchnorm(name: str, channels: int) -> Layer:
    return Layer(name, "batchnorm", channels, channels)


def relu(name: str, channels: int) -> Layer:
    return Layer(name, "relu", channels, channels)


@dataclass(frozen=True)
class ResNet:
    """Any residual network: stem, one stage for every entry of `depths`, head.

    block: "basic" (two convolutions; the paper's building block), "bottleneck" (1x1, 3x3, 1x1 with 4 times the width
    out) or "single" (one convolution; not in version 2).
    depths: blocks in each stage. widths: channels of each stage's 3x3 convolutions; from the second stage on, the
    first block halves the size.
    version: 1 (a bottleneck's stride on its first 1x1, the paper's), 1.5 (on its 3x3, torchvision's) or 2
    (pre-activation, stride on the 3x3, a final BatchNorm and ReLU). Versions 1 and 1.5 of a basic block are the same.
    shortcut: "A" zero-padded, "B" projection where the shape changes, "C" projections everywhere, "none" a plain net.
    stem: "7x7" (7-wide, stride 2, then a 3-wide max pool of stride 2) or "3x3" (one 3-wide convolution of stride 1).
    stem_width: its channels, the first entry of `widths` if None. kernel: of the blocks' 3x3 convolutions, odd.
    in_channels: of the input; classes: of the output; dims: 1 for signals, 2 for images.
    fusion: "add", or "concat" to keep both branches' channels side by side, as DenseNet does.
    head: "average" (global average pooling) or "flatten" (average pooling by 4, flatten), which needs `input_size`.
    dropout: probability before the classifier; 0 leaves the layer out.

    Source: He et al., "Deep residual learning for image recognition" (2015), sections 3.3, 3.4, 4.1 and table 1;
    version 2: "Identity mappings in deep residual networks" (2016), section 4.1 and appendix.
    Raises ValueError or TypeError naming the value that does not fit.

    >>> net = ResNet("bottleneck", (3, 4, 6, 3))
    >>> net.name, net.depth, net.expansion
    ('ResNet-50', 50, 4)
    """

    block: str
    depths: tuple
    widths: tuple = (64, 128, 256, 512)
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

    def __post_init__(self):
        check_choice("block", self.block, tuple(EXPANSION))
        check_choice("version", self.version, (1, 1.5, 2))
        check_choice("shortcut", self.shortcut, ("A", "B", "C", "none"))
        check_choice("stem", self.stem, ("7x7", "3x3"))
        check_choice("fusion", self.fusion, ("add", "concat"))
        check_choice("head", self.head, ("average", "flatten"))
        check_choice("dims", self.dims, (1, 2)), check_int("dims", self.dims)
        for name in ("depths", "widths"):
            values = getattr(self, name)
            if not isinstance(values, (tuple, list)):
                raise TypeError(
                    f"{name} is {values!r}; it must be a tuple with one whole number for each stage"
                )
            object.__setattr__(self, name, tuple(values))
            if not values:
                raise ValueError(
                    f"{name} is empty; it needs one whole number for each stage, such as (2, 2, 2, 2)"
                )
            for stage, value in enumerate(values, 1):
                check_int(f"{name} of stage {stage}", value)
        if len(self.depths) != len(self.widths):
            raise ValueError(
                f"depths {self.depths} has {len(self.depths)} stages but widths {self.widths} has "
                f"{len(self.widths)}; give one width for each stage"
            )
        if self.stem_width is None:
            object.__setattr__(self, "stem_width", self.widths[0])
        for name in ("stem_width", "kernel", "in_channels", "classes"):
            check_int(name, getattr(self, name))
        if self.input_size is not None:
            check_int("input_size", self.input_size)
        if self.kernel % 2 == 0:
            raise ValueError(
                f"kernel is {self.kernel}; it must be odd, so that padding can keep the size"
            )
        if isinstance(self.dropout, bool) or not isinstance(self.dropout, (int, float)):
            raise TypeError(
                f"dropout is {self.dropout!r}; it must be a number from 0 up to, not including, 1"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(
                f"dropout is {self.dropout}; it must be from 0 up to, not including, 1"
            )
        if self.block == "single" and self.version == 2:
            raise ValueError(
                "block is 'single' but version is 2; pre-activation is there for 'basic' and 'bottleneck'"
            )
        if self.shortcut == "none" and self.fusion == "concat":
            raise ValueError(
                "fusion is 'concat' but shortcut is 'none': a plain net has no second branch to "
                "concatenate, choose 'B' or 'C'"
            )
        if self.shortcut == "A" and self.fusion == "concat":
            raise ValueError(
                "fusion is 'concat' and shortcut is 'A'; concatenation needs no zero-padding, "
                "choose 'B' or 'C'"
            )
        if self.shortcut == "A":
            channels = (self.stem_width, *(width * self.expansion for width in self.widths))
            for before, after in zip(channels, channels[1:]):
                if after < before:
                    raise ValueError(
                        f"shortcut is 'A' but {before} channels become {after}: zero-padding can only add "
                        "channels; choose 'B', or widths that do not shrink"
                    )
        if self.head == "flatten":
            if self.input_size is None:
                raise ValueError(
                    "head is 'flatten' but input_size is None; the classifier needs to know the input's "
                    "size"
                )
            self._flat_size()

    @property
    def expansion(self) -> int:
        """Output channels of a block over its width: 4 for a bottleneck, otherwise 1."""
        return EXPANSION[self.block]

    @property
    def depth(self) -> int:
        """Layers as the paper counts them: convolutions and fully connected layers on the main path."""
        return 2 + sum(self.depths) * {"single": 1, "basic": 2, "bottleneck": 3}[self.block]

    @property
    def name(self) -> str:
        """The title, or a name made from the description."""
        return self.title or f"{'plain' if self.shortcut == 'none' else 'ResNet'}-{self.depth}"

    def stages(self, most: int | None = None) -> list:
        """The stages, each a list of blocks (of its first `most`): the network is them between a stem and a head."""
        stages, channels = [], self.stem_width
        for number, (depth, width) in enumerate(zip(self.depths, self.widths), 1):
            blocks = []
            for index in range(min(depth, most or depth)):
                stride = 2 if index == 0 and number > 1 else 1
                blocks.append(self._block(f"layer{number}.{index}", channels, width, stride))
                channels = blocks[-1].out_channels
            stages.append(blocks)
        return stages

    def parts(self) -> list:
        """Layers and blocks in order of execution."""
        blocks = [block for stage in self.stages() for block in stage]
        return self._stem() + blocks + self._head(blocks[-1].out_channels)

    def outline(self) -> list:
        """`parts` with their number: pairs of a part and how many such follow each other, which differ in name alone.

        Added to what it is given, a stage's second block is also its third; put beside it, each finds more channels.
        """
        pairs = []
        for blocks, depth in zip(self.stages(2 if self.fusion == "add" else None), self.depths):
            pairs += [(block, 1) for block in blocks[:-1]] + [(blocks[-1], depth - len(blocks) + 1)]
        return (
            [(layer, 1) for layer in self._stem()]
            + pairs
            + [(layer, 1) for layer in self._head(pairs[-1][0].out_channels)]
        )

    def _stem(self) -> list:
        width, wide = self.stem_width, self.stem == "7x7"
        layers = [conv("conv1", self.in_channels, width, 7 if wide else 3, 2 if wide else 1)]
        if self.version != 2:
            layers += [batchnorm("bn1", width), relu("relu", width)]
        if wide:
            layers.append(Layer("maxpool", "maxpool", width, width, 3, 2, 1))
        return layers

    def _block(self, name: str, channels: int, width: int, stride: int) -> Block:
        if self.block == "single":
            convs = [(width, self.kernel, stride)]
        elif self.block == "basic":
            convs = [(width, self.kernel, stride), (width, self.kernel, 1)]
        else:
            early = stride if self.version == 1 else 1
            convs = [
                (width, 1, early),
                (width, self.kernel, stride // early),
                (width * self.expansion, 1, 1),
            ]
        branch_width = convs[-1][0]

        main, inner, number = [], channels, 0
        for outer, kernel, step in convs:  # without enumerate, which is slow in the page
            number += 1
            convolution = conv(f"{name}.conv{number}", inner, outer, kernel, step)
            if self.version == 2:
                main += [
                    batchnorm(f"{name}.bn{number}", inner),
                    relu(f"{name}.relu", inner),
                    convolution,
                ]
            else:
                main += [
                    convolution,
                    batchnorm(f"{name}.bn{number}", outer),
                    relu(f"{name}.relu", outer),
                ]
            inner = outer

        fits = stride == 1 and (channels == branch_width or self.fusion == "concat")
        shortcut = {
            "A": "identity" if fits else "zero-pad",
            "B": "identity" if fits else "projection",
            "C": "projection",
            "none": None,
        }[self.shortcut]
        block = Block(name, channels, branch_width, stride, main, shortcut, self.fusion)
        if self.fusion == "concat":
            block.out_channels += channels if shortcut == "identity" else branch_width
        if shortcut == "projection":
            block.projection = [conv(f"{name}.downsample.0", channels, branch_width, 1, stride)]
            if self.version != 2:
                block.projection.append(batchnorm(f"{name}.downsample.1", branch_width))
        if self.version == 2:
            if shortcut in ("projection", "zero-pad"):
                block.before, block.main = main[:2], main[2:]
        else:
            block.main = main[:-1]
            block.after = [relu(f"{name}.relu", block.out_channels)]
        return block

    def _head(self, channels: int) -> list:
        layers = [batchnorm("bn", channels), relu("relu", channels)] if self.version == 2 else []
        if self.head == "average":
            features = channels
            layers.append(Layer("avgpool", "avgpool", channels, channels, output_size=1))
        else:
            features = channels * self._flat_size() ** self.dims
            layers.append(Layer("avgpool", "avgpool", channels, channels, 4, 4))
        layers.append(Layer("flatten", "flatten", channels, features))
        if self.dropout:
            layers.append(Layer("dropout", "dropout", features, features))
        return layers + [Layer("fc", "linear", features, self.classes, bias=True)]

    def _flat_size(self) -> int:
        """Size along an axis after the average pooling of the "flatten" head."""
        size = self.input_size
        for layer in self._stem():
            size = conv_output_size(size, layer.kernel, layer.stride, layer.padding)
        for _ in self.depths[1:]:
            size = conv_output_size(size, self.kernel, 2, self.kernel // 2)
        if size < 4:
            raise ValueError(
                f"input_size is {self.input_size}; only {size} positions are left before the average "
                "pooling by 4, make the input longer"
            )
        return conv_output_size(size, 4, 4)


@dataclass(frozen=True)
class ResidualBlock:
    """One residual block by itself, to be traced, drawn and built like a network. Fields, errors: as in `ResNet`.

    in_channels come in; `width` is that of the 3x3 convolutions. Its rows in a trace are block.conv1, block.bn1 ...

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

    def __post_init__(self):
        (
            check_int("in_channels", self.in_channels),
            check_int("width", self.width),
            check_int("stride", self.stride),
        )
        self.parts()

    @property
    def name(self) -> str:
        return f"a {self.block} block, {self.in_channels} channels in, width {self.width}, stride {self.stride}"

    def parts(self) -> list:
        """The block, in a list of one."""
        net = ResNet(
            self.block,
            (1,),
            (self.width,),
            self.version,
            self.shortcut,
            stem_width=self.in_channels,
            kernel=self.kernel,
            dims=self.dims,
            fusion=self.fusion,
        )
        return [net._block("block", self.in_channels, self.width, self.stride)]


VGG_STAGES = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


@dataclass(frozen=True)
class VGG:
    """VGG-16 or VGG-19: stages of 3x3 convolutions with bias and without BatchNorm, max pooling, three linear layers.

    Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition" (2014),
    table 1, columns D and E; the adaptive pooling to 7x7 and the dropout are torchvision's.

    >>> VGG(19).parts()[-1].name
    'classifier.6'
    """

    depth: int
    classes: int = 1000
    in_channels: int = 3
    dims = 2

    def __post_init__(self):
        check_choice("VGG depth", self.depth, tuple(VGG_STAGES)), check_int("VGG depth", self.depth)
        check_int("classes", self.classes), check_int("in_channels", self.in_channels)

    @property
    def name(self) -> str:
        return f"VGG-{self.depth}"

    def parts(self) -> list:
        """Layers in order of execution."""
        layers, channels = [], self.in_channels

        def add(kind, width, **settings):
            layers.append(Layer(f"features.{len(layers)}", kind, channels, width, **settings))

        for width, convs in zip((64, 128, 256, 512, 512), VGG_STAGES[self.depth]):
            for _ in range(convs):
                add("conv", width, kernel=3, padding=1, bias=True)
                channels = width
                add("relu", width)
            add("maxpool", width, kernel=2, stride=2)
        features = channels * 7 * 7
        return layers + [
            Layer("avgpool", "avgpool", channels, channels, output_size=7),
            Layer("flatten", "flatten", channels, features),
            Layer("classifier.0", "linear", features, 4096, bias=True),
            relu("classifier.1", 4096),
            Layer("classifier.2", "dropout", 4096, 4096),
            Layer("classifier.3", "linear", 4096, 4096, bias=True),
            relu("classifier.4", 4096),
            Layer("classifier.5", "dropout", 4096, 4096),
            Layer("classifier.6", "linear", 4096, self.classes, bias=True),
        ]


IMAGENET_DEPTHS = {
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
}


def resnet(depth: int, version: float = 1.5, shortcut: str = "B", **settings) -> ResNet:
    """ResNet-18, 34, 50, 101 or 152 for ImageNet, from table 1 of the paper. settings: any other field of `ResNet`.

    >>> resnet(101).depths
    (3, 4, 23, 3)
    """
    if not isinstance(depth, int) or depth not in IMAGENET_DEPTHS:
        known = ", ".join(str(known) for known in IMAGENET_DEPTHS)
        raise ValueError(
            f"ResNet depth is {depth!r}; it must be one of {known} "
            "(for 20, 32, 44, 56, 110 see cifar_resnet; for any other configuration see ResNet)"
        )
    block, depths = IMAGENET_DEPTHS[depth]
    return ResNet(block, depths, version=version, shortcut=shortcut, **settings)


def plain(depth: int, **settings) -> ResNet:
    """plain-18 or plain-34: the same layers as the ResNet, without shortcuts.

    >>> plain(34).name
    'plain-34'
    """
    check_choice("plain depth", depth, (18, 34))
    return resnet(depth, shortcut="none", **settings)


def vgg(depth: int, classes: int = 1000, in_channels: int = 3) -> VGG:
    """VGG-16 or VGG-19.

    >>> vgg(16).name
    'VGG-16'
    """
    return VGG(depth, classes, in_channels)


def cifar_resnet(depth: int, shortcut: str = "A", classes: int = 10, **settings) -> ResNet:
    """The paper's CIFAR network of 6n + 2 layers: 20, 32, 44, 56, 110, 1202 (section 4.2); widths 16, 32, 64.

    >>> cifar_resnet(56).depths
    (9, 9, 9)
    """
    if check_int("CIFAR depth", depth, 8) % 6 != 2:
        below = depth - (depth - 2) % 6
        raise ValueError(
            f"CIFAR depth is {depth}; it must be 6n + 2, such as {below} or {below + 6}"
        )
    depths = ((depth - 2) // 6,) * 3
    return ResNet(
        "basic", depths, (16, 32, 64), shortcut=shortcut, stem="3x3", classes=classes, **settings
    )


def cifar_plain(depth: int, **settings) -> ResNet:
    """The plain twin of `cifar_resnet(depth)`.

    >>> cifar_plain(56).shortcut
    'none'
    """
    return cifar_resnet(depth, shortcut="none", **settings)


def resnet18_small(classes: int = 10, **settings) -> ResNet:
    """ResNet-18 with a 3x3 stem, no pooling, for 32 x 32 images: 11 million parameters, not the paper's CIFAR net.

    >>> from resnet_lab import trace
    >>> trace(resnet18_small(), (3, 32, 32)).params
    11173962
    """
    return resnet(18, stem="3x3", classes=classes, title="ResNet-18, small stem", **settings)


def signal_resnet(length: int = 1000, classes: int = 1000, **settings) -> ResNet:
    """A 1-D ResNet-18 for signals: one channel of `length` samples in, `classes` numbers out.

    3-wide stem, stages of 64, 128, 256 and 512 channels with two blocks each, average pooling by 4, flatten, linear.

    >>> from resnet_lab import trace
    >>> trace(signal_resnet(), (1, 1000)).at("flatten").output_shape
    (15872,)
    """
    return ResNet(
        "basic",
        (2, 2, 2, 2),
        stem="3x3",
        in_channels=1,
        classes=classes,
        dims=1,
        head="flatten",
        input_size=length,
        title="1-D ResNet-18",
        **settings,
    )


def named(name: str, **settings) -> ResNet | VGG:
    """The network that a name such as resnet50, plain34, vgg16, resnet20, plain56, resnet18-small or signal stands for.

    resnet and plain followed by 6n + 2 that is no ImageNet depth mean the CIFAR family.

    >>> named("plain56") == cifar_plain(56)
    True
    """
    kind = name.rstrip("0123456789") if isinstance(name, str) else ""
    number = name[len(kind) :] if kind else ""
    if name == "resnet18-small":
        return resnet18_small(**settings)
    if name == "signal":
        return signal_resnet(**settings)
    if number and kind in ("resnet", "plain", "vgg"):
        depth = int(number)
        for setting in settings:
            if (
                kind == "vgg"
                and setting not in ("classes", "in_channels")
                or kind == "plain"
                and setting == "shortcut"
            ):
                raise TypeError(
                    f"{name} has no {setting} to choose; leave it out, or choose a ResNet"
                )
        if kind == "vgg":
            return vgg(depth, **settings)
        if depth in IMAGENET_DEPTHS:
            return (resnet if kind == "resnet" else plain)(depth, **settings)
        if depth >= 8 and depth % 6 == 2:
            return (cifar_resnet if kind == "resnet" else cifar_plain)(depth, **settings)
    raise ValueError(
        f"there is no network called {name!r}; known are resnet18, resnet34, resnet50, resnet101, "
        "resnet152, plain18, plain34, vgg16, vgg19, resnet and plain with 6n + 2 layers (resnet20, "
        "plain56 ...), resnet18-small and signal"
    )
