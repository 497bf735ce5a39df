"""Residual and error of a guess, and the one step that solvers share: add a correction computed from the residual.

The equation is f(x) = b. At a guess x0 the residual is b - f(x0) and the error is x - x0, in this order everywhere in
the book, so that to first order residual = f'(x0) * error with no minus sign. A guess and b may be numbers or arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

E = 2.718281828459045


def residual(f, b, guess):
    """b - f(guess): how far the equation is from holding, in the unit of b. It can be computed without knowing x.

    >>> residual(lambda x: x ** 2, 9, guess=2)
    5
    """
    return b - f(guess)


def error(solution, guess):
    """solution - guess: how far the guess is from the solution, in the unit of x. It needs the solution.

    >>> error(solution=3, guess=2)
    1
    """
    return solution - guess


def refine(f, b, guess, correction, steps: int) -> list:
    """The guesses of `steps` steps guess <- guess + correction(residual, guess), beginning with the one given.

    With correction = residual / f'(guess) this is Newton's method; with a rough solver of linear equations it is
    iterative refinement (Wilkinson, "Rounding errors in algebraic processes", 1963).

    >>> refine(lambda x: x ** 2, 9, 1.0, newton(lambda x: 2 * x), steps=2)
    [1.0, 5.0, 3.4]
    """
    guesses = [guess]
    for _ in range(steps):
        guess = guess + correction(residual(f, b, guess), guess)
        guesses.append(guess)
    return guesses


def newton(slope):
    """Newton's correction for a function of one number with this slope. It raises ValueError where the slope is 0.

    >>> correction = newton(lambda x: 2 * x)
    >>> correction(5, 2)                        # the residual and the guess
    1.25
    """

    def correction(residual, guess):
        if slope(guess) == 0:
            raise ValueError(f"the slope at {guess:g} is 0: a level tangent never reaches b")
        return residual / slope(guess)

    return correction


@dataclass(frozen=True)
class Function:
    """A function of one number to try guesses on. text: as it is printed; slope: its derivative."""

    text: str
    value: object
    slope: object


def tanh(x):
    return 1 - 2 / (E ** (2 * min(x, 20)) + 1)


# One solution is hidden in all of them, b being computed from it: only then can a book show an error at all.
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
