"""Residual and error: how far a guess is off, measured in two places."""

from __future__ import annotations

from .. import draw, residuals
from .controls import Choice, Real, Switch
from .explorer import Explorer, table

GUESSES = [round(-2 + 0.1 * place, 9) for place in range(61)]


def view(function: str, x0: float, newton: bool) -> str:
    """The function with the guess, and what can be said of the guess."""
    f = residuals.FUNCTIONS[function]
    b, y0 = f.value(residuals.SOLUTION), f.value(x0)
    r, slope = residuals.residual(f.value, b, x0), f.slope(x0)
    step = r / slope if slope else None
    rows = [
        ("f(x₀)", y0),
        ("residual b − f(x₀)", r),
        ("slope f′(x₀)", slope),
        ("residual / slope", step),
        ("error x − x₀", residuals.error(residuals.SOLUTION, x0)),
    ]
    return draw.guess(
        [(x, f.value(x)) for x in GUESSES], b, residuals.SOLUTION, x0, y0, step if newton else None
    ) + table(
        ("", f"at {draw.figures(x0)}"),
        [(name, "undefined" if value is None else draw.figures(value)) for name, value in rows],
    )


residual_error = Explorer(
    "residual-error",
    "The residual and the error of a guess",
    [
        Choice(
            "function",
            "f(x)",
            {name: function.text for name, function in residuals.FUNCTIONS.items()},
            "tanh",
        ),
        Real("x0", "Guess x₀", -2, 4, 3.0, 0.1),
        Switch("newton", "Newton’s step"),
    ],
    view,
    lambda function, x0, newton: (
        f"f = residuals.FUNCTIONS[{function!r}]; "
        f"residuals.residual(f.value, f.value(residuals.SOLUTION), {x0})"
    ),
    chapter="02-residuals-and-errors",
)
