"""The exercises of chapter 4."""

from __future__ import annotations

from math import hypot

from .. import recorded
from .forms import Choice, Code, Number


def exercise_1() -> Number:
    steepest = 0.5 * (1 - 0.5)  # the derivative σ(1 − σ) at 0
    return Number(
        steepest**10,
        tolerance=1e-8,
        slips=[
            (steepest * 10, "The factors are multiplied, not added."),
            (0.5**10, "σ(0) is 1/2, but its derivative there is σ(1 − σ) = 1/4."),
        ],
        hint="The derivative of the sigmoid is σ(1 − σ). Where is it largest?",
        solution="At most 1/4 each: (1/4)<sup>10</sup> ≈ 9.5 · 10<sup>−7</sup>.",
    )


def exercise_2() -> Number:
    he = (2 / (9 * 64)) ** 0.5
    return Number(
        he,
        tolerance=0.0006,
        slips=[
            (2 / (9 * 64), "That is the variance; the standard deviation is its root."),
            ((1 / (9 * 64)) ** 0.5, "ReLU throws half of the signal away, so it is 2, not 1."),
            ((2 / 64) ** 0.5, "Each of the 64 output channels has nine weights."),
        ],
        hint="Variance 2 / (k · k · output channels).",
        solution=f"√(2 / (9 · 64)) = {he:.4f}.",
    )


def exercise_3() -> Number:
    slope = -0.3
    return Number(
        1 + slope,
        tolerance=1e-9,
        slips=[
            (slope, "That is the branch alone; the shortcut adds 1."),
            (1, "The branch counts as well."),
            (1 - slope, "The branch is negative."),
        ],
        hint="The derivative of a sum is the sum of the derivatives.",
        solution="1 − 0.3 = 0.7, below 1: a shortcut does not guarantee 1.",
    )


def exercise_4() -> Choice:
    plain, residual = (
        recorded.gradients(shortcut, 56, "ReLU", "He", True)["gradient"][0]
        for shortcut in ("none", "A")
    )
    return Choice(
        (
            "in the residual one, because gradients vanish in the plain one",
            "in the plain one",
            "they are equal, as BatchNorm makes all sizes 1",
        ),
        1 if plain > residual else 0,
        hints={
            0: "Set the explorer to “2015” and look at the left end of the upper picture.",
            2: "BatchNorm fixes the sizes on the way up, not those on the way back.",
        },
        hint="The explorer knows.",
        solution=(
            f"In the plain one: 10<sup>{plain:.1f}</sup> against 10<sup>{residual:.1f}"
            "</sup>. Under BatchNorm the trouble of deep plain networks is not a "
            "gradient that vanishes."
        ),
    )


def exercise_5() -> Choice:
    return Choice(
        (
            "the validation error",
            "the relative gradient of the first layer",
            "the number of parameters",
            "the learning rate of the last step",
        ),
        1,
        hints={
            0: "It will be 90 %. You knew that.",
            2: "Small and large networks can both be stuck.",
            3: "It was chosen before; it says nothing about what happens inside.",
        },
        hint="Is anything arriving?",
        solution=(
            "The relative gradient: if it is 10<sup>−12</sup>, nothing arrives and no "
            "learning rate will help; if it is 10<sup>4</sup>, every step throws the "
            "weights away."
        ),
    )


def exercise_6() -> Code:
    return Code(
        "def relative(weights, gradients):\n    ...",
        [
            ((weights, gradients), hypot(*gradients) / hypot(*weights))
            for weights, gradients in (
                ([3.0, 4.0], [0.3, 0.4]),
                ([1.0], [-2.0]),
                ([1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0]),
            )
        ],
        (
            "def relative(weights, gradients):\n"
            "    gradient = sum(g * g for g in gradients)\n"
            "    return (gradient / sum(w * w for w in weights)) ** 0.5"
        ),
        hint="The length of a list of numbers is the root of the sum of their squares.",
    )


def exercise_7() -> Number:
    factor = 10
    return Number(
        factor * factor,
        tolerance=3,  # BatchNorm's ε takes two or three off what is measured
        slips=[
            (
                1,
                (
                    "The output stays the same, and that is the clue: what does it mean for the "
                    "gradient of weights ten times as large?"
                ),
            ),
            (
                10,
                (
                    "The gradient shrinks by 10, and the weights, by which it is divided, grow "
                    "by 10."
                ),
            ),
        ],
        hint=(
            "BatchNorm divides the factor out again. So the loss as a function of the "
            "weights is the same picture, ten times as wide."
        ),
        solution=(
            "By 100, or nearly, as BatchNorm adds its ε. "
            "The same change of the loss now needs steps "
            "ten times as long, so the gradient is 10 times smaller, and it is divided "
            "by weights that are 10 times larger. With BatchNorm the size of the weights "
            "acts like a learning rate."
        ),
    )
