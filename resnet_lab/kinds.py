"""The kinds of layers: what each makes of its inputs' shapes and fields, and what it costs.

A new kind of layer is an entry in `KINDS`. Each counts from the layer's own numbers and the rows that it
reads, which know their output's shape and field.
"""

from __future__ import annotations

from .arithmetic import (
    ReceptiveField,
    batchnorm_params,
    conv_macs,
    conv_output_size,
    conv_params,
    linear_params,
    product,
)
from .checks import check_int
from .graph import Layer
from .tables import shape_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .tracing import Row

    Shape = tuple[int, ...]
    # output shape, parameters, MACs, field, kernel
    Count = tuple[Shape, int, int, ReceptiveField, int]

HIDDEN = ("zero-pad",)  # layers that tables leave out


class TooSmall(ValueError):
    """A layer finds no room for a single position of its kernel."""


def _same(layer: Layer, source: Row) -> Count:
    """A layer that changes each number by itself."""
    shape = source.output_shape
    if layer.channels is not None and layer.channels != shape[0]:
        raise ValueError(
            f"{layer.name} is described for {layer.channels} channels, but {shape[0]} reach it"
        )
    return shape, 0, 0, source.field, 1


def _batchnorm(layer: Layer, source: Row) -> Count:
    shape, _, _, field, _ = _same(layer, source)
    return shape, batchnorm_params(shape[0]), 0, field, 1


def _sizes(layer: Layer, source: Row) -> Shape:
    """Output sizes of a window that moves over the input."""
    numbers = layer.kernel, layer.stride, layer.padding, layer.dilation
    try:
        return tuple([conv_output_size(size, *numbers) for size in source.output_shape[1:]])
    except ValueError as error:
        raise TooSmall(f"at {layer.name}, {error}") from None


def _conv(layer: Layer, source: Row) -> Count:
    sizes, channels = _sizes(layer, source), source.output_shape[0]
    kernel, out = (layer.kernel,) * len(sizes), _given(layer)
    try:
        params = conv_params(channels, out, kernel, layer.groups, layer.bias)
    except ValueError as error:
        raise ValueError(f"at {layer.name}, {error}") from None
    macs = conv_macs(channels, out, kernel, sizes, layer.groups)
    field = source.field.through(layer.kernel, layer.stride, layer.padding, layer.dilation)
    return (out, *sizes), params, macs, field, layer.kernel


def _pool(layer: Layer, source: Row) -> Count:
    channels, *sides = _same(layer, source)[0]
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
            f"the network was described for {layer.channels} features before its classifier, but this "
            f"input leaves {features}; describe it with the new input_size"
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
    out = _given(layer)
    if out < channels:
        raise ValueError(
            f"{layer.name} makes {out} channels of {channels}; zeros can only add some"
        )
    shape = (out, *[-(-side // layer.stride) for side in sides])
    return shape, 0, 0, source.field.through(1, layer.stride), 1


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
    """Features times gates, which are one number a channel or one a position; the gates' field is not counted."""
    shape = max([source.output_shape for source in sources], key=lambda shape: product("", shape))
    for source in sources:
        sides = zip(source.output_shape, shape, strict=False)
        if len(source.output_shape) != len(shape) or any([a not in (1, b) for a, b in sides]):
            raise ValueError(
                f"{layer.name} multiplies {shape_text(shape)} by {shape_text(source.output_shape)}; "
                "a gate's sides must be the same or 1"
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
        raise ValueError(f"{layer.name} has no number of channels; a {layer.kind} needs one")
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
