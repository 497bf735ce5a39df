"""How long a step takes at best, and what limits each layer: arithmetic or memory.

A layer of I operations a byte runs at min(peak, I x bandwidth) operations a second: the roofline.
"""

from __future__ import annotations

from dataclasses import dataclass

from .checks import check_choice, check_int
from .devices import Device, device_named
from .memory import PRECISIONS, WEIGHTED, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .rows import Row
    from .tracing import Trace

# By kind, how often the input and the output are moved, forward and backward, by layers that run
# one by one. A convolution's backward computes two convolutions. BatchNorm reads its input for the
# statistics and again to use them. Where branches meet again, their gradients were added.
MOVES: dict[str, tuple[int, int, int, int]] = {
    "conv": (1, 1, 2, 2),
    "linear": (1, 1, 2, 2),
    "batchnorm": (2, 1, 3, 2),
    "relu": (1, 1, 1, 2),
    "tanh": (1, 1, 1, 2),
    "sigmoid": (1, 1, 1, 2),
    "relu6": (1, 1, 1, 2),
    "hardswish": (1, 2, 1, 2),
    "hardsigmoid": (1, 1, 1, 2),
    "silu": (1, 2, 1, 2),
    "maxpool": (1, 1, 2, 1),
    "avgpool": (1, 1, 1, 1),
    "multiply": (1, 1, 2, 2),
    "dropout": (1, 2, 1, 2),
    "zero-pad": (1, 1, 1, 1),
    "mean": (1, 1, 1, 1),
    "flatten": (0, 0, 0, 0),
    "reshape": (0, 0, 0, 0),
    "slice": (0, 0, 0, 0),
    "add": (1, 1, 0, 3),
    "concat": (1, 1, 1, 1),
}

# What programs reach of the peaks, with some room: chapter 8 shows it beside what was measured.
REACHED_RATE, REACHED_BANDWIDTH = 0.25, 0.5
UPDATE = 20  # bytes a weight: SGD with momentum reads weight, gradient and momentum, writes two
CAST = 12  # bytes a weight: autocast's copy in 16 bits, and its gradient back in 32


@dataclass
class LayerCost:
    """What one layer's forward pass moves and computes, for a whole batch.

    Attributes:
        name: of the layer.
        kind: of `kinds.KINDS`.
        copies: how many such layers there are in a row.
        bytes: of its inputs, its weights and its output, each once.
        macs: multiply-accumulates.
        intensity: operations a byte, two for each multiply-accumulate.
        bound: "memory" or "arithmetic".
        seconds: at least.
    """

    name: str
    kind: str
    copies: int
    bytes: int
    macs: int
    intensity: float
    bound: str
    seconds: float


@dataclass
class Roofline:
    """Every layer under a device's roof.

    Attributes:
        device: whose roof it is.
        batch: images in a step.
        precision: of `memory.PRECISIONS`.
        rows: one for every layer, repeated ones once, with their number.
        forward: seconds of a forward pass, from and to.
        seconds: of a training step, from and to. From: every convolution and linear layer at its
            roof, everything between them done on the way. To: every operation by itself, at
            `REACHED_RATE` of the peak arithmetic and `REACHED_BANDWIDTH` of the bandwidth, or all
            of them started one after the other from Python, whichever takes longer.
        starting: seconds of that which go by in starting operations; with a small batch it is all.
    """

    device: Device
    batch: int
    precision: str
    rows: list[LayerCost]
    forward: tuple[float, float]
    seconds: tuple[float, float]
    starting: float

    @property
    def ridge(self) -> float:
        """The intensity at which the roof bends."""
        return self.device.ridge(self.precision)

    def __repr__(self) -> str:
        lines = [f"{self.device.text}, batch {self.batch}, {self.precision}"]
        lines.append(f"{'layer':28}{'MB':>10}{'M MACs':>12}{'op/byte':>10}  bound")
        for row in self.rows:
            times = f" x{row.copies}" if row.copies > 1 else ""
            lines.append(
                f"{row.name + times:28}{row.bytes / 1e6:10.2f}{row.macs / 1e6:12.1f}"
                f"{row.intensity:10.1f}  {row.bound}"
            )
        low, high = self.seconds
        return "\n".join([*lines, f"a training step: {low * 1e3:.3g} to {high * 1e3:.3g} ms"])


