"""The exercises of chapter 2."""

from __future__ import annotations

from ..residuals import FUNCTIONS, newton, refine, residual
from .drawing import Draw
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    slope, start = draw((3, 1), [(a, c) for a in (2, 3, 4, 5) for c in (1, 2, 4, 7)])
    x0, away = draw((2, 1), [(guess, e) for guess in (2, 3, 4, 5) for e in (1, 2, 3)])

    def f(x: int) -> int:
        return slope * x + start

    b = f(x0 + away)
    return Number(
        residual(f, b, x0),
        question=(
            f"f(x) = {slope}x + {start} and b = {b}. What is the residual of the guess {x0}?"
        ),
        slips=[
            (f(x0) - b, "The sign: a residual is b − f(x<sub>0</sub>), wanted minus present."),
            (
                (b - start) / slope - x0,
                "That is the error x − x<sub>0</sub>; you solved the equation to find it.",
            ),
            (f(x0), "That is f(x<sub>0</sub>) alone. How far is it from b?"),
        ],
        hint="Insert the guess into f and subtract the result from b.",
        solution=(
            f"f({x0}) = {f(x0)}, so the residual is {b} − {f(x0)} = {residual(f, b, x0)}. "
            f"The error is {away}; the slope {slope} lies between them."
        ),
    )


def exercise_2() -> Choice:
    return Choice(
        (
            "the size of b",
            "the number of steps the solver took",
            "the slope of f near the guess",
            "the number of digits the computer uses",
        ),
        2,
        hints={
            0: "Dividing by b gives the relative residual, which is still a residual.",
            1: "Many steps or few: the guess stands where it stands.",
            3: (
                "That limits how small a residual can be told from 0, not how it relates to "
                "the error."
            ),
        },
        hint="Through what is the error seen when you look at the residual?",
        solution=(
            "error ≈ residual / f′(x<sub>0</sub>). With slope 10<sup>−6</sup> the error "
            "is about 1; with slope 10<sup>6</sup> it is about 10<sup>−12</sup>."
        ),
    )


def exercise_3(draw: Draw) -> Number:
    square = FUNCTIONS["square"]
    # With these guesses the quotients end after few decimals.
    pairs = [(root, x0) for root in range(2, 9) for x0 in (2, 4, 5, 10) if root != x0]
    root, x0 = draw((3, 5), pairs)
    target = root * root
    step = newton(square.slope)(residual(square.value, target, x0), x0)
    return Number(
        x0 + step,
        question=(
            f"Derive it. Write Newton’s step for x² = b in the form x₀ + F(x₀). For b = {target} "
            f"it stands at the guess {x0}. What is the next guess?"
        ),
        slips=[
            (
                x0 - step,
                (
                    "The sign: the correction residual / slope is added. Here the residual is "
                    f"{'negative' if step < 0 else 'positive'}."
                ),
            ),
            (step, "That is the correction. Add it to the guess."),
            (
                x0 + residual(square.value, target, x0),
                "You added the residual itself; divide it by the slope first.",
            ),
            (x0 + (target - x0**2) / x0, "The slope of x² at the guess is 2x, not x."),
        ],
        hint="residual = b − f(x₀), slope = 2 x₀, next = x₀ + residual / slope.",
        solution=(
            f"The residual is {target} − {x0**2} = {target - x0**2}, the slope 2 · "
            f"{x0} = {2 * x0}, the correction {step:g}, the next guess {x0 + step:g}. "
            f"(The solution is {root}.)"
        ),
    )


def exercise_4() -> Choice:
    return Choice(
        (
            "the residual is 0 there",
            "the slope is 0 there, so residual / slope is not defined",
            "the error is 0 there",
            "Newton’s method needs a positive guess",
        ),
        1,
        hints={
            0: "The residual at 0 is b itself.",
            2: "The solution is at 1.5.",
            3: "It does well from −1; it finds the other solution, −1.5.",
        },
        hint="Look at the tangent at the lowest point of the curve.",
        solution=(
            "The tangent at 0 is level and never reaches the height b. Just beside 0 the "
            "step exists and is enormous."
        ),
    )


def exercise_5() -> Code:
    square = FUNCTIONS["square"]
    move = newton(square.slope)
    return Code(
        (
            "def value(coefficients, x):\n"
            "    return sum(c * x**power for power, c in enumerate(coefficients))\n"
            "\n"
            "\n"
            "def next_guess(f, slope, b, x0):\n"
            "    ..."
        ),
        [
            (([0, 2], [2], 3, 0), refine(lambda x: 2 * x, 3, 0, newton(lambda x: 2), 1)[1]),
            (([0, 0, 1], [0, 2], 2.25, 4), refine(square.value, 2.25, 4, move, 1)[1]),
            (
                ([1, 0, 0, 1], [0, 0, 3], 9, 1),
                refine(lambda x: 1 + x**3, 9, 1, newton(lambda x: 3 * x**2), 1)[1],
            ),
        ],
        (
            "def value(coefficients, x):\n"
            "    return sum(c * x**power for power, c in enumerate(coefficients))\n"
            "\n"
            "\n"
            "def next_guess(f, slope, b, x0):\n"
            "    return x0 + (b - value(f, x0)) / value(slope, x0)"
        ),
        tolerance=1e-9,
        hint="The residual is b − value(f, x0). Divide it by value(slope, x0) and add it to x0.",
    )


def exercise_6() -> Code:
    square = FUNCTIONS["square"]

    def guesses(b: float) -> list[float]:
        return refine(square.value, b, b, newton(square.slope), 20)

    steps = [abs(guess * guess - 2) < 1e-9 for guess in guesses(2)].index(True)
    return Code(
        "def root(b):\n    x = b\n    for step in range(20):\n        ...\n    return x",
        [((b,), guesses(b)[-1]) for b in (2, 9, 0.25, 1000)],
        (
            "def root(b):\n"
            "    x = b\n"
            "    for step in range(20):\n"
            "        x = x + (b - x * x) / (2 * x)\n"
            "    return x"
        ),
        tolerance=1e-9,
        hint="residual = b − x·x, slope = 2x; x = x + residual / slope.",
        solution=(
            "For b = 2 print x in the loop: "
            f"{steps} steps are enough. The step simplifies to the mean of x and b / x, the oldest "
            "algorithm for square roots."
        ),
    )


def exercise_7() -> Choice:
    return Choice(
        (
            "the identity in both",
            "zero in both",
            "plain: the identity; residual: zero",
            "plain: zero; residual: the identity",
        ),
        2,
        hints={
            0: "In a residual block the shortcut already brings x to the output.",
            1: (
                "A plain block whose layers compute zero puts out zero: everything before it "
                "is lost."
            ),
            3: "The other way round. Write H(x) = x + F(x) and set H(x) = x.",
        },
        hint="Set H(x) = x and solve for what the layers have to produce.",
        solution=(
            "Plain: the layers are H, so they must compute x. Residual: H(x) = x + F(x) "
            "= x means F(x) = 0, which zero weights do exactly."
        ),
    )


def exercise_8() -> Choice:
    return Choice(
        (
            "the network fits this image badly",
            "the block changes its input a lot",
            "the error of the network is large",
            "the block has not converged",
        ),
        1,
        hints={
            0: "That would be the residual of statistics: it compares with data.",
            2: "F(x) is not compared with anything wanted.",
            3: "Nothing says that a trained block’s F must be small.",
        },
        hint="Which two things does F(x) = H(x) − x compare?",
        solution=(
            "F compares a block’s output with its own input, and with nothing else. It "
            "says how much the block changes, not whether the change is right."
        ),
    )
