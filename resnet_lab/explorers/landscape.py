"""The landscape: the loss on a plane through the weights of two networks just trained."""

from __future__ import annotations

from .. import draw, jobs, probes
from ..draw.maps import loss_planes
from .controls import Choice, Range, Real
from .explorer import Explorer, formula, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LN10 = 2.302585092994046
COLOURS = {"plain": "accent", "residual": "identity"}
CLASSES = {"spirals": 2, "digits": 10}
CELLS, MIDDLE = probes.CELLS, probes.CELLS // 2


def job(task: str, depth: int, seed: int, directions: int, reach: float) -> dict[str, Any]:
    """What is trained and looked at from all sides."""
    return probes.landscape(task, depth, seed, directions, reach)


ORDER: list[int] = []


def by_cell(heights: list[float], guess: float) -> list[float | None]:
    """log10 of losses over that of guessing, row by row; None for those that are to come."""
    if not ORDER:  # once, and not before it is needed
        ORDER.extend(probes.outwards(CELLS))
    found: list[float | None] = [None] * (CELLS * CELLS)
    for cell, height in zip(ORDER, heights, strict=False):
        found[cell] = height - guess
    return found


def view(
    task: str,
    depth: int,
    seed: int,
    directions: int,
    reach: float,
    results: dict[str, Any] | None = None,
) -> str:
    """Both planes on one scale, the loss along their middle, and its means by distance."""
    guess = jobs.log(jobs.log(CLASSES[task])) / LN10
    planes = (results or {}).get("planes") or {"plain": [], "residual": []}
    known = len(planes["plain"])
    if known:
        middles = {kind: 10 ** heights[0] for kind, heights in planes.items()}
        label = "The loss on a plane through the weights; in the middle " + ", ".join(
            [f"{kind} {loss:.2g}" for kind, loss in middles.items()]
        )
        label += f"; guessing costs {10**guess:.2g}"
    elif results:
        losses = [f"{kind} {curve[-1]:.2g}" for kind, curve in results["losses"].items()]
        label = f"Training, step {results['step']}: loss {', '.join(losses)}"
    else:
        label = f"Twins of {depth} layers, to be trained; then 441 points around each"
    values = {kind: by_cell(heights, guess) for kind, heights in planes.items()}
    return (
        loss_planes(list(values.items()), CELLS, reach, label)
        + formula(label)
        + section(values, guess, reach)
        + table(("lengths of the weights away", *planes), rows(planes, reach))
    )


def section(values: dict[str, list[float | None]], guess: float, reach: float) -> str:
    """The loss along the middle row of both planes."""
    series, ends = [], []
    for kind, cells in values.items():
        row = cells[MIDDLE * CELLS : (MIDDLE + 1) * CELLS]
        points = [
            (reach * (place - MIDDLE) / MIDDLE, value + guess)
            for place, value in enumerate(row)
            if value is not None
        ]
        if points:
            series.append((kind, COLOURS[kind], 1, points))
            ends.append(f"{kind} from {10 ** points[0][1]:.2g} to {10 ** points[-1][1]:.2g}")
    label = "Loss along the middle row, left to right: " + ("; ".join(ends) or "not yet known")
    x_ticks = [
        (reach * part / 2, f"{reach * part / 2:g}".replace("-", "−")) for part in range(-2, 3)
    ]
    y_ticks = [(power, draw.power(power)) for power in range(-4, 2)]
    return draw.chart(label, series, "lengths of the weights", "loss", x_ticks, y_ticks, height=110)


def rows(planes: dict[str, list[float]], reach: float) -> list[tuple[str, ...]]:
    """The mean loss of every second ring of cells around the middle."""
    found = []
    for ring in range(0, MIDDLE + 1, 2):
        first, stop = max(0, 2 * ring - 1) ** 2, (2 * ring + 1) ** 2
        means = [
            f"{sum([10**height for height in heights[first:stop]]) / (stop - first):.2g}"
            if len(heights) >= stop
            else "–"
            for heights in planes.values()
        ]
        found.append((f"{reach * ring / MIDDLE:.3g}", *means))
    return found


def python(task: str, depth: int, seed: int, directions: int, reach: float) -> str:
    """The line that repeats the run with PyTorch."""
    return f"[*run(probes.landscape({task!r}, {depth}, {seed}, {directions}, {reach}))][-1]"


landscape = Explorer(
    "landscape",
    "The loss around two trained networks",
    [
        Choice("task", "Task", {"spirals": "two spirals", "digits": "digits"}, "spirals"),
        Choice("depth", "Layers", (8, 20, 32), 32),
        Range("seed", "Seed of the training", 0, 9, 0),
        Range("directions", "Seed of the two directions", 0, 9, 0),
        Real("reach", "How far to look", 0.25, 2, 1, 0.25),
    ],
    view,
    python,
    presets={
        "two spirals, seconds": {"task": "spirals", "depth": 32},
        "digits, longer": {"task": "digits", "depth": 20},
    },
    chapter="16-why-it-works",
    job=job,
    start_job="Train, then look around",
)
