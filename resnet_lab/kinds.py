"""The kinds of layers: what each makes of its inputs' shapes and fields, and what it costs.

A new kind of layer is an entry in `KINDS`. Each counts from the layer's own numbers and the rows
that it reads, which know their output's shape and field.
"""

from __future__ import annotations

from .arithmetic import batchnorm_params, conv_output_size, conv_params, linear_params, product
from .checks import check_int
from .fields import LOST, PerAxis, per_axis
from .kinds_more import MORE, PAIRS, broadcast, fields_beside, given_shape
from .tables import shape_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .fields import Field
    from .graph import Layer
    from .rows import Row

    Shape = tuple[int, ...]
    # output shape, parameters, MACs, field, kernel
    Count = tuple[Shape, int, int, Field, int | tuple[int, ...]]

HIDDEN = ("zero-pad", "constant")  # layers that tables leave out


class TooSmallError(ValueError):
    """A layer finds no room for a single position of its kernel."""


def _same(layer: Layer, source: Row) -> Count:
    """A layer that changes each number by itself."""
    shape = source.output_shape
    if layer.channels is not None and layer.channels != shape[0]:
        raise ValueError(
            f"{layer.name} is described for {layer.channels} channels, but {shape[0]} reach it; "
            f"make it {shape[0]}, or leave the number out"
        )
    return shape, 0, 0, source.field, 1


def _batchnorm(layer: Layer, source: Row) -> Count:
    shape = _same(layer, source)[0]
    return shape, batchnorm_params(shape[0]), 0, source.field, 1


def _sides(layer: Layer, source: Row) -> Shape:
    """The input's sizes, over which a window can move."""
    if len(source.output_shape) == 1:
        raise ValueError(
            f"{layer.name} moves over positions, but {source.output_shape[0]} numbers in a row "
            "reach it; put it before the layer that flattens"
        )
    return source.output_shape[1:]


def _sizes(layer: Layer, source: Row) -> Shape:
    """Output sizes of a window that moves over the input."""
    sides = _sides(layer, source)
    if layer.shape is not None:
        return given_shape(layer)[1:]
    kernel, stride, padding, dilation = layer.kernel, layer.stride, layer.padding, layer.dilation
    window = kernel, stride, padding, dilation
    try:
        if isinstance(kernel, tuple):
            each = zip(sides, *window, strict=True)
            return tuple([conv_output_size(*numbers, layer.ceil_mode) for numbers in each])
        size = conv_output_size(sides[0], *window, layer.ceil_mode)
        if sides.count(sides[0]) == len(sides):
            return (size,) * len(sides)
        return tuple([conv_output_size(side, *window, layer.ceil_mode) for side in sides])
    except ValueError as error:
        steps = [*_numbers(kernel), *_numbers(stride), *_numbers(dilation)]
        valid = min(steps) > 0 <= min(_numbers(padding))
        reason = TooSmallError if valid else ValueError
        raise reason(f"at {layer.name}, {error}") from None


def _numbers(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)


def _seen(layer: Layer, source: Row) -> Field:
    """The field after a window that moves over the input."""
    field = source.field
    if isinstance(layer.kernel, tuple):
        field = per_axis(field, len(layer.kernel))
    return field.through(layer.kernel, layer.stride, layer.padding, layer.dilation)


def _conv(layer: Layer, source: Row) -> Count:
    sizes, out, kernel = _sizes(layer, source), _given(layer), layer.kernel
    if not isinstance(kernel, tuple):
        kernel = (kernel,) * len(sizes)
    try:
        params = conv_params(source.output_shape[0], out, kernel, layer.groups, layer.bias)
    except ValueError as error:
        raise ValueError(f"at {layer.name}, {error}") from None
    macs = params - out if layer.bias else params  # every weight is used at every position
    for size in sizes:
        macs *= size
    return (out, *sizes), params, macs, _seen(layer, source), layer.kernel


def _pool(layer: Layer, source: Row) -> Count:
    channels, sides = _same(layer, source)[0][0], _sides(layer, source)
    if layer.output_size is None:
        return (channels, *_sizes(layer, source)), 0, 0, _seen(layer, source), layer.kernel
    if isinstance(layer.output_size, tuple):
        windows = layer.output_size
        pairs = [_windows(size, n) for size, n in zip(sides, windows, strict=True)]
        kernels, strides = tuple([k for k, _ in pairs]), tuple([s for _, s in pairs])
        field = per_axis(source.field, len(sides)).through(kernels, strides)
        return (channels, *windows), 0, 0, field, kernels
    number = check_int(f"output_size of {layer.name}", layer.output_size)
    kernel, stride = _windows(max(sides), number)
    return (channels, *[number] * len(sides)), 0, 0, source.field.through(kernel, stride), kernel


