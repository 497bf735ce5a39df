"""Gradients: the signal in every layer before training, recorded or computed now."""

from __future__ import annotations

from .. import draw, probes, recorded
from .controls import Choice, Range, Switch
from .degradation import TWIN_COLOURS, twin
from .explorer import Explorer, formula, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Curves = dict[str, dict[str, list[float]]]

KINDS = {"plain": "none", "residual": "A"}
STARTS = {"He": "He", "Xavier": "Xavier", "small": "small", "large": "twice He"}
WHAT = (("relative gradient", "gradient", -20, 4), ("output", "output", -8, 8))


def job(
    depth: int, activation: str, initialisation: str, batchnorm: bool, shortcut: str, seed: int
) -> dict[str, Any]:
    """What is computed now."""
    return probes.signals(depth, activation, initialisation, batchnorm, shortcut, seed)


def from_record(
    depth: int, activation: str, initialisation: str, batchnorm: bool, shortcut: str
) -> Curves:
    """What was recorded: means over three seeds. A ValueError says what to do without."""
    if initialisation == "large" or shortcut == "B":
        raise ValueError("This was not recorded; press the button, and it is computed")
    return {
        kind: recorded.gradients(option, depth, activation, initialisation, batchnorm)
        for kind, option in KINDS.items()
    }


def mean(runs: list[Curves]) -> Curves:
    """The means of logarithms over runs of several seeds, in layers 1, 2, 3 ..."""
    found: Curves = {}
    for kind in KINDS:
        found[kind] = {"layer": [float(n) for n in range(1, len(runs[0][kind]["output"]) + 1)]}
        for what in ("output", "gradient"):
            columns = zip(*[run[kind][what] for run in runs], strict=True)
            found[kind][what] = [sum(column) / len(runs) for column in columns]
    return found


def view(
    depth: int,
    activation: str,
    initialisation: str,
    batchnorm: bool,
    shortcut: str,
    seed: int,
    results: dict[str, Any] | None = None,
) -> str:
    """Two charts over the layers, plain beside residual, and their ends."""
    singles: list[Curves] = results["runs"] if results else []
    if results:
        means, count = mean(singles), len(singles)
        source = f"Computed now, seed{'s' * (count > 1)} {seed}"
        source += f" to {seed + count - 1}; a thin line is one seed" if count > 1 else ""
    else:
        means = from_record(depth, activation, initialisation, batchnorm, shortcut)
        source = "Recorded: the mean of three other seeds"
    charts, rows = [], []
    for name, what, low, high in WHAT:
        label = f"{name} of the first and of the last layer: " + "; ".join(
            [f"{kind} {' and '.join(ends(run[what]))}" for kind, run in means.items()]
        )
        charts.append(
            draw.chart(
                label,
                lines(means, singles, what),
                "layer",
                name,
                [(1, "1")] + [(depth * part // 4, str(depth * part // 4)) for part in range(1, 5)],
                [(power, draw.power(power)) for power in range(low, high + 1, 4)],
                height=120,
            )
        )
        rows += [(f"{name}, {kind}", *ends(run[what])) for kind, run in means.items()]
    return "".join(charts) + formula(source) + table(("", "first layer", "last layer"), rows)


def lines(means: Curves, singles: list[Curves], what: str) -> list[Any]:
    """The lines of a chart: thin ones for the seeds, if there are several, thick ones for means."""
    series: list[Any] = []
    for kind, run in means.items():
        colour = TWIN_COLOURS[KINDS[kind]]
        if len(singles) > 1:
            for single in singles:
                points = list(zip(run["layer"], single[kind][what], strict=True))
                series.append(("", colour, 0.35, points))
        series.append((kind, colour, 1, list(zip(run["layer"], run[what], strict=True))))
    return series


def ends(curve: list[float]) -> list[str]:
    """The first and the last number of a curve of logarithms."""
    return [
        "0" if value <= probes.NOTHING else draw.scientific(value)
        for value in (curve[0], curve[-1])
    ]


def python(
    depth: int, activation: str, initialisation: str, batchnorm: bool, shortcut: str, seed: int
) -> str:
    """The line that measures the residual network's layers with PyTorch."""
    return (
        f"signals(alter(build({twin(shortcut, depth)}), {activation!r}, {initialisation!r}, "
        f"{batchnorm}), images, labels)"
    )


gradients = Explorer(
    "gradients",
    "The signal in every layer, before training",
    [
        Choice("depth", "Layers", (8, 20, 32, 56), 56),
        Choice("activation", "Activation", ("ReLU", "tanh", "sigmoid"), "sigmoid"),
        Choice("initialisation", "Initialisation", STARTS, "Xavier"),
        Switch("batchnorm", "BatchNorm"),
        Choice("shortcut", "Residual twin's shortcuts", ("A", "B"), "A"),
        Range("seed", "First of five seeds", 0, 20, 0),
    ],
    view,
    python,
    chapter="04-gradients",
    presets={
        "the 1990s": {
            "depth": 20,
            "activation": "sigmoid",
            "initialisation": "small",
            "batchnorm": False,
            "shortcut": "A",
        },
        "2010": {
            "depth": 20,
            "activation": "tanh",
            "initialisation": "Xavier",
            "batchnorm": False,
            "shortcut": "A",
        },
        "2015": {
            "depth": 56,
            "activation": "ReLU",
            "initialisation": "He",
            "batchnorm": True,
            "shortcut": "A",
        },
    },
    job=job,
    start_job="Compute it now",
)
