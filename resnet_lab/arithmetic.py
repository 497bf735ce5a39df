"""The arithmetic of convolutional layers, one formula a function.

Nothing here knows what a network is; `architecture` describes networks and `tracing` applies these
formulas to them. Sizes are in pixels (or samples) along one axis. Only the standard library is
used, in a form that runs in the page too.
"""

from __future__ import annotations

from dataclasses import dataclass

from .checks import check_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def product(name: str, sides: Sequence[int]) -> int:
    """The product of whole numbers, such as a kernel's sides; `name` is for the error."""
    if not isinstance(sides, (tuple, list)) or not sides:
        raise TypeError(
            f"{name} is {sides!r}; it must be a tuple with one whole number for each axis, "
            "such as (3, 3)"
        )
    result = 1
    for side in sides:
        result *= check_int(name, side)
    return result


def conv_output_size(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Number of positions a kernel takes along one axis.

    .. math:: ⌊(n + 2p - d(k - 1) - 1) / s⌋ + 1

    Args:
        size: n, input pixels along the axis.
        kernel: k.
        stride: s.
        padding: p, zeros on each side.
        dilation: d.
        ceil_mode: round up instead of down, as PyTorch's pooling layers can. The last position may
            then hang over the right edge by less than a stride, but it must still begin inside
            the input or its left padding.

    Raises:
        ValueError: if there is no room for one position: the dilated kernel is longer than the
            padded input.

    Source:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", relationship 15;
        `torch.nn.Conv2d` and `torch.nn.MaxPool2d`.

    Example:
        >>> conv_output_size(224, kernel=7, stride=2, padding=3)
        112
    """
    size, kernel, stride = (
        check_int("size", size),
        check_int("kernel", kernel),
        check_int("stride", stride),
    )
    padding, dilation = check_int("padding", padding, 0), check_int("dilation", dilation)
    span = dilation * (kernel - 1) + 1
    room = size + 2 * padding - span
    overhang = stride - 1 if ceil_mode else 0
    positions = (room + overhang) // stride + 1
    if positions < 1:
        raise ValueError(
            f"the kernel spans {span} pixels but the padded input has only {size + 2 * padding}: "
            f"size {size} needs to be at least {size - room - overhang}, or the padding larger"
        )
    if ceil_mode and (positions - 1) * stride >= size + padding:
        positions -= 1
    return positions


@dataclass
class ReceptiveField:
    """What one output pixel sees of the input, along one axis.

    Output pixel i sees the input pixels from `i * stride - padding` to
    `i * stride - padding + size - 1`.

    Attributes:
        size: input pixels it depends on.
        stride: input pixels from one output's field to the next one's.
        padding: how far the first output's field begins before the first input pixel.

    Example:
        ResNet's stem:

        >>> ReceptiveField().through(7, stride=2, padding=3).through(3, stride=2, padding=1)
        ReceptiveField(size=11, stride=4, padding=5)
    """

    size: int = 1
    stride: int = 1
    padding: int = 0

    def __post_init__(self) -> None:
        # One look for what is right, as every layer of a network has a field.
        if type(self.size) is type(self.stride) is type(self.padding) is int:
            if self.size >= 0 and self.stride >= 1:
                return
        self.size, self.stride = check_int("size", self.size, 0), check_int("stride", self.stride)
        self.padding = check_int("padding", self.padding, None)

    def through(
        self, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> ReceptiveField:
        """The field after one more layer. The layer's own stride does not widen its own field.

        .. math:: R' = R + d(k - 1) S,   S' = S s,   P' = P + p S

        R, S, P are this field's size, stride and padding; k, s, p, d the layer's own numbers.

        Raises:
            TypeError, ValueError: naming the number that no layer has.

        Source:
            Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks",
            Distill 2019.
        """
        kernel, stride = check_int("kernel", kernel), check_int("stride", stride)
        padding, dilation = check_int("padding", padding, 0), check_int("dilation", dilation)
        return ReceptiveField(
            self.size + dilation * (kernel - 1) * self.stride,
            self.stride * stride,
            self.padding + padding * self.stride,
        )

    def beside(self, other: ReceptiveField) -> ReceptiveField:
        """The field of the sum (or concatenation) of two branches.

        It is the smallest interval that holds both.

        Raises:
            TypeError: if `other` is no field.
            ValueError: if the branches have different strides, for then they do not line up.
        """
        if not isinstance(other, ReceptiveField):
            raise TypeError(
                f"other is {other!r}; it must be a ReceptiveField, such as "
                "ReceptiveField().through(3, padding=1)"
            )
        if self.stride != other.stride:
            raise ValueError(
                f"branches with strides {self.stride} and {other.stride} cannot be added: "
                "their pixels do not line up"
            )
        padding = max(self.padding, other.padding)
        end = max(self.size - self.padding, other.size - other.padding)
        return ReceptiveField(padding + end, self.stride, padding)


def receptive_field(layers: Iterable[Sequence[int]]) -> int:
    """Receptive field of a stack of layers, each a tuple (kernel, stride=1, padding=0, dilation=1).

    Example:
        >>> receptive_field([(3,), (3,), (3,)])
        7
        >>> receptive_field([(7, 2), (3, 2)])  # the layer's own stride does not count
        11
    """
    field = ReceptiveField()
    for number, layer in enumerate(layers, 1):
        if not isinstance(layer, (tuple, list)) or not 1 <= len(layer) <= 4:
            raise TypeError(
                f"layer {number} is {layer!r}; it must be a tuple "
                "(kernel, stride, padding, dilation) or the beginning of one"
            )
        numbers = [
            check_int(f"{name} of layer {number}", value, 0 if name == "padding" else 1)
            for name, value in zip(("kernel", "stride", "padding", "dilation"), layer, strict=False)
        ]
        field = field.through(*numbers)
    return field.size


def conv_params(
    in_channels: int,
    out_channels: int,
    kernel: int | Sequence[int],
    groups: int = 1,
    bias: bool = False,
) -> int:
    """Trainable numbers of a convolution, with A the area of its kernel.

    .. math:: A C_out C_in / g

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel: a tuple with one entry an axis, such as (3, 3), (1, 3) or (3,); an int k means the
            square (k, k).
        groups: g; both channel counts must be divisible by it. As many groups as input channels
            make a depthwise convolution.
        bias: whether there is one more number for each output channel.

    Example:
        The building block at 256 channels:

        >>> conv_params(256, 256, 3) * 2
        1179648
    """
    in_channels = check_int("in_channels", in_channels)
    out_channels, groups = check_int("out_channels", out_channels), check_int("groups", groups)
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            f"groups is {groups}; it must divide both {in_channels} input and {out_channels} "
            "output channels"
        )
    square = not hasattr(kernel, "__len__") and hasattr(kernel, "__index__")
    area = product("kernel", (kernel, kernel) if square else kernel)  # type: ignore[arg-type]
    return area * (in_channels // groups) * out_channels + (out_channels if bias else 0)


def conv_macs(
    in_channels: int,
    out_channels: int,
    kernel: int | Sequence[int],
    output_shape: Sequence[int],
    groups: int = 1,
) -> int:
    """Multiply-accumulates of a convolution for one input.

    Every weight of the kernel is used once at every output position:

    .. math:: H_out W_out A C_out C_in / g

    One MAC is one multiplication and one addition: tables that call this figure "FLOPs" count it
    once, not twice. Biases do not count.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel: as in `conv_params`.
        output_shape: the output's sizes along its axes, without channels, such as (56, 56).
        groups: as in `conv_params`.

    Example:
        ResNet's first layer:

        >>> conv_macs(3, 64, 7, (112, 112))
        118013952
    """
    return product("output_shape", output_shape) * conv_params(
        in_channels, out_channels, kernel, groups
    )


def linear_params(in_features: int, out_features: int, bias: bool = True) -> int:
    """Trainable numbers of a fully connected layer: one for each pair, one an output with a bias.

    Its MACs are the pairs.

    Example:
        >>> linear_params(512, 1000)
        513000
    """
    out_features = check_int("out_features", out_features)
    return check_int("in_features", in_features) * out_features + (out_features if bias else 0)


def batchnorm_params(channels: int) -> int:
    """Trainable numbers of a BatchNorm layer: a scale and a shift a channel.

    Running statistics are not trained.

    Example:
        >>> batchnorm_params(64)
        128
    """
    return 2 * check_int("channels", channels)
