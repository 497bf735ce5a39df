"""Paths: a residual network as many paths, what they carry, and what each block is worth."""

from __future__ import annotations

from .. import draw, jobs, probes
from .controls import Choice, Range
from .explorer import Explorer, formula, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LN10 = 2.302585092994046
COLOURS = {"plain": "accent", "residual": "identity"}
FLOOR = 1e-5


def job(task: str, depth: int, seed: int, show: str) -> dict[str, Any]:
    """What is trained and looked into."""
    return probes.paths(task, depth, seed)


def percent(share: float) -> str:
    """A share in percent, with a proper minus sign."""
    value = 100 * share
    return f"{value:.1f}".replace("-", "−") if abs(value) >= 0.05 else "0"


def by_length(depth: int, results: dict[str, Any] | None) -> str:
    """How many paths there are of each length, and the gradient's share on them."""
    blocks = (depth - 2) // 2
    counts, shares = probes.path_counts(blocks), (results or {}).get("shares")
    number = sum(counts)
    label = f"{blocks} blocks make {number:,} paths; the commonest go through "
    label += (
        f"{blocks // 2} or {blocks - blocks // 2} branches"
        if blocks % 2
        else (f"about {blocks // 2} branches")
    )
    series: list[Any] = [
        ("paths", "muted", 0.9, [(k, 100 * count / number) for k, count in enumerate(counts)])
    ]
    if shares:
        mean = sum([k * share for k, share in enumerate(shares)])
        label += f"; the gradient comes back through {mean:.1f} branches on average"
        series.append(
            ("gradient", "identity", 1, [(k, 100 * share) for k, share in enumerate(shares)])
        )
    high = max([y for *_, points in series for _, y in points])
    low = min([y for *_, points in series for _, y in points])
    y_ticks = draw.ticks(high)
    if low < -1:  # some paths work against the others
        y_ticks = [(-y_ticks[1][0], "−" + y_ticks[1][1]), *y_ticks]
    x_ticks = [(blocks * part / 3, f"{blocks * part / 3:.0f}") for part in range(4)]
    picture = draw.chart(label, series, "branches on the path", "share, %", x_ticks, y_ticks)
    rows = [
        (k, f"{count:,}", percent(count / number), percent(shares[k]) if shares else "–")
        for k, count in enumerate(counts)
    ]
    head = ("branches on the path", "paths", "% of paths", "% of gradient")
    return picture + formula(label) + table(head, rows)


def one_off(depth: int, results: dict[str, Any] | None) -> str:
    """The loss of both networks with one block off after the other."""
    blocks = (depth - 2) // 2
    found = (results or {}).get("lesions") or {"plain": [], "residual": []}
    series = []
    for kind, losses in found.items():
        points = [(number, height(loss)) for number, loss in enumerate(losses[1:], 1)]
        if points:
            whole = height(losses[0])
            series.append(("", f"{COLOURS[kind]} rl-dashed", 0.7, [(1, whole), (blocks, whole)]))
            series.append((kind, COLOURS[kind], 1, points))
    if series:
        worst = {kind: max(losses[1:]) for kind, losses in found.items()}
        middle = {kind: sorted(losses[1:])[len(losses) // 2 - 1] for kind, losses in found.items()}
        label = "Loss with one block off: " + "; ".join(
            [
                f"{kind} {losses[0]:.2g} with all, {middle[kind]:.2g} in the median, "
                f"{worst[kind]:.2g} at worst"
                for kind, losses in found.items()
            ]
        )
    else:
        label = f"{blocks} blocks, to be switched off one at a time, once both twins are trained"
    x_ticks = [(1, "1")] + [(blocks * part // 3, str(blocks * part // 3)) for part in (1, 2, 3)]
    y_ticks = [(power, draw.power(power)) for power in range(-4, 2)]
    picture = draw.chart(label, series, "the block that is off", "training loss", x_ticks, y_ticks)
    rows = []
    for number in range(blocks + 1):
        known = [
            f"{losses[number]:.2g}" if number < len(losses) else "–" for losses in found.values()
        ]
        rows.append((number if number else "none", *known))
    return picture + formula(label) + table(("block off", *found), rows)


def height(loss: float) -> float:
    """log10 of a loss, within the chart."""
    return jobs.log(max(loss, FLOOR)) / LN10 if loss < 1e9 else 9.0


def view(task: str, depth: int, seed: int, show: str, results: dict[str, Any] | None = None) -> str:
    """What is asked for; before that, how the training goes."""
    shown = by_length(depth, results) if show == "lengths" else one_off(depth, results)
    if results and "shares" not in results:
        losses = ", ".join([f"{kind} {curve[-1]:.2g}" for kind, curve in results["losses"].items()])
        shown = formula(f"Training, step {results['step']}: loss {losses}") + shown
    return shown


def python(task: str, depth: int, seed: int, show: str) -> str:
    """The line that repeats the run with PyTorch."""
    return f"[*run(probes.paths({task!r}, {depth}, {seed}))][-1]"


paths = Explorer(
    "paths",
    "One network, many paths",
    [
        Choice("task", "Task", {"spirals": "two spirals", "digits": "digits"}, "spirals"),
        Choice("depth", "Layers", (8, 20, 32), 32),
        Range("seed", "Seed", 0, 9, 0),
        Choice("show", "Show", {"lengths": "paths", "lesions": "one block off"}, "lengths"),
    ],
    view,
    python,
    presets={
        "two spirals, seconds": {"task": "spirals", "depth": 32},
        "digits, longer": {"task": "digits", "depth": 20},
    },
    chapter="16-why-it-works",
    job=job,
    start_job="Train, then look inside",
)
