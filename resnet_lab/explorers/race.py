"""The race: twins with and without shortcuts, trained while the reader looks on."""

from __future__ import annotations

from .. import draw, jobs
from ..draw.maps import decision_map
from ..tracing import trace
from .controls import Choice, Range
from .explorer import Explorer, formula, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

COLOURS = {"plain": "accent", "residual": "identity"}
GUESSES = {"unsure": "not sure", "plain": "plain", "residual": "residual", "neither": "neither"}
DOTS = 120
LN10 = 2.302585092994046


def job(
    task: str, depth: int, shortcut: str, lr: float, steps: int, seed: int, guess: str
) -> dict[str, Any]:
    """What is trained."""
    return jobs.race(task, depth, shortcut, lr, steps, seed)


def ends(losses: dict[str, list[float]]) -> dict[str, float]:
    """The losses of the last tenth of the steps, which is two points, or of what there is."""
    return {kind: sum(curve[-2:]) / len(curve[-2:]) for kind, curve in losses.items()}


def verdict(losses: dict[str, float], steps: int, guess: str) -> str:
    """The result in a sentence, and what it says of the reader's guess."""
    plain, residual = losses["plain"], losses["residual"]
    better, most, least = (
        ("residual", plain, residual) if plain >= residual else ("plain", residual, plain)
    )
    if not most < float("inf"):  # one of them has diverged: nan is no number to compare
        return f"After {steps} steps a loss is no longer a number: the learning rate was too high"
    if most < 1.5 * least:
        better, text = "neither", f"after {steps} steps the two have learnt about as much"
    else:
        times = most / max(least, 1e-9)
        text = (
            f"after {steps} steps the {better} network's training loss is {least:.2g}, "
            f"{times:,.2g} times smaller than its twin's {most:.2g}"
            if times < 100
            else f"after {steps} steps the {better} network's training loss is {least:.2g}, "
            f"its twin's {most:.2g}"
        )
    if guess == "unsure":
        return text[0].upper() + text[1:]
    return ("You were right: " if guess == better else "Not as you said: ") + text


def curves(losses: dict[str, list[float]], every: int, steps: int, label: str) -> str:
    """Both losses over the steps, on a logarithmic axis."""
    series = [
        (
            kind,
            COLOURS[kind],
            1,
            [
                (every * (place + 1), jobs.log(loss) / LN10 if 0 < loss < 1e9 else 9)
                for place, loss in enumerate(curve)
            ],
        )
        for kind, curve in losses.items()
        if curve
    ]
    return draw.chart(
        label,
        series,
        "step",
        "training loss",
        [(steps * part // 4, str(steps * part // 4)) for part in range(5)],
        [(power, draw.power(power)) for power in range(-4, 1)] + [(0.7, "")],
        height=150,
    )


def view(
    task: str,
    depth: int,
    shortcut: str,
    lr: float,
    steps: int,
    seed: int,
    guess: str,
    results: dict[str, Any] | None = None,
) -> str:
    """Loss curves and, for spirals, both networks' answers everywhere; the result; the numbers."""
    step = results["step"] if results else 0
    losses = results["losses"] if results else {"plain": [], "residual": []}
    now = ends(losses) if step else {}
    said = ", ".join([f"{kind} {loss:.2g}" for kind, loss in now.items()])
    if step == steps:
        label = verdict(now, steps, guess)
    elif step:
        label = f"Step {step} of {steps}: training loss {said}"
    else:
        label = f"Twins of {depth} layers, not yet trained"
    points, networks = _known(task, depth, shortcut, seed)
    maps = ""
    if task == "spirals":
        size = 32 if step else 4
        for kind in COLOURS:
            values = results["maps"][kind] if results else [0.5] * (size * size)
            words = f"What the {kind} network answers at every place, step {step} of {steps}"
            maps += (
                f"<figure>{decision_map(values, size, points, words)}"
                f"<figcaption>{kind}</figcaption></figure>"
            )
        maps = f"<div class='rl-pair'>{maps}</div>"
    rows = [
        (f"{kind}, {depth} layers", params, f"{now[kind]:.2g}" if step else "–")
        for kind, params in networks
    ]
    return (
        f"<div class='rl-race'>{curves(losses, steps // 20, steps, label)}{maps}</div>"
        + formula(label)
        + table(("", "parameters", "training loss"), rows)
    )


KNOWN: dict[tuple[object, ...], Any] = {}


def _known(
    task: str, depth: int, shortcut: str, seed: int
) -> tuple[list[tuple[float, float, int]], list[tuple[str, str]]]:
    """The points that are shown, and each network's parameters: the same for a whole run."""
    key = (task, depth, shortcut, seed)
    if key not in KNOWN:
        shape = tuple(jobs.TASKS[task]["shape"])
        networks = [
            (kind, f"{trace(net, shape).params:,}")
            for kind, net in jobs.twins(task, depth, shortcut).items()
        ]
        points = jobs.spirals(DOTS, seed) if task == "spirals" else []
        KNOWN.clear()
        KNOWN[key] = points, networks
    found: tuple[list[tuple[float, float, int]], list[tuple[str, str]]] = KNOWN[key]
    return found


def python(
    task: str, depth: int, shortcut: str, lr: float, steps: int, seed: int, guess: str
) -> str:
    """The line that repeats the run with PyTorch."""
    return f"[*run(race({task!r}, {depth}, {shortcut!r}, {lr}, {steps}, {seed}))][-1]"


race = Explorer(
    "race",
    "Twins in training: one plain, one with shortcuts",
    [
        Choice("task", "Task", {"spirals": "two spirals", "digits": "digits"}, "spirals"),
        Choice("depth", "Layers", (8, 20, 32, 56), 32),
        Choice("shortcut", "Residual twin's shortcuts", ("A", "B"), "B"),
        Choice("lr", "Learning rate", (0.01, 0.05, 0.1, 0.3), 0.05),
        Choice("steps", "Steps", (100, 200, 300, 600), 300),
        Range("seed", "Seed", 0, 9, 0),
        Choice("guess", "Which of the two will have learnt more?", GUESSES, "unsure"),
    ],
    view,
    python,
    presets={
        "two spirals, a second or two": {"task": "spirals", "depth": 32, "lr": 0.05, "steps": 300},
        "digits, some six seconds": {"task": "digits", "depth": 32, "lr": 0.1, "steps": 200},
        "shallow twins": {"task": "spirals", "depth": 8, "lr": 0.05, "steps": 300},
    },
    chapter="01-degradation",
    job=job,
    start_job="Train both",
)