def _windows(size: int, number: int) -> tuple[int, int]:
    """The widest of so many adaptive windows, and their stride.

    Window i runs from floor(i n / windows) to ceil((i + 1) n / windows).
    """
    kernel = max([-(-(i + 1) * size // number) - i * size // number for i in range(number)])
    return kernel, max(1, size // number)


def _flatten(layer: Layer, source: Row) -> Count:
    before = source.output_shape
    features = product("shape", before)
    if layer.channels not in (None, features):
        raise ValueError(
            f"the network was described for {layer.channels} features before its classifier, but "
            f"this input leaves {features}; describe it with the new input_size"
        )
    window = before[1:] if isinstance(source.field, PerAxis) else max(before[1:], default=1)
    return (features,), 0, 0, source.field.through(window), 1


def _linear(layer: Layer, source: Row) -> Count:
    *positions, features = source.output_shape
    if layer.shape is not None:  # of a network that applies it to every token
        out = _given(layer)
        params = linear_params(features, out, layer.bias)
        macs = product("shape", (features, out, *positions))
        return (*positions, out), params, macs, source.field, 1
    if positions:
        raise ValueError(
            f"{layer.name} takes a row of numbers, but {shape_text(source.output_shape)} reach it; "
            "flatten them first"
        )
    out = _given(layer)
    params = linear_params(features, out, layer.bias)
    return (out,), params, linear_params(features, out, bias=False), source.field, 1


def _zero_pad(layer: Layer, source: Row) -> Count:
    """Every stride-th pixel, and channels of zeros after those that are there."""
    channels, *sides = source.output_shape
    out, stride = _given(layer), check_int(f"stride of {layer.name}", layer.stride)
    if out < channels:
        raise ValueError(
            f"{layer.name} makes {out} channels of {channels}; zeros can only add some"
        )
    shape = (out, *[-(-side // stride) for side in sides])
    return shape, 0, 0, source.field.through(1, stride), 1


def _add(layer: Layer, *sources: Row) -> Count:
    first, *others = shapes = [source.output_shape for source in sources]
    for other in others:
        if other != first:
            shape = broadcast(shapes)
            if shape is None:
                raise ValueError(
                    f"{layer.name} adds {shape_text(first)} and {shape_text(other)}; "
                    "shapes must be the same, as a projection can make them"
                )
            return shape, 0, 0, fields_beside(layer, features(shape, sources)), 1
    return first, 0, 0, fields_beside(layer, sources), 1


def _concat(layer: Layer, *sources: Row) -> Count:
    first, *others = [source.output_shape for source in sources]
    if layer.shape is not None:  # not along the channels: positions are no longer the image's
        return given_shape(layer), 0, 0, LOST, 1
    for other in others:
        if other[1:] != first[1:]:
            raise ValueError(
                f"{layer.name} puts {shape_text(first)} beside {shape_text(other)}; "
                "all sides but the channels must be the same"
            )
    channels = sum([source.output_shape[0] for source in sources])
    return (channels, *first[1:]), 0, 0, fields_beside(layer, sources), 1


def _multiply(layer: Layer, *sources: Row) -> Count:
    """Features times gates: of a gate that is one number a channel, the field does not count."""
    shapes = [source.output_shape for source in sources]
    shape = broadcast(shapes)
    if shape is None:
        largest = max(shapes, key=lambda shape: product("shape", shape))
        other = [each for each in shapes if broadcast([each, largest]) is None][0]
        raise ValueError(
            f"{layer.name} multiplies {shape_text(largest)} by {shape_text(other)}; "
            "a gate's sides must be the same or 1"
        )
    return shape, 0, 0, fields_beside(layer, features(shape, sources)), 1


def features(shape: Shape, sources: tuple[Row, ...]) -> list[Row]:
    """Those of several inputs that have the positions of the output: not gates from averages."""
    found = []
    for source in sources:
        sides = source.output_shape[1:]
        if len(source.output_shape) == len(shape) and (sides == shape[1:] or max(sides) > 1):
            found.append(source)
    return found or list(sources)


def _given(layer: Layer) -> int:
    if layer.channels is None:
        raise ValueError(
            f"{layer.name} has no number of channels; a layer of kind {layer.kind!r} needs one"
        )
    return check_int(f"channels of {layer.name}", layer.channels)


# Those of several inputs, and those of one.
JOINS: dict[str, Callable[..., Count]] = {
    "add": _add,
    "subtract": _add,
    "maximum": _add,
    "concat": _concat,
    "multiply": _multiply,
    "divide": _multiply,
    **PAIRS,
}
KINDS: dict[str, Callable[..., Count]] = {
    "conv": _conv,
    "linear": _linear,
    "batchnorm": _batchnorm,
    "relu": _same,
    "tanh": _same,
    "sigmoid": _same,
    "relu6": _same,
    "leaky-relu": _same,
    "elu": _same,
    "gelu": _same,
    "silu": _same,
    "mish": _same,
    "softplus": _same,
    "hardswish": _same,
    "hardsigmoid": _same,
    "softmax": _same,
    "arithmetic": _same,
    "maxpool": _pool,
    "avgpool": _pool,
    "zero-pad": _zero_pad,
    "flatten": _flatten,
    "dropout": _same,
    **JOINS,
    **MORE,
}
