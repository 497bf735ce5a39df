"""Memory and time: what training a network takes of a device, before anything is run."""

from __future__ import annotations

from .. import draw
from ..devices import DEVICES
from ..draw.budget import bytes_text, memory_bars
from ..draw.budget import roofline as draw_roofline
from ..jobs import log
from ..memory import PRECISIONS, memory
from ..roofline import roofline
from ..tracing import trace
from ..zoo import named
from .controls import Choice, Range, Switch
from .explorer import Explorer, formula, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..memory import Memory
    from ..roofline import Roofline

NETWORKS = {
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
    "resnet101": "ResNet-101",
    "resnet152": "ResNet-152",
    "vgg16": "VGG-16",
    "resnet20": "ResNet-20",
    "resnet110": "ResNet-110",
}
BATCHES = (1, 8, 32, 64, 128, 256, 512)
LN10 = 2.302585092994046


def duration(seconds: float) -> str:
    """A time in two figures.

    >>> duration(0.0123), duration(4.5)
    ('12 ms', '4.5 s')
    """
    if seconds >= 1:
        return f"{seconds:.2g} s" if seconds < 100 else f"{seconds:,.0f} s"
    return f"{seconds * 1e3:.2g} ms" if seconds < 0.1 else f"{seconds * 1e3:.0f} ms"


def sentence(need: Memory, cost: Roofline, name: str) -> str:
    """The result: how many bytes, whether they fit, and how long a step takes."""
    device = cost.device
    low, high = cost.seconds
    room = f"the {device.name}'s {bytes_text(device.memory)}"
    return (
        f"{name}, batch {need.batch}, {need.precision}: training needs {bytes_text(need.total)}, "
        f"{100 * need.activations / need.total:.0f} % of it activations, "
        + (
            f"of {room}; a step takes between {duration(low)} and {duration(high)}"
            if need.total <= device.memory
            else f"more than {room}"
        )
    )


def under_the_roof(cost: Roofline) -> str:
    """The roofline, a dot for every layer that multiplies."""
    device, precision = cost.device, cost.precision
    bandwidth = log(device.bandwidth) / LN10
    peaks = {kind: log(device.rate(kind, precision)) / LN10 for kind in ("conv", "linear")}
    dots, bound, layers, moved, idle = [], 0, 0, 0, 0
    for row in cost.rows:
        moved += row.copies * row.bytes
        if row.macs:
            intensity = log(row.intensity) / LN10
            dots.append((row.kind, intensity, min(peaks[row.kind], intensity + bandwidth)))
            layers += row.copies
            bound += row.copies * (row.bound == "memory")
        else:
            idle += row.copies * row.bytes
    label = (
        f"{bound} of the {layers} layers with MACs are bound by memory, with fewer than "
        f"{cost.ridge:.0f} operations a byte; those without MACs move "
        f"{100 * idle / moved:.0f} % of all bytes"
    )
    return draw_roofline(label, dots, peaks["conv"], bandwidth, device.name) + formula(label)


def parts(need: Memory) -> list[tuple[str, int]]:
    """What the bars show."""
    rest = need.buffers + need.inputs + need.recomputed
    shown = [("weights", need.weights), ("gradients", need.gradients)]
    shown += [("optimizer", need.optimizer), ("activations", need.activations)]
    return [*shown, ("16-bit copies", need.copies), ("the rest", rest)]


def view(
    network: str,
    batch: int,
    size: int,
    precision: str,
    optimizer: str,
    checkpointing: bool,
    device: str,
) -> str:
    """Bars of bytes, the roofline, and a row for every stage."""
    net = trace(named(network), (3, size, size))
    need = memory(net, batch, precision, optimizer, checkpointing)
    cost = roofline(net, device, batch, precision)
    label = sentence(need, cost, net.net.name)
    kept: dict[str, int] = {}
    for name, bytes_, copies in need.layers:
        stage = name.split(".")[0]
        kept[stage] = kept.get(stage, 0) + copies * bytes_
    seconds: dict[str, float] = {}
    macs: dict[str, int] = {}
    for row in cost.rows:
        stage = row.name.split(".")[0]
        seconds[stage] = seconds.get(stage, 0.0) + row.copies * row.seconds
        macs[stage] = macs.get(stage, 0) + row.copies * row.macs
    rows = [
        (
            stage,
            bytes_text(kept.get(stage, 0)),
            draw.short(count) if count else "–",
            duration(seconds[stage]),
        )
        for stage, count in macs.items()
        if kept.get(stage) or count
    ]
    rows.append(
        (
            "all",
            bytes_text(need.kept),
            draw.short(sum(macs.values())),
            duration(sum(seconds.values())),
        )
    )
    place = cost.device
    return (
        memory_bars(label, parts(need), place.memory, place.name)
        + formula(label)
        + under_the_roof(cost)
        + table(("", "kept for backward", "MACs", "forward, at least"), rows)
        + formula(f"{place.text[0].upper()}{place.text[1:]}. Figures: {place.source}.")
    )


def python(network: str, size: int, device: str, **needs: Any) -> str:
    """The line that computes the bytes."""
    return (
        f"rl.trace(rl.named({network!r}), (3, {size}, {size})).memory({needs['batch']}, "
        f"{needs['precision']!r}, {needs['optimizer']!r}, {needs['checkpointing']})"
    )


budget = Explorer(
    "budget",
    "Memory and time of a training step",
    [
        Choice("network", "Network", NETWORKS, "resnet50"),
        Choice("batch", "Batch", BATCHES, 64),
        Range("size", "Image, height and width", 32, 448, 224, 32),
        Choice("precision", "Precision", tuple(PRECISIONS), "float32"),
        Choice(
            "optimizer",
            "Optimizer",
            {"sgd": "SGD", "momentum": "momentum", "adam": "Adam", "adamw": "AdamW"},
            "momentum",
        ),
        Switch("checkpointing", "Checkpointing"),
        Choice("device", "Device", {name: each.text for name, each in DEVICES.items()}, "T4"),
    ],
    view,
    python,
    presets={
        "ResNet-50 in Colab": {"network": "resnet50", "batch": 64, "size": 224, "device": "T4"},
        "the same, checkpointed": {"network": "resnet50", "batch": 64, "checkpointing": True},
        "one image on a phone": {
            "network": "resnet18",
            "batch": 1,
            "size": 224,
            "precision": "float16",
            "device": "phone",
        },
        "the paper's ResNet-110": {"network": "resnet110", "batch": 128, "size": 32},
    },
    chapter="08-memory-and-time",
)
