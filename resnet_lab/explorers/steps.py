"""Steps: the same correction added by many blocks, of each of which only a part."""

from __future__ import annotations

from .. import draw, residuals
from .controls import Choice, Range, Real
from .explorer import Explorer, formula, table

LOW, HIGH = -2, 4
POINTS = 25


def view(function: str, x0: float, part: float, blocks: int) -> str:
    """The guesses after each block, and the path that infinitely small steps take."""
    f, time = residuals.FUNCTIONS[function], part * blocks
    found = residuals.euler(f, x0, part, blocks)
    dots = [(place * part, guess) for place, guess in enumerate(found)]
    series = [
        ("", "muted", 0.7, [(0, residuals.SOLUTION), (time, residuals.SOLUTION)]),
        ("", "accent", 1, dots),
        *[("", "accent", 1, [dot]) for dot in dots],
    ]
    path = residuals.smooth_path(f, x0, time, POINTS) if f.slope(x0) else []
    if path:
        moments = [time * place / (POINTS - 1) for place in range(POINTS)]
        series.insert(1, ("", "identity rl-dashed", 0.7, list(zip(moments, path, strict=True))))

    if len(found) <= blocks:
        label = f"At the guess {draw.figures(found[-1])} the slope is 0: no step leads on"
    else:
        label = f"{blocks} steps" if blocks > 1 else "One step"
        label += f" with h = {part:g}: from {draw.figures(x0)} to {draw.figures(found[-1])}"
    label += f"; the solution is {residuals.SOLUTION}"
    x_ticks = [(time * quarter / 4, f"{time * quarter / 4:g}") for quarter in range(5)]
    y_ticks = [(y, str(y).replace("-", "−")) for y in range(LOW, HIGH + 1)]
    ends = [x0, found[-1], *path[-1:]]
    left = [residuals.residual(f.value, f.value(residuals.SOLUTION), guess) for guess in ends]
    return (
        draw.chart(label, series, "blocks × h", "guess", x_ticks, y_ticks)
        + formula(label)
        + table(
            ("", "at the start", "behind the blocks", "on the smooth path")[: len(ends) + 1],
            [
                ("guess", *[draw.figures(guess) for guess in ends]),
                ("residual", *[draw.figures(each) for each in left]),
            ],
        )
    )


steps = Explorer(
    "steps",
    "Blocks that add a part of the correction",
    [
        Choice(
            "function",
            "f(x)",
            {name: function.text for name, function in residuals.FUNCTIONS.items()},
            "tanh",
        ),
        Real("x0", "First guess", LOW, HIGH, 3.0, 0.1),
        Real("part", "Size of a step, h", 0.1, 2.5, 1.0, 0.1),
        Range("blocks", "Blocks", 1, 40, 2),
    ],
    view,
    lambda function, x0, part, blocks: (
        f"residuals.euler(residuals.FUNCTIONS[{function!r}], {x0}, {part}, {blocks})"
    ),
    chapter="02-residuals-and-errors",
    presets={
        "two whole steps": {"part": 1.0, "blocks": 2},
        "forty small ones": {"part": 0.1, "blocks": 40},
    },
)