def roofline(
    table: Trace, device: str | Device, batch: int = 1, precision: str = "float32"
) -> Roofline:
    """Every layer under a device's roof, and how long a step takes; also `table.roofline(...)`.

    Args:
        table: of the network with its input.
        device: a name of `devices.DEVICES`, or a `Device` of your own.
        batch: images in a step.
        precision: "float32", "bfloat16" or "float16".

    Raises:
        TypeError, ValueError: for a value that is none of these; for a kind of layer whose moves
            are not known.

    Source:
        Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for
        multicore architectures" (2009).

    Example:
        >>> from resnet_lab import resnet, trace
        >>> rows = roofline(trace(resnet(50), (3, 224, 224)), "A100").rows
        >>> rows[-1].name, round(rows[-1].intensity, 2), rows[-1].bound
        ('fc', 0.5, 'memory')
    """
    place = device_named(device)
    batch = check_int("batch", batch)
    check_choice("precision", precision, PRECISIONS)
    half = PRECISIONS[precision] == 2
    rows = []
    params = operations = 0
    least = work = work_back = 0.0
    for section in table.sections:
        for row in section.rows:
            if row.kind not in MOVES:
                raise ValueError(
                    f"what {row.name} of kind {row.kind!r} moves is not known; known are "
                    f"{', '.join(MOVES)}"
                )
            cost, ahead, back = _costs(row, place, batch, precision)
            cost.copies = section.copies
            rows.append(cost)
            params += section.copies * row.params
            work += section.copies * ahead
            work_back += section.copies * back
            if row.kind in WEIGHTED:
                least += section.copies * cost.seconds
            if cost.bytes:  # one operation, and one to cast the weights
                operations += section.copies * (1 + (half and row.kind in WEIGHTED))
    starting = operations * place.start
    update = params * UPDATE / place.bandwidth
    work_back += params * (UPDATE + CAST * half) / (REACHED_BANDWIDTH * place.bandwidth)
    return Roofline(
        place,
        batch,
        precision,
        rows,
        (least, max(work, starting)),
        (3 * least + update, max(work + work_back, 2 * starting)),  # backward has as many
        2 * starting,
    )


def _costs(row: Row, device: Device, batch: int, precision: str) -> tuple[LayerCost, float, float]:
    """A layer's figures, and the seconds it may take by itself, forward and backward."""
    size, moves = PRECISIONS[precision], MOVES[row.kind]
    before, after = batch * numbers(row.input_shape), batch * numbers(row.output_shape)
    if row.kind == "add" and row.layer is not None:
        before = len(row.layer.inputs) * after
    elif row.kind == "concat":
        before = after
    weights, flops = size * row.params, 2 * batch * row.macs
    moved = size * (before + after) + weights if moves[0] else 0
    arithmetic = flops / device.rate(row.kind, precision)
    memory = moved / device.bandwidth
    cost = LayerCost(
        row.name,
        row.kind,
        1,
        moved,
        batch * row.macs,
        flops / moved if moved else 0.0,
        "arithmetic" if arithmetic > memory else "memory",
        max(arithmetic, memory),
    )
    arithmetic /= REACHED_RATE
    reached = REACHED_BANDWIDTH * device.bandwidth
    ahead = arithmetic + (size * (moves[0] * before + moves[1] * after) + weights) / reached
    back = 2 * arithmetic + (size * (moves[2] * before + moves[3] * after) + 2 * weights) / reached
    return cost, ahead, back
