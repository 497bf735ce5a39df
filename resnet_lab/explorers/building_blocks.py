"""Counting: the building block against the bottleneck."""

from __future__ import annotations

from .. import draw
from ..arithmetic import conv_macs, conv_params
from .controls import Choice, Range
from .explorer import Explorer, formula, table


def view(channels: int, reduction: int, size: int, count: str) -> str:
    """Bars of three blocks, what their ratio is made of, and their totals."""
    inner = channels // reduction
    blocks = [
        (f"building block, {channels}", [(channels, channels, 3), (channels, channels, 3)]),
        (
            f"bottleneck, {channels}/{inner}",
            [(channels, inner, 1), (inner, inner, 3), (inner, channels, 1)],
        ),
        (f"building block, {inner}", [(inner, inner, 3), (inner, inner, 3)]),
    ]
    rows, lines = [], []
    for text, layers in blocks:
        params: dict[str, int] = {}
        macs: dict[str, int] = {}
        for layer in layers:
            name = f"{layer[2]} × {layer[2]}"
            params[name] = params.get(name, 0) + conv_params(*layer)
            macs[name] = macs.get(name, 0) + conv_macs(*layer, (size, size))
        lines.append((text, params if count == "parameters" else macs))
        rows.append((text, sum(params.values()), sum(macs.values())))
    (_, wide, _), (_, bottleneck, _), (_, narrow, _) = rows
    label = (
        f"The building block of {channels} channels has {wide / bottleneck:.2f} times "
        f"the bottleneck's {count}, the one of {inner} channels {narrow / bottleneck:.2f} times"
    )
    return (
        draw.bars(label, [(count + f", feature map {size} × {size}" * (count == "MACs"), lines)])
        + formula(
            f"{wide / bottleneck:.2f} times = {wide / narrow:g} for the width "
            f"× <strong>{narrow / bottleneck:.2f}</strong> for the form"
        )
        + table(
            ("", "parameters", "MACs"),
            [(text, f"{params:,}", draw.short(macs)) for text, params, macs in rows],
        )
    )


building_blocks = Explorer(
    "building-blocks",
    "Building block against bottleneck",
    [
        Range("channels", "Channels", 64, 512, 256, 64),
        Choice("reduction", "Reduction", (1, 2, 4, 8), 4),
        Choice("size", "Feature map, height and width", (56, 28, 14, 7), 56),
        Choice("count", "Count", ("parameters", "MACs"), "parameters"),
    ],
    view,
    lambda channels, reduction, size, count: (
        f"sum(rl.conv_params(*layer) for layer in [({channels}, {channels // reduction}, 1), "
        f"({channels // reduction}, {channels // reduction}, 3), "
        f"({channels // reduction}, {channels}, 1)])"
    ),
    chapter="07-counting",
)
