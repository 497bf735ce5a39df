"""The residual block: the shapes that flow through it."""

from __future__ import annotations

from .. import draw
from ..blocks import BLOCK_OPTIONS, ResidualBlock
from ..tables import shape_text
from ..tracing import trace
from .controls import Choice, Range, block_controls
from .explorer import Explorer, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tracing import Row, Trace


def view(size: int, **fields: Any) -> str:
    """The block's picture, and a row for each of its layers."""
    net = ResidualBlock(**fields)
    traced = trace(net, (net.in_channels, *[size] * net.dims))
    named: list[tuple[str, Row | Trace]] = [(row.name, row) for row in traced]
    named.append(("total", traced))
    rows = [
        (
            name.removeprefix("block."),
            f"{counts.params:,}",
            f"{counts.macs:,}",
            counts.receptive_field,
            shape_text(counts.output_shape),
        )
        for name, counts in named
    ]
    head = ("", "parameters", "MACs", "field", "output")
    return draw.residual_block(traced) + table(head, rows)


def python(size: int, **fields: Any) -> str:
    """The call that describes the block."""
    return f"rl.ResidualBlock({', '.join([f'{name}={fields[name]!r}' for name in fields])})"


OWN = {
    "block": ("Branch", None, "basic"),
    "version": ("Version", None, 1.5),
    "shortcut": ("Shortcut", None, "B"),
    "fusion": ("Branches are", None, "add"),
}
OPTIONS = block_controls(BLOCK_OPTIONS, OWN)
CHANNELS = {channels: str(channels) for channels in (64, 128, 256, 512)}

# What a preset does not name is as in the first one.
SAME = {control.name: control.start for control in OPTIONS}
SAME.update(in_channels=64, width=64, stride=1, dims=2)

residual_block = Explorer(
    "residual-block",
    "The shapes that flow through a residual block",
    [
        *OPTIONS,
        Choice("in_channels", "Channels in", CHANNELS, 64),
        Choice("width", "Width", CHANNELS, 128),
        Choice("stride", "Stride", {1: "1", 2: "2"}, 2),
        Choice("dims", "Input", {2: "image", 1: "signal"}, 2),
        Range("size", "Size", 1, 112, 56),
    ],
    view,
    python,
    chapter="09-residual-block",
    presets={
        "same shape": SAME,
        "half the size, twice the channels": {**SAME, "width": 128, "stride": 2},
        "zeros instead of a projection": {**SAME, "width": 128, "stride": 2, "shortcut": "A"},
        "bottleneck": {**SAME, "block": "bottleneck", "in_channels": 256},
        "pre-activation": {**SAME, "version": 2},
        "side by side": {**SAME, "fusion": "concat"},
        "no shortcut": {**SAME, "shortcut": "none"},
    },
)
