"""The race: twins with and without shortcuts, trained while the reader looks on."""

from __future__ import annotations

from .. import draw, jobs
from ..draw.maps import decision_map, dots, levels
from ..tracing import trace
from .controls import Choice, Range, Switch
from .explorer import Explorer, formula, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

COLOURS = {"plain": "accent", "residual": "identity"}
GUESSES = {"unsure": "not sure", "plain": "plain", "residual": "residual", "neither": "neither"}
DOTS = 120
LN10 = 2.302585092994046


def job(guess: str, **values: Any) -> dict[str, Any]:
    """What is trained."""
    return jobs.race(**values)


def ends(losses: dict[str, list[float]]) -> dict[str, float]:
    """The losses of the last tenth of the steps, which is two points, or of what there is."""
    return {kind: sum(curve[-2:]) / len(curve[-2:]) for kind, curve in losses.items()}


def verdict(losses: dict[str, float], steps: int, guess: str) -> str:
    """The result in a sentence, and what it says of the reader's guess."""
    plain, residual = losses["plain"], losses["residual"]
    better, most, least = (
        ("residual", plain, residual) if plain >= residual else ("plain", residual, plain)
    )
    if most > jobs.MOST / 1000:
        return f"After {steps} steps a loss is no longer a number: the steps were too large"
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
                (every * (place + 1), jobs.log(loss) / LN10 if 0 < loss < jobs.MOST else 9)
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


def remark(task: str, depth: int, shortcut: str, batchnorm: bool) -> str:
    """What a reader should know of this choice."""
    if shortcut == "none":
        return "Without shortcuts the second network is the first one: both curves are one."
    if task == "spirals":
        text = "No size changes here, so that A and B are the same network."
    else:
        text = "A fills new channels with zeros, B has a 1 × 1 convolution where the size changes."
    return text if batchnorm else text + " Without BatchNorm the start decides nearly everything."


def view(
    task: str,
    depth: int,
    shortcut: str,
    batchnorm: bool,
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
    said = {kind: f"{loss:.2g}" if loss < jobs.MOST else "none" for kind, loss in now.items()}
    if step == steps:
        label = verdict(now, steps, guess)
    elif step:
        texts = ", ".join([f"{kind} {text}" for kind, text in said.items()])
        label = f"Step {step} of {steps}: training loss {texts}"
    else:
        label = f"Twins of {depth} layers, not yet trained"
    maps = ""
    if task == "spirals":
        for kind in COLOURS:
            values = results["maps"][kind] if results else UNTRAINED
            words = f"What the {kind} network answers at every place, step {step} of {steps}"
            maps += (
                f"<figure>{decision_map(values, 32 if step else 4, _points(seed), words)}"
                f"<figcaption>{kind}</figcaption></figure>"
            )
        maps = f"<div class='rl-pair'>{maps}</div>"
    rows = [
        (f"{kind}, {depth} layers", params, said[kind] if step else "–")
        for kind, params in _networks(task, depth, shortcut, batchnorm)
    ]
    return (
        f"<div class='rl-race'>{curves(losses, steps // 20, steps, label)}{maps}</div>"
        + formula(label)
        + table(("", "parameters", "training loss"), rows)
        + f"<p class='rl-remark'>{remark(task, depth, shortcut, batchnorm)}</p>"
    )


UNTRAINED = levels([0.5] * 16, 4)
POINTS: dict[int, str] = {}
NETWORKS: dict[tuple[object, ...], list[tuple[str, str]]] = {}


def _points(seed: int) -> str:
    """The points that are shown: the same for every run with this seed."""
    if seed not in POINTS:
        POINTS[seed] = dots(jobs.spirals(DOTS, seed))
    return POINTS[seed]


def _networks(task: str, depth: int, shortcut: str, batchnorm: bool) -> list[tuple[str, str]]:
    """Each network with its parameters: the same for a whole run."""
    key = (task, depth, shortcut, batchnorm)
    if key not in NETWORKS:
        NETWORKS[key] = []
        for kind, net in jobs.twins(task, depth, shortcut).items():
            traced = trace(net, tuple(jobs.TASKS[task]["shape"]))
            params = traced.params
            if not batchnorm:
                params -= sum([row.params for row in traced.rows if row.kind == "batchnorm"])
            NETWORKS[key].append((kind, f"{params:,}"))
    return NETWORKS[key]


def python(guess: str, **values: Any) -> str:
    """What repeats the run with PyTorch."""
    settings = ", ".join([f"{name}={value!r}" for name, value in values.items()])
    return f"""\
from resnet_lab.job_runner import race_data, race_recipe, start_models
from resnet_lab.jobs import race
from resnet_lab.training import fit

job = race({settings})
for kind, model in start_models(job).items():
    history = fit(model, race_data(job), race_recipe(job))
    print(kind, history["curve"][-1])
"""


race = Explorer(
    "race",
    "Twins in training: one plain, one with shortcuts",
    [
        Choice("task", "Task", {"spirals": "two spirals", "digits": "digits"}, "spirals"),
        Choice("depth", "Layers", (8, 20, 32, 56), 32),
        Choice("shortcut", "Residual twin's shortcuts", ("A", "B", "none"), "B"),
        Switch("batchnorm", "BatchNorm", True),
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
