"""A table's network as JSON, to be kept, sent and shown in a page; reading it back is strict.

Whatever such a text holds is data: nothing in it is run, every number is bounded, and what does not
fit is refused with a sentence.
"""

from __future__ import annotations

from .graph import USUAL, Graph, Layer, index_place
from .kinds import KINDS
from .tracing import AXES, Trace, trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMAT, VERSION = "resnet_lab network", 1
LONGEST = 2_000_000  # characters
LAYERS, NAME, LINE, NUMBER, PARAMS = 3000, 120, 300, 1_000_000, 10**12
WINDOW = ("kernel", "stride", "padding", "dilation")


def to_json(table: Trace) -> str:
    """A table's network and input shape as a text that `from_json` reads.

    Example:
        >>> from resnet_lab import resnet, trace
        >>> table = trace(resnet(50), (3, 224, 224))
        >>> from_json(to_json(table)).params == table.params
        True
    """
    from json import dumps

    graph = table.net.graph()
    layers = [layer.settings() for layer in graph.layers]
    data = {
        "format": FORMAT,
        "version": VERSION,
        "name": graph.name,
        "input_shape": table.input_shape,
        "repeats": graph.repeats,
        "notes": graph.notes,
        "layers": layers,
    }
    text = dumps(data, ensure_ascii=False)
    return text.replace('{"name": ', '\n  {"name": ').replace("}]}", "}\n]}")


def from_json(text: str) -> Trace:
    """The table of a network that `to_json` has written.

    Raises:
        TypeError: for anything but text.
        ValueError: for a text that is no such network; the message says where.

    Example:
        >>> from resnet_lab import resnet, trace
        >>> table = from_json(to_json(trace(resnet(18), (3, 224, 224))))
        >>> table.net.name, table.output_shape, table.params
        ('ResNet-18', (1000,), 11689512)
    """
    from json import loads

    if not isinstance(text, str):
        raise TypeError(f"text is of type {type(text).__name__}; it must be JSON as a string")
    if len(text) > LONGEST:
        raise ValueError(f"the text has {len(text):,} characters; at most {LONGEST:,} are read")
    try:
        data = loads(text)
    except Exception:  # a page's parser has its own, and its own words
        raise ValueError(
            "this is no JSON; it must be the whole of what describe(model).to_json() gives"
        ) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(
            f'this is JSON but no network: its "format" must be "{FORMAT}", as '
            "describe(model).to_json() writes it"
        )
    if data.get("version") != VERSION:
        raise ValueError(f"its version is {shown(data.get('version'))}; {VERSION} is what is read")
    return _table(data)


def shown(value: object) -> str:
    """A value for a message, not all of a long one."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _table(data: dict[str, Any]) -> Trace:
    fields = ("format", "version", "name", "input_shape", "repeats", "notes", "layers")
    _known("the network", data, fields)
    shape = _numbers("input_shape", data.get("input_shape"))
    if len(shape) - 1 not in AXES:
        raise ValueError(f"input_shape has {len(shape)} sides; it must have one to four")
    found = _list("layers", data.get("layers"), LAYERS)
    if not found:
        raise ValueError("layers is empty; a network has one layer at least")
    layers = [_layer(f"layer {number}", each, shape) for number, each in enumerate(found, 1)]
    notes = [_text("a note", each, LINE) for each in _list("notes", data.get("notes", []), 20)]
    repeats = _repeats(data.get("repeats", []), layers)
    name = _text("name", data.get("name"), NAME)
    graph = Graph(name, layers, len(shape) - 1, shape[0], repeats, tuple(notes))
    try:
        return trace(graph, shape)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"its layers do not fit together: {error}") from None


def _layer(where: str, data: object, shape: tuple[int, ...]) -> Layer:
    if not isinstance(data, dict):
        raise ValueError(f"{where} is {shown(data)}; it must be an object with name and kind")
    _known(where, data, tuple(USUAL))
    name = _text(f"name of {where}", data.get("name"), NAME)
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"kind of {name} is {shown(kind)}; known are {', '.join(KINDS)}")
    values: dict[str, Any] = {}
    for key, value in data.items():
        what = f"{key} of {name}"
        if key in ("name", "kind"):
            continue
        if key == "inputs":
            each = [_text(f"an input of {name}", one, NAME) for one in _list(what, value, 1000)]
            values[key] = tuple(each)
        elif key == "line":
            values[key] = _text(what, value, LINE)
        elif key in ("bias", "ceil_mode"):
            if not isinstance(value, bool):
                raise ValueError(f"{what} is {shown(value)}; it must be true or false")
            values[key] = value
        elif key in ("channels", "groups"):
            values[key] = _number(what, value, 1, NUMBER)
        elif key == "params":
            values[key] = _number(what, value, 0, PARAMS)
        elif key == "shape" or isinstance(value, (list, tuple)):
            values[key] = _numbers(what, value, -NUMBER if key == "padding" else 1)
        else:
            values[key] = _number(what, value, -NUMBER if key == "padding" else 1, NUMBER)
    tuples = [isinstance(values.get(key), tuple) for key in WINDOW]
    if any(tuples):
        for key in WINDOW:
            if not isinstance(values.get(key), tuple) or len(values[key]) != len(shape) - 1:
                raise ValueError(f"{key} of {name} must be a list of {len(shape) - 1} numbers")
    below = values.get("padding", 0)
    if kind not in ("slice", "pad") and min(below if isinstance(below, tuple) else (below,)) < 0:
        raise ValueError(f"padding of {name} is {shown(below)}; it must be at least 0")
    return Layer(name, kind, **values)


def _repeats(data: object, layers: list[Layer]) -> tuple[tuple[int, int, int], ...]:
    found, end, total = [], 0, len(layers)
    for entry in _list("repeats", data, LAYERS):
        first, stop, copies = (*_numbers("an entry of repeats", entry, 0), 0, 0, 0)[:3]
        if len(entry) != 3 or not end <= first < stop <= len(layers) or copies < 1:
            raise ValueError(
                f"an entry of repeats is {shown(entry)}; it must be three numbers, the first "
                "layer, the one after the last, and how many copies"
            )
        place = index_place(layers[first:stop])
        if place < 0:
            raise ValueError(f"the layers {first} to {stop} repeat, but share no index to count on")
        end, total = stop, total + (copies - 1) * (stop - first)
        found.append((first, stop, copies))
    if total > LAYERS:
        raise ValueError(f"it has {total:,} layers written out; at most {LAYERS:,} are read")
    return tuple(found)


def _known(where: str, data: dict[str, Any], fields: tuple[str, ...]) -> None:
    for name in data:
        if name not in fields:
            raise ValueError(f"{where} has {shown(name)}; known are {', '.join(fields)}")


def _list(what: str, value: object, most: int) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{what} is {shown(value)}; it must be a list")
    if len(value) > most:
        raise ValueError(f"{what} has {len(value):,} entries; at most {most:,} are read")
    return list(value)


def _text(what: str, value: object, most: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise ValueError(f"{what} is {shown(value)}; it must be a text of 1 to {most} characters")
    for character in value:
        if character < " ":
            raise ValueError(f"{what} is {shown(value)}; it must be one line of text")
    return value


def _number(what: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(
            f"{what} is {shown(value)}; it must be a whole number from {low:,} to {high:,}"
        )
    return value


def _numbers(what: str, value: object, low: int = 1) -> tuple[int, ...]:
    each = _list(what, value, 8)
    if not each:
        raise ValueError(f"{what} is empty; it must have numbers")
    return tuple([_number(f"an entry of {what}", number, low, NUMBER) for number in each])
