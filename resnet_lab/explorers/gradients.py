"""Gradients, measured: the signal in every layer, before training."""

from __future__ import annotations

from .. import draw, recorded
from .controls import Choice, Switch
from .degradation import TWIN_COLOURS, TWINS, twin
from .explorer import Explorer, table


def view(depth: int, activation: str, initialisation: str, batchnorm: bool) -> str:
    """Two charts over the layers, plain beside residual, and their ends."""
    runs = {
        kind: recorded.gradients(kind, depth, activation, initialisation, batchnorm)
        for kind in TWINS
    }
    charts, rows = [], []
    for name, what, low in (("relative gradient", "gradient", -20), ("output", "output", -8)):
        ends = {
            kind: [draw.scientific(run[what][place]) for place in (0, -1)]
            for kind, run in runs.items()
        }
        label = f"{name} of the first and of the last layer: " + "; ".join(
            [f"{TWINS[kind]} {first} and {last}" for kind, (first, last) in ends.items()]
        )
        series = [
            (TWINS[kind], TWIN_COLOURS[kind], 1, list(zip(run["layer"], run[what], strict=True)))
            for kind, run in runs.items()
        ]
        charts.append(
            draw.chart(
                label,
                series,
                "layer",
                name,
                [(1, "1")] + [(depth * part // 4, str(depth * part // 4)) for part in range(1, 5)],
                [(power, draw.power(power)) for power in range(low, 5, 4)],
                height=120,
            )
        )
        rows += [(f"{name}, {TWINS[kind]}", *values) for kind, values in ends.items()]
    return "".join(charts) + table(("", "first layer", "last layer"), rows)


gradients = Explorer(
    "gradients",
    "Measured: the signal in every layer, before training",
    [
        Choice("depth", "Layers", (8, 20, 32, 56), 56),
        Choice("activation", "Activation", ("ReLU", "tanh", "sigmoid"), "sigmoid"),
        Choice("initialisation", "Initialisation", ("He", "Xavier", "small"), "Xavier"),
        Switch("batchnorm", "BatchNorm"),
    ],
    view,
    lambda depth, activation, initialisation, batchnorm: (
        f"signals(alter(build({twin('A', depth)}), {activation!r}, {initialisation!r}, "
        f"{batchnorm}), images, labels)"
    ),
    chapter="04-gradients",
    presets={
        "the 1990s": {
            "depth": 20,
            "activation": "sigmoid",
            "initialisation": "small",
            "batchnorm": False,
        },
        "2010": {"depth": 20, "activation": "tanh", "initialisation": "Xavier", "batchnorm": False},
        "2015": {"depth": 56, "activation": "ReLU", "initialisation": "He", "batchnorm": True},
    },
)
