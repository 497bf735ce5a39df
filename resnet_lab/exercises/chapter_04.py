"""The exercises of chapter 4."""

from __future__ import annotations

from math import hypot

from .. import recorded
from .drawing import Draw, in_words
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    layers = draw(10, range(4, 21))
    steepest = 0.5 * (1 - 0.5)  # the derivative σ(1 − σ) at 0
    digits, _, exponent = f"{steepest**layers:.1e}".partition("e")
    return Number(
        steepest**layers,
        question=(
            f"Derive it. {layers} layers with a sigmoid after each. Weights of size 1. By what "
            f"factor, at most, is the gradient multiplied on its way through the {layers} sigmoids?"
        ),
        tolerance=float(f"1e{int(exponent) - 1}"),  # one of the second digit
        slips=[
            (steepest * layers, "The factors are multiplied, not added."),
            (0.5**layers, "σ(0) is 1/2, but its derivative there is σ(1 − σ) = 1/4."),
        ],
        hint="The derivative of the sigmoid is σ(1 − σ). Where is it largest?",
        solution=(
            f"At most 1/4 each: (1/4)<sup>{layers}</sup> ≈ "
            f"{digits} · 10<sup>−{-int(exponent)}</sup>."
        ),
    )


def exercise_2(draw: Draw) -> Number:
    kernel, area = draw((3, "nine"), ((3, "nine"), (5, "25"), (7, "49")))
    channels = draw(64, (16, 32, 48, 96, 128, 256, 512))
    fan_out = kernel**2 * channels
    he = (2 / fan_out) ** 0.5
    return Number(
        he,
        question=(
            "With He's rule (fan-out), what is the standard deviation of the weights of a "
            f"{kernel}×{kernel} convolution with {channels} output channels?"
        ),
        tolerance=round(he / 100, 4),
        slips=[
            (2 / fan_out, "That is the variance; the standard deviation is its root."),
            ((1 / fan_out) ** 0.5, "ReLU throws half of the signal away, so it is 2, not 1."),
            ((2 / channels) ** 0.5, f"Each of the {channels} output channels has {area} weights."),
        ],
        hint="Variance 2 / (k · k · output channels).",
        solution=f"√(2 / ({kernel**2} · {channels})) = {he:.4f}.",
    )


def exercise_3(draw: Draw) -> Number:
    slope = draw(-0.3, [-twentieths / 20 for twentieths in range(1, 20)])
    return Number(
        1 + slope,
        question=f"y = x + F(x) with F(x) = −{-slope:g} x, and no ReLU. What is dy/dx?",
        tolerance=1e-9,
        slips=[
            (slope, "That is the branch alone; the shortcut adds 1."),
            (1, "The branch counts as well."),
            (1 - slope, "The branch is negative."),
        ],
        hint="The derivative of a sum is the sum of the derivatives.",
        solution=(f"1 − {-slope:g} = {1 + slope:g}, below 1: a shortcut does not guarantee 1."),
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


def exercise_7(draw: Draw) -> Number:
    factor = draw(10, [4, 5, 6, 8, 12, 20])
    word = in_words(factor)
    return Number(
        factor * factor,
        question=(
            "Build it and measure: in a plain network with BatchNorm, multiply all convolution "
            f"weights by {factor}. By what factor does the relative gradient of the first "
            "convolution shrink?"
        ),
        # BatchNorm's ε takes two or three per cent off what is measured; rounded up.
        tolerance=-(-3 * factor * factor // 100),
        slips=[
            (
                1,
                (
                    "The output stays the same, and that is the clue: what does it mean for the "
                    f"gradient of weights {word} times as large?"
                ),
            ),
            (
                factor,
                (
                    f"The gradient shrinks by {factor}, and the weights, by which it is divided, "
                    f"grow by {factor}."
                ),
            ),
        ],
        hint=(
            "BatchNorm divides the factor out again. So the loss as a function of the "
            f"weights is the same picture, {word} times as wide."
        ),
        solution=(
            f"By {factor * factor}, or nearly, as BatchNorm adds its ε. "
            "The same change of the loss now needs steps "
            f"{word} times as long, so the gradient is {factor} times smaller, and it is divided "
            f"by weights that are {factor} times larger. With BatchNorm the size of the weights "
            "acts like a learning rate."
        ),
    )
