"""One-dimensional signals: their shapes on the way through a 1-D ResNet."""

from __future__ import annotations

from .. import draw
from ..architecture import ResNet
from ..tables import shape_text
from ..tracing import trace
from .controls import Choice, Range
from .explorer import Explorer, formula, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def signal_network(length: int, kernel: int, blocks: int, head: str) -> ResNet:
    """The network that the values describe."""
    return ResNet(
        "basic",
        (blocks,) * 4,
        kernel=kernel,
        stem="3x3",
        in_channels=1,
        classes=length,
        dims=1,
        head=head,
        input_size=length if head == "flatten" else None,
        title="1-D ResNet",
    )


def view(length: int, **settings: Any) -> str:
    """The signal's shapes, in a sentence too, and a row for every stage."""
    traced = trace(signal_network(length, **settings), (1, length))
    last, head = traced.at("layer4"), traced.at("fc")
    label = (
        f"{length:,} samples become {last.output_shape[1]:,}, each of which sees "
        f"{last.receptive_field:,}; the classifier holds "
        f"{100 * head.params / traced.params:.0f} % of {draw.short(traced.params)} parameters"
    )
    return (
        draw.signal_shapes(traced, label)
        + formula(label)
        + table(
            ("", "output", "field", "parameters", "MACs"),
            [
                (
                    row.name,
                    shape_text(row.output_shape),
                    f"{row.receptive_field:,}",
                    draw.short(row.params),
                    draw.short(row.macs),
                )
                for row in traced.groups("stage")
                if row.kind in ("conv", "stage", "avgpool", "flatten", "linear")
            ],
        )
    )


signal_shapes = Explorer(
    "signal-shapes",
    "A signal on its way through a 1-D ResNet",
    [
        Range("length", "Samples", 20, 4000, 1000, 20),
        Choice("kernel", "Kernel", (3, 5, 7, 9, 15), 3),
        Range("blocks", "Blocks per stage", 1, 6, 2),
        Choice("head", "Head", {"flatten": "pool by 4, flatten", "average": "average"}, "flatten"),
    ],
    view,
    lambda length, kernel, blocks, head: (
        f"rl.ResNet('basic', {(blocks,) * 4}, kernel={kernel}, stem='3x3', in_channels=1, "
        f"classes={length}, dims=1, head={head!r}"
        + f", input_size={length}" * (head == "flatten")
        + ")"
    ),
    chapter="11-signals",
    presets={
        "ResNet-18": {"length": 1000, "kernel": 3, "blocks": 2, "head": "flatten"},
        "longer kernels": {"length": 1000, "kernel": 15, "blocks": 2, "head": "flatten"},
        "average instead of flatten": {"length": 1000, "kernel": 3, "blocks": 2, "head": "average"},
        "too short": {"length": 20, "kernel": 3, "blocks": 2, "head": "flatten"},
    },
)
