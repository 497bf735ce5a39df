"""Kinds of layers that recorded networks bring: other shapes, products of inputs, attention.

As in `kinds`, of which these are entries: each takes the layer and the rows that it reads.
"""

from __future__ import annotations

from .arithmetic import linear_params, product
from .checks import check_int
from .fields import LOST, NOTHING, NoField, PerAxis, beside, per_axis
from .tables import shape_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .fields import Field
    from .graph import Layer
    from .kinds import Count
    from .rows import Row

    Shape = tuple[int, ...]


def given_shape(layer: Layer) -> Shape:
    """The shape that the layer is described with."""
    if not isinstance(layer.shape, tuple) or not layer.shape:
        raise ValueError(
            f"{layer.name} has no shape; a layer of kind {layer.kind!r} needs its output's"
        )
    return tuple([check_int(f"shape of {layer.name}", side) for side in layer.shape])


def fields_beside(layer: Layer, sources: tuple[Row, ...] | list[Row]) -> Field:
    """The field of several inputs together."""
    field = sources[0].field
    for source in sources[1:]:
        try:
            field = beside(field, source.field)
        except ValueError as error:
            raise ValueError(f"at {layer.name}, {error}") from None
    return field


def broadcast(shapes: list[Shape]) -> Shape | None:
    """The shape that others of sides 1 are stretched to; None where they do not fit."""
    rank = max([len(shape) for shape in shapes])
    result = []
    for place in range(rank):
        sides = {shape[place - rank] for shape in shapes if place - rank >= -len(shape)}
        if len(sides - {1}) > 1:
            return None
        result.append(max(sides))
    return tuple(result)


def _number(layer: Layer) -> Count:
    """Trained numbers, or fixed ones, that do not depend on the input."""
    shape = given_shape(layer)
    params = product("shape", shape) if layer.kind == "parameter" else 0
    return shape, params, 0, NOTHING, 1


def _same_numbers(layer: Layer, source: Row) -> Shape:
    shape = given_shape(layer)
    if product("shape", shape) != product("shape", source.output_shape):
        raise ValueError(
            f"{layer.name} makes {shape_text(shape)} of {shape_text(source.output_shape)}; "
            "there must be as many numbers as before"
        )
    return shape


def _rearrange(layer: Layer, source: Row) -> Count:
    return _same_numbers(layer, source), 0, 0, source.field, 1


def _reshape(layer: Layer, source: Row) -> Count:
    return _same_numbers(layer, source), 0, 0, _lost(source.field), 1


def _lost(field: Field) -> Field:
    return field if isinstance(field, NoField) else LOST


def _free(layer: Layer, source: Row) -> Count:
    """Numbers taken from anywhere."""
    return given_shape(layer), 0, 0, _lost(source.field), 1


def _slice(layer: Layer, source: Row) -> Count:
    """Some channels, or every so manieth position; a padding below 0 leaves some out."""
    return given_shape(layer), 0, 0, _moved(layer, source.field), 1


def _moved(layer: Layer, field: Field) -> Field:
    if isinstance(layer.kernel, tuple):
        field = per_axis(field, len(layer.kernel))
    return field.through(layer.kernel, layer.stride, layer.padding)


def _mean(layer: Layer, source: Row) -> Count:
    """An average over all positions: its field spans them."""
    field, sides = source.field, source.output_shape[1:]
    window = sides if isinstance(field, PerAxis) else max(sides, default=1)
    return given_shape(layer), 0, 0, field.through(window, window), 1


def _norm(layer: Layer, source: Row) -> Count:
    """Scale and shift, of so many numbers as there are channels given, or one for each channel."""
    channels = source.output_shape[0] if layer.channels is None else layer.channels
    return (
        source.output_shape,
        2 * check_int(f"channels of {layer.name}", channels),
        0,
        (source.field),
        1,
    )


def _prelu(layer: Layer, source: Row) -> Count:
    return source.output_shape, check_int("channels", layer.channels or 1), 0, source.field, 1


