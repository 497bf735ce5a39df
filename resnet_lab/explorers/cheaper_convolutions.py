"""Cheaper convolutions: what may stand in for a convolution, and what it costs."""

from __future__ import annotations

from .. import draw
from ..convolutions import KINDS, channels_seen, replacement
from .controls import Choice
from .explorer import Explorer, formula, table


def view(kind: str, channels: int, kernel: int, groups: int, size: int) -> str:
    """The channels that each layer joins, the costs of all kinds, and this one's layers."""
    bill = {
        name: sum([conv.params for conv in replacement(name, channels, kernel, groups)])
        for name in KINDS
    }
    layers = replacement(kind, channels, kernel, groups)
    rows = []
    for conv in layers:
        rows.append(
            (
                f"{conv.kernel[0]} × {conv.kernel[1]}, {conv.in_channels} → {conv.out_channels}",
                conv.params,
                conv.macs(size),
                conv.moved(size),
            )
        )
    if len(rows) > 1:
        rows.append(("together", *[sum(column) for column in list(zip(*rows, strict=True))[1:]]))
    label = (
        f"{100 * bill[kind] / bill['standard']:.3g} % of the standard convolution's parameters "
        f"and MACs; one output number depends on {kernel} × {kernel} pixels "
        f"in {channels_seen(layers)} of {channels} channels"
    )
    return (
        draw.channel_tables(
            layers, {KINDS[name]: params for name, params in bill.items()}, KINDS[kind], label
        )
        + formula(label)
        + table(
            ("", "parameters", "MACs", "MACs per number"),
            [
                (text, f"{params:,}", draw.short(macs), f"{macs / moved:.1f}")
                for text, params, macs, moved in rows
            ],
        )
    )


cheaper_convolutions = Explorer(
    "cheaper-convolutions",
    "What may stand in for a convolution, and what it costs",
    [
        Choice("kind", "Kind", KINDS, "standard"),
        Choice("channels", "Channels", (64, 128, 256, 512), 256),
        Choice("kernel", "Kernel", {3: "3 × 3", 5: "5 × 5", 7: "7 × 7"}, 3),
        Choice("groups", "Groups", (2, 4, 8, 16), 4),
        Choice(
            "size", "Feature map", {56: "56 × 56", 28: "28 × 28", 14: "14 × 14", 7: "7 × 7"}, 28
        ),
    ],
    view,
    lambda kind, channels, kernel, groups, size: (
        f"convolutions.replacement({kind!r}, {channels}, kernel={kernel}, groups={groups})"
    ),
    chapter="12-cheaper-convolutions",
    presets={
        "three 3 × 3 for a 7 × 7": {"kind": "stacked", "kernel": 7},
        "Inception": {"kind": "factorised", "kernel": 7, "size": 14},
        "ResNet": {"kind": "bottleneck", "kernel": 3},
        "ResNeXt": {"kind": "grouped", "kernel": 3, "groups": 16},
        "MobileNet": {"kind": "separable", "kernel": 3},
        "ShuffleNet": {"kind": "shuffled", "kernel": 3, "groups": 8},
    },
)
