"""The kinds of layers: what each makes of its inputs' shapes and fields, and what it costs.

A new kind of layer is an entry in `KINDS`. Each counts from the layer's own numbers and the rows
that it reads, which know their output's shape and field.
"""

from __future__ import annotations

from .arithmetic import (
    ReceptiveField,
    batchnorm_params,
    conv_output_size,
    conv_params,
    linear_params,
    product,
)
from .checks import check_int
from .tables import shape_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .graph import Layer
    from .rows import Row

    Shape = tuple[int, ...]
    # output shape, parameters, MACs, field, kernel
    Count = tuple[Shape, int, int, ReceptiveField, int]

HIDDEN = ("zero-pad",)  # layers that tables leave out


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
    window = layer.kernel, layer.stride, layer.padding, layer.dilation
    try:
        size = conv_output_size(sides[0], *window)
        if sides.count(sides[0]) == len(sides):
            return (size,) * len(sides)
        return tuple([conv_output_size(side, *window) for side in sides])
    except ValueError as error:
        valid = min(layer.kernel, layer.stride, layer.dilation) > 0 <= layer.padding
        reason = TooSmallError if valid else ValueError
        raise reason(f"at {layer.name}, {error}") from None


def _conv(layer: Layer, source: Row) -> Count:
    sizes, out = _sizes(layer, source), _given(layer)
    kernel = (layer.kernel,) * len(sizes)
    try:
        params = conv_params(source.output_shape[0], out, kernel, layer.groups, layer.bias)
    except ValueError as error:
        raise ValueError(f"at {layer.name}, {error}") from None
    macs = params - out if layer.bias else params  # every weight is used at every position
    for size in sizes:
        macs *= size
    field = source.field.through(layer.kernel, layer.stride, layer.padding, layer.dilation)
    return (out, *sizes), params, macs, field, layer.kernel


def _pool(layer: Layer, source: Row) -> Count:
    channels, sides = _same(layer, source)[0][0], _sides(layer, source)
    if layer.output_size is None:
        field = source.field.through(layer.kernel, layer.stride, layer.padding, layer.dilation)
        return (channels, *_sizes(layer, source)), 0, 0, field, layer.kernel
    # Window i runs from floor(i n / windows) to ceil((i + 1) n / windows); the widest one counts.
    size, windows = max(sides), check_int(f"output_size of {layer.name}", layer.output_size)
    kernel = max([-(-(i + 1) * size // windows) - i * size // windows for i in range(windows)])
    field = source.field.through(kernel, max(1, size // windows))
    return (channels, *[windows] * len(sides)), 0, 0, field, kernel


def _flatten(layer: Layer, source: Row) -> Count:
    before = source.output_shape
    features = product("shape", before)
    if layer.channels not in (None, features):
        raise ValueError(
            f"the network was described for {layer.channels} features before its classifier, but "
            f"this input leaves {features}; describe it with the new input_size"
        )
    return (features,), 0, 0, source.field.through(max(before[1:], default=1)), 1


def _linear(layer: Layer, source: Row) -> Count:
    features, *positions = source.output_shape
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
    first, *others = [source.output_shape for source in sources]
    for other in others:
        if other != first:
            raise ValueError(
                f"{layer.name} adds {shape_text(first)} and {shape_text(other)}; "
                "shapes must be the same, as a projection can make them"
            )
    return first, 0, 0, _beside(layer, sources), 1


def _concat(layer: Layer, *sources: Row) -> Count:
    first, *others = [source.output_shape for source in sources]
    for other in others:
        if other[1:] != first[1:]:
            raise ValueError(
                f"{layer.name} puts {shape_text(first)} beside {shape_text(other)}; "
                "all sides but the channels must be the same"
            )
    channels = sum([source.output_shape[0] for source in sources])
    return (channels, *first[1:]), 0, 0, _beside(layer, sources), 1


def _multiply(layer: Layer, *sources: Row) -> Count:
    """Features times gates: one number a channel or a position, whose field does not count."""
    shapes = [source.output_shape for source in sources]
    shape = max(shapes, key=lambda shape: product("shape", shape))
    for source in sources:
        sides = zip(source.output_shape, shape, strict=False)
        if len(source.output_shape) != len(shape) or any([a not in (1, b) for a, b in sides]):
            raise ValueError(
                f"{layer.name} multiplies {shape_text(shape)} by "
                f"{shape_text(source.output_shape)}; a gate's sides must be the same or 1"
            )
    features = [source for source in sources if source.output_shape == shape]
    return shape, 0, 0, _beside(layer, features), 1


def _beside(layer: Layer, sources: list[Row] | tuple[Row, ...]) -> ReceptiveField:
    field = sources[0].field
    for source in sources[1:]:
        try:
            field = field.beside(source.field)
        except ValueError as error:
            raise ValueError(f"at {layer.name}, {error}") from None
    return field


def _given(layer: Layer) -> int:
    if layer.channels is None:
        raise ValueError(
            f"{layer.name} has no number of channels; a layer of kind {layer.kind!r} needs one"
        )
    return check_int(f"channels of {layer.name}", layer.channels)


# Those of several inputs, and those of one.
JOINS: dict[str, Callable[..., Count]] = {"add": _add, "concat": _concat, "multiply": _multiply}
KINDS: dict[str, Callable[..., Count]] = {
    "conv": _conv,
    "linear": _linear,
    "batchnorm": _batchnorm,
    "relu": _same,
    "tanh": _same,
    "sigmoid": _same,
    "maxpool": _pool,
    "avgpool": _pool,
    "zero-pad": _zero_pad,
    "flatten": _flatten,
    "dropout": _same,
    **JOINS,
}