def _transposed_conv(layer: Layer, source: Row) -> Count:
    """Every number of the input times every weight of its channel."""
    shape = given_shape(layer)
    ins, *sides = source.output_shape
    kernel = layer.kernel if isinstance(layer.kernel, tuple) else (layer.kernel,) * len(sides)
    weights = ins * shape[0] // check_int("groups", layer.groups) * product("kernel", kernel)
    macs = weights * product("shape", sides)
    return shape, weights + shape[0] * layer.bias, macs, _lost(source.field), 1


def _matmul(layer: Layer, *sources: Row) -> Count:
    """Rows of the first times columns of the second, in all the matrices that there are."""
    one, two = [source.output_shape for source in sources]
    left, right = one if len(one) > 1 else (1, *one), two if len(two) > 1 else (*two, 1)
    many = broadcast([(1, *left[:-2]), (1, *right[:-2])])
    if left[-1] != right[-2] or many is None:
        raise ValueError(
            f"{layer.name} multiplies {shape_text(one)} by {shape_text(two)}; the first's rows "
            "must be as long as the second's columns"
        )
    shape = many[1:] + left[-2:-1] * (len(one) > 1) + right[-1:] * (len(two) > 1)
    macs = product("shape", many) * left[-2] * left[-1] * right[-1]
    field = fields_beside(
        layer, [source for source in sources if source.field.size != 0] or [sources[0]]
    )
    return shape or (1,), 0, macs, field if field.size == 0 else _lost(field), 1


def _einsum(layer: Layer, *sources: Row) -> Count:
    """For every number of the output, so many products summed as there are channels."""
    shape, summed = given_shape(layer), check_int(f"channels of {layer.name}", layer.channels)
    return shape, 0, product("shape", shape) * summed, LOST, 1


def _dot_product(layer: Layer, *sources: Row) -> Count:
    """Queries times keys, their softmax times values."""
    query, key, value = [sources[min(place, len(sources) - 1)].output_shape for place in (0, 1, 2)]
    many = product("shape", (1, *query[:-2])) * query[-2] * key[-2]
    return (*query[:-1], value[-1]), 0, many * (query[-1] + value[-1]), LOST, 1


def _attention(layer: Layer, *sources: Row) -> Count:
    """Multi-head attention with its four projections, of `channels` numbers a token."""
    width = check_int(f"channels of {layer.name}", layer.channels)
    shapes = [sources[min(place, len(sources) - 1)].output_shape for place in (0, 1, 2)]
    tokens = [product("shape", (1, *shape[:-1])) for shape in shapes]
    sizes = [shapes[0][-1], shapes[1][-1], shapes[2][-1]]
    params = sum([linear_params(size, width, layer.bias) for size in [*sizes, width]])
    projections = [count * size for count, size in zip(tokens, sizes, strict=True)]
    macs = width * (sum(projections) + tokens[0] * width) + 2 * tokens[0] * tokens[1] * width
    return (*shapes[0][:-1], width), params, macs, LOST, 1


def _unknown(layer: Layer, *sources: Row) -> Count:
    return given_shape(layer), 0, 0, LOST, 1


# Those that read nothing, those that read two layers, and those that read one or more.
SOURCES: dict[str, Callable[..., Count]] = {"parameter": _number, "constant": _number}
PAIRS: dict[str, Callable[..., Count]] = {"matmul": _matmul}
ANY: dict[str, Callable[..., Count]] = {
    "attention": _attention,
    "dot-product": _dot_product,
    "einsum": _einsum,
    "unknown": _unknown,
}
MORE: dict[str, Callable[..., Count]] = {
    "transposed-conv": _transposed_conv,
    "layernorm": _norm,
    "groupnorm": _norm,
    "instancenorm": _norm,
    "prelu": _prelu,
    "rearrange": _rearrange,
    "reshape": _reshape,
    "slice": _slice,
    "pad": _slice,
    "gather": _free,
    "upsample": _free,
    "mean": _mean,
    **SOURCES,
    **PAIRS,
    **ANY,
}
# Layers with weights, and how many stand on the longest path through one of them.
DEPTHS = {"conv": 1, "linear": 1, "transposed-conv": 1, "attention": 2}
# Averages over all positions that a field leaves out.
WHOLE = ("groupnorm", "instancenorm")
