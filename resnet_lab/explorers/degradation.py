"""The degradation problem, measured: deeper networks in training."""

from __future__ import annotations

from .. import draw, recorded
from .controls import Choice
from .explorer import Explorer, formula, table

TWINS = {"none": "plain", "A": "residual"}
TWIN_COLOURS = {"none": "accent", "A": "identity"}
DEPTHS = (8, 14, 20, 32, 56)


def twin(shortcut: str, depth: int) -> str:
    """The code that describes one of the networks."""
    return (
        f"rl.ResNet('basic', {((depth - 2) // 6,) * 3}, (8, 16, 32), shortcut={shortcut!r}, "
        "stem='3x3', in_channels=1, classes=10)"
    )


def view(shortcut: str, depth: int, steps: int, seed: int | str, show: str) -> str:
    """The curves of all depths with the chosen one in front, and how every network ends."""
    curves = {
        (kind, layers): recorded.degradation(kind, layers, steps, seed)
        for kind in TWINS
        for layers in DEPTHS
    }
    # The mean over the last tenth of the steps, which is two points.
    losses = {
        key: sum([10**value for value in curve["loss"][-2:]]) / 2 for key, curve in curves.items()
    }
    errors = {key: sum(curve["error"][-2:]) / 2 for key, curve in curves.items()}
    series = []
    for layers in [layers for layers in DEPTHS if layers != depth] + [depth]:
        points = [
            (steps * place / 20, value)
            for place, value in enumerate(curves[shortcut, layers][show], 1)
        ]
        series.append(
            (
                str(layers),
                *((TWIN_COLOURS[shortcut], 1) if layers == depth else ("muted", 0.6)),
                points,
            )
        )
    label = (
        f"{TWINS[shortcut]}-{depth} ends {steps:,} steps with a training loss of "
        f"{losses[shortcut, depth]:.2g}, {TWINS[shortcut]}-8 with {losses[shortcut, 8]:.2g}"
    )
    name, y_ticks = {
        "loss": (
            "training loss",
            [(power, draw.power(power)) for power in range(-4, 1)] + [(0.5, "")],
        ),
        "error": ("training error, %", draw.ticks(100)),
    }[show]
    picture = draw.chart(
        label,
        series,
        "step",
        name,
        [(steps * part // 4, f"{steps * part // 4:,}") for part in range(5)],
        y_ticks,
    )
    rows = [
        (
            layers,
            *[f"{losses[kind, layers]:.2g}" for kind in TWINS],
            *[f"{errors[kind, layers]:.2f}" for kind in TWINS],
        )
        for layers in DEPTHS
    ]
    return (
        picture
        + formula(label)
        + table(
            ("layers", "loss, plain", "loss, residual", "error %, plain", "error %, residual"), rows
        )
    )


degradation = Explorer(
    "degradation",
    "Measured: deeper networks in training",
    [
        Choice("shortcut", "Networks", TWINS, "none"),
        Choice("depth", "Layers", DEPTHS, 32),
        Choice("steps", "Steps", (200, 600, 1500), 200),
        Choice("seed", "Seed", ("mean", 0, 1, 2), "mean"),
        Choice("show", "Show", {"loss": "loss", "error": "error"}, "loss"),
    ],
    view,
    lambda shortcut, depth, steps, seed, show: (
        f"fit(build({twin(shortcut, depth)}), load('digits'), Recipe(steps={steps}, batch=64, "
        "weight_decay=1e-4, crop=0, flip=False" + f", seed={seed}" * (seed != "mean") + "))"
    ),
    chapter="01-degradation",
    presets={
        "plain networks": {"shortcut": "none", "steps": 200, "depth": 32, "show": "loss"},
        "their residual twins": {"shortcut": "A", "steps": 200, "depth": 32, "show": "loss"},
        "plain, with more time": {"shortcut": "none", "steps": 1500, "depth": 32, "show": "loss"},
    },
)
