"""Your own network: a file that `describe(model).to_json()` has written, as table and picture.

Whatever the file holds is shown as text; nothing in it is run.
"""

from __future__ import annotations

from .. import draw
from ..fields import text as field_text
from ..graph import Graph, Layer
from ..graph_json import from_json
from ..tables import escape, notes, shape_text
from ..tracing import Trace, trace
from ..zoo import named
from .controls import Choice, Text
from .explorer import Explorer, table

EXAMPLES = ("resnet18", "resnet50", "vgg16", "resnet20", "inception")
MOST_ROWS = 400


def inception() -> Graph:
    """Four ways side by side, as in GoogLeNet's first module of that kind."""

    def conv(name: str, channels: int, kernel: int = 1, source: str = "") -> list[Layer]:
        reads = (source,) if source else ()
        return [
            Layer(name, "conv", reads, channels, kernel, padding=kernel // 2, bias=True),
            Layer(f"{name}_relu", "relu"),
        ]

    layers = [*conv("one", 64, 1, "input")]
    layers += conv("reduce3", 96, 1, "input") + conv("three", 128, 3)
    layers += conv("reduce5", 16, 1, "input") + conv("five", 32, 5)
    layers += [Layer("pool", "maxpool", ("input",), None, 3, 1, 1), *conv("project", 32)]
    ends = ("one_relu", "three_relu", "five_relu", "project_relu")
    layers.append(Layer("concat", "concat", ends))
    return Graph("an Inception module", layers, 2, 192)


def read(network: str) -> Trace:
    """The table of a network's JSON, or of one of the examples.

    Raises:
        ValueError: for anything else.
    """
    text = network.strip()
    if text == "inception":
        return trace(inception(), (192, 28, 28))
    if text in EXAMPLES:
        side = 32 if text == "resnet20" else 224
        return trace(named(text), (3, side, side))
    if text.startswith("{"):
        return from_json(text)
    raise ValueError(
        f"this is no description of a network: paste what describe(model).to_json() gives, which "
        f"begins with a brace, or one of {', '.join(EXAMPLES)}"
    )


def picture(net: Trace) -> str:
    """Stages of blocks where there are such, else a column of layers."""
    for drawn in (draw.network, lambda table: draw.compare([table])):
        try:
            return drawn(net)
        except (ArithmeticError, LookupError, TypeError, ValueError):  # nothing of that sort in it
            continue
    return ""


def view(network: str, level: str) -> str:
    """The network's picture, its totals and a row for every stage, block or layer."""
    net = read(network)
    found = net.groups(level)
    rows = [
        (
            escape(row.name),
            escape(row.kind),
            shape_text(row.output_shape),
            row.field_text,
            f"{row.params:,}",
            row.macs_text,
        )
        for row in found[:MOST_ROWS]
    ]
    rows.append(
        (
            "total",
            f"{net.weight_layers} weight layers",
            shape_text(net.output_shape),
            field_text(net.field, net.gated),
            f"{net.params:,}",
            "at least " * bool(net.unknown) + f"{net.macs:,}",
        )
    )
    said = notes(net)[:20]
    if len(found) > MOST_ROWS:
        said.append(f"{len(found) - MOST_ROWS:,} more rows are not shown; choose blocks or stages.")
    return (
        picture(net)
        + table(("", "kind", "output", "field", "parameters", "MACs"), rows)
        + "".join([f"<p class='rl-formula'>{escape(text)}</p>" for text in said])
    )


LEVELS = {"stage": "stages", "block": "blocks", "layer": "layers"}

own_network = Explorer(
    "own-network",
    "Your own network",
    [
        Text("network", "A network's JSON, pasted or dropped here", "resnet18"),
        Choice("level", "Rows", LEVELS, "stage"),
    ],
    view,
    chapter="10-resnet-family",
    presets={
        "ResNet-50": {"network": "resnet50"},
        "VGG-16": {"network": "vgg16"},
        "An Inception module": {"network": "inception", "level": "layer"},
    },
)
