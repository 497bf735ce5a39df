"""The exercises of chapter 3."""

from __future__ import annotations

from fractions import Fraction

from ..function_classes import TARGETS, distances
from .drawing import Draw
from .forms import Choice, Code, Number


def exercise_1() -> Choice:
    thirds = distances("bins", TARGETS["third"])
    return Choice(
        ("2", "4", "6", "8"),
        [thirds[size - 1] < 1e-9 for size in (2, 4, 6, 8)].index(True),
        hints={
            0: "Two bins have one edge, at 1/2.",
            1: "The edges of 4 bins are at 1/4, 1/2 and 3/4.",
            3: "1/3 is not a multiple of 1/8.",
        },
        hint="There must be edges at 1/3 and at 2/3.",
        solution=(
            "Six bins have edges at 1/6, 2/6, 3/6, 4/6 and 5/6, and 2/6 and 4/6 are the "
            "ones needed."
        ),
    )


def exercise_2(draw: Draw) -> Number:
    low, rise = draw((0, 1), [(height, by) for height in range(1, 6) for by in (1, 3, 5, 6, 7)])
    high, middle, miss = low + rise, Fraction(2 * low + rise, 2), Fraction(rise, 2)
    step = distances("bins", [low + rise * value for value in TARGETS["step"]])
    slips = [
        (step[0] ** 2, "That is the mean square. Take its root."),
        (
            rise,
            (
                f"The best constant lies between {low} and {high}; it is never {rise} off "
                "everywhere."
            ),
        ),
        (0, f"A constant cannot be {low} on one half and {high} on the other."),
    ]
    if low:
        slips.append((float(middle), "That is the best constant. How far is it from each half?"))
    return Number(
        step[0],
        question=(
            f"The target is {low} on the left half and {high} on the right half. What is the "
            "distance (root mean square) of the best staircase of one bin?"
        ),
        tolerance=0.001,
        slips=slips,
        hint="The best constant is the mean of the target. How far is it from each half?",
        solution=(
            f"The mean is {middle}, and it misses by {miss} everywhere: the root mean square of "
            f"{miss} is {step[0]:g}."
        ),
    )


def exercise_3(draw: Draw) -> Number:
    bins, share = draw((3, "a third"), ((3, "a third"), (5, "a fifth")))
    low, rise = draw((0, 1), [(height, by) for height in range(5) for by in (1, 3, 5, 6, 7)])
    miss = Fraction(rise, 2)  # in the middle bin
    step = distances("bins", [low + rise * value for value in TARGETS["step"]])
    distance = step[bins - 1]
    return Number(
        distance,
        question=(
            f"Derive it. The target is {low} on the left half and {low + rise} on the right half. "
            f"With {bins} equal bins all but the middle one fit exactly. What is the distance "
            "(root mean square) of the best staircase?"
        ),
        tolerance=0.001,
        slips=[
            (step[0], f"That holds in the middle bin only, {share} of the interval."),
            (distance**2, "That is the mean square. Take its root."),
            (
                float(miss / bins),
                (
                    f"You took the mean of the misses, {miss} on {share} of the interval. Square "
                    "first, then mean, then root."
                ),
            ),
        ],
        hint=(
            f"In the middle bin the best constant misses by {miss}. What is the mean of the "
            "squares over the whole interval?"
        ),
        solution=(
            f"The square of the miss is {miss**2} on {share} of the interval, {miss**2 / bins} in "
            f"the mean, and its root is {distance:.3f}. With two bins it was 0."
        ),
    )


def exercise_4() -> Choice:
    return Choice(
        (
            "1, 2, 3, 4, ... bins",
            "2, 4, 6, 8, ... bins",
            "3, 6, 12, 24, ... bins",
            "none; staircases never are",
        ),
        2,
        hints={
            0: "2 and 3 have no inner edge in common.",
            1: "From 4 to 6 the edges at 1/4 and 3/4 are lost.",
            3: "When each number divides the next, all old edges stay.",
        },
        hint="Every edge of one member must be an edge of the next.",
        solution=(
            "If each number of bins divides the next, every old edge is a new edge. 4 "
            "does not divide 6."
        ),
    )


def exercise_5() -> Choice:
    return Choice(
        (
            "it is smaller in F₂",
            "it is not larger in F₂",
            "it is smaller in F₂ on new data too",
            "training ends nearer to the target in F₂",
        ),
        1,
        hints={
            0: "A step gains nothing from an even power.",
            2: "Look at the twelve noisy samples.",
            3: "Look at the 16 plain blocks.",
        },
        hint="Which of these survives all counter-examples of this chapter?",
        solution=(
            "Only that it cannot grow. Strictly smaller, better on new data, found by "
            "training: each has a counter-example above."
        ),
    )


def exercise_6() -> Choice:
    return Choice(
        (
            "nothing",
            "a plain block of ReLU layers can represent it too",
            "residual blocks cannot represent it",
            "no network can represent it exactly",
        ),
        1,
        hints={
            0: "See what the inserted plain blocks did to the loss.",
            2: "F = 0 does, if the input is not negative.",
            3: "The constructed network did, up to rounding.",
        },
        hint="Which network was built with 14 blocks that do nothing?",
        solution=(
            "Identity weights make a plain block the identity on the outputs of a ReLU. "
            "The difference is how far that setting lies from where training starts."
        ),
    )


def exercise_7() -> Code:
    cases = [
        (([1.0, 2.0, 3.0, 4.0], 2), [1.5, 3.5]),
        (([0.0, 0.0, 0.0, 1.0, 1.0, 1.0], 3), [0.0, 0.5, 1.0]),
        (([5.0, 7.0], 1), [6.0]),
    ]
    return Code(
        "def staircase(values, bins):\n    ...",
        cases,
        (
            "def staircase(values, bins):\n"
            "    width = len(values) // bins\n"
            "    starts = range(0, len(values), width)\n"
            "    return [sum(values[i:i + width]) / width for i in starts]"
        ),
        tolerance=1e-9,
        hint="The best constant for some numbers, in root mean square, is their mean.",
    )


def exercise_8() -> Choice:
    return Choice(
        (
            "it has fallen further",
            "it is that of the randomly started network",
            "it is unchanged: all gradients are 0",
        ),
        0,
        hints={
            1: "The random start had a loss of about a half. Try it.",
            2: "Gradients are 0 only at a minimum, and the shallow network was still improving.",
        },
        hint="Run <code>train(deep, *task(0))</code> and compare.",
        solution=(
            "It falls further, and far: from there the gradients find their way. The class was "
            "never the problem. The start was."
        ),
    )
