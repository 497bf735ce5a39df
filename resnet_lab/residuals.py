"""Residual and error of a guess, and the step that solvers share: add a correction made from it.

The equation is f(x) = b. At a guess x0 the residual is b - f(x0) and the error is x - x0, in this
order everywhere in the book, so that to first order the residual is the error times the slope
f'(x0), with no minus sign. A guess and b may be numbers or arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

E = 2.718281828459045


def residual(f: Callable[[Any], Any], b: Any, guess: Any) -> Any:
    """How far the equation is from holding, in the unit of b: it needs no solution.

    .. math:: b - f(x_0)

    Example:
        >>> residual(lambda x: x**2, 9, guess=2)
        5
    """
    return b - f(guess)


def error(solution: Any, guess: Any) -> Any:
    """How far the guess is from the solution, in the unit of x: it needs the solution.

    .. math:: x - x_0

    Example:
        >>> error(solution=3, guess=2)
        1
    """
    return solution - guess


def refine(
    f: Callable[[Any], Any], b: Any, guess: Any, correction: Callable[[Any, Any], Any], steps: int
) -> list[Any]:
    """Improve a guess step by step: each adds a correction.

    With the residual over the slope as the correction this is Newton's method; with a rough solver
    of linear equations it is iterative refinement.

    Args:
        f: the function in f(x) = b.
        b: its wanted value.
        guess: where to begin.
        correction: a function of the residual and the guess.
        steps: how many corrections to add.

    Returns:
        All guesses, beginning with the one given.

    Source:
        Wilkinson, "Rounding errors in algebraic processes" (1963).

    Example:
        >>> refine(lambda x: x**2, 9, 1.0, newton(lambda x: 2 * x), steps=2)
        [1.0, 5.0, 3.4]
    """
    guesses = [guess]
    for _ in range(steps):
        guess = guess + correction(residual(f, b, guess), guess)
        guesses.append(guess)
    return guesses


def newton(slope: Callable[[float], float]) -> Callable[[float, float], float]:
    """Newton's correction for a function of one number with this slope.

    The correction raises ValueError where the slope is 0.

    Example:
        >>> correction = newton(lambda x: 2 * x)
        >>> correction(5, 2)  # the residual and the guess
        1.25
    """

    def correction(residual: float, guess: float) -> float:
        if slope(guess) == 0:
            raise ValueError(f"the slope at {guess:g} is 0: a level tangent never reaches b")
        return residual / slope(guess)

    return correction


def euler(function: Function, guess: float, part: float, steps: int) -> list[float]:
    r"""Steps that each add a part of Newton's correction: Euler's method for dx/dt = F(x).

    .. math:: x_{k+1} = x_k + h F(x_k), \qquad F(x) = \frac{b - f(x)}{f'(x)}

    Args:
        function: what is to take the value that it has at `SOLUTION`.
        guess: where to begin.
        part: h; with 1 it is Newton's method.
        steps: how many.

    Returns:
        All guesses, beginning with the one given; fewer than asked for where one has slope 0.

    Example:
        >>> euler(FUNCTIONS["line"], 2.5, 0.5, steps=2)
        [2.5, 2.0, 1.75]
    """
    b, found = function.value(SOLUTION), [guess]
    while len(found) <= steps and (slope := function.slope(found[-1])):
        found.append(found[-1] + part * residual(function.value, b, found[-1]) / slope)
    return found


def smooth_path(function: Function, guess: float, time: float, points: int) -> list[float]:
    """The guesses on the way that Newton's steps take when they are infinitely small.

    They solve the equation of `euler`. By the chain rule the residual then falls
    alike for every function, and that is how a place on the way is found, by bisection:

    .. math:: b - f(x(t)) = (b - f(x_0)) e^{-t}

    Args:
        function: what is to take the value that it has at `SOLUTION`.
        guess: where the way begins.
        time: where it ends; n steps of size h take nh.
        points: how many guesses to return, at equal distances in time from 0 on.

    Raises:
        ValueError: the slope at the guess is 0.
    """
    b, found = function.value(SOLUTION), [guess]
    start = residual(function.value, b, guess)
    if start == 0:
        return found * points
    forward = 0.1 if newton(function.slope)(start, guess) > 0 else -0.1

    def passed(x: float, goal: float) -> bool:
        return bool((residual(function.value, b, x) - goal) * start < 0)

    for point in range(1, points):
        goal = start * E ** (-time * point / (points - 1))
        near, step = found[-1], forward
        while not passed(near + step, goal):
            step *= 2
        for _ in range(36):  # halve what is left until it is 1e-11 of a step
            step /= 2
            if not passed(near + step, goal):
                near += step
        found.append(near)
    return found


@dataclass(frozen=True)
class Function:
    """A function of one number to try guesses on.

    Attributes:
        text: as it is printed.
        value: the function.
        slope: its derivative.
    """

    text: str
    value: Callable[[float], float]
    slope: Callable[[float], float]


def tanh(x: float) -> float:
    return float(1 - 2 / (E ** (2 * min(x, 20)) + 1))


# One solution is hidden in all of them, b being computed from it: only then can a book show an
# error at all.
SOLUTION = 1.5
FUNCTIONS = {
    "line": Function("2x", lambda x: 2 * x, lambda x: 2),
    "square": Function("x²", lambda x: x**2, lambda x: 2 * x),
    "cube": Function(
        "(x − 1.5)³", lambda x: (x - SOLUTION) ** 3, lambda x: 3 * (x - SOLUTION) ** 2
    ),
    "tanh": Function("tanh x", tanh, lambda x: 1 - tanh(x) ** 2),
    "exponential": Function("exp x", lambda x: E**x, lambda x: E**x),
}
