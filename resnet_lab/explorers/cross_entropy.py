"""Softmax and cross-entropy: three scores, what the network believes, and what that costs."""

from __future__ import annotations

from .. import basics
from ..draw.basics import beliefs
from ..draw.svg import figures
from .controls import Choice, Real
from .explorer import Explorer, formula, table

CLASSES = ("cat", "dog", "fox")


def view(cat: float, dog: float, fox: float, right: str) -> str:
    """Probabilities as bars, the loss, and the gradient of each score."""
    scores, label = [cat, dog, fox], CLASSES.index(right)
    chances = basics.softmax(scores)
    loss = basics.cross_entropy(scores, label)
    wanted = [float(name == right) for name in CLASSES]
    rows = list(zip(CLASSES, scores, chances, wanted, strict=True))
    words = f"The network gives {right}, the right class, a probability of "
    return (
        beliefs(
            f"{words}{figures(chances[label])}; the loss is {figures(loss)}.",
            [(name, chance, name == right) for name, _, chance, _ in rows],
        )
        + formula(f"loss = −ln {figures(chances[label])} = <strong>{figures(loss)}</strong>")
        + table(
            ("", "score", "probability", "gradient"),
            [
                (name, figures(score), figures(chance), figures(chance - one))
                for name, score, chance, one in rows
            ],
        )
    )


cross_entropy = Explorer(
    "cross-entropy",
    "Scores, probabilities, and the loss",
    [
        Real("cat", "Score of cat", -5, 5, 1.0, 0.5),
        Real("dog", "Score of dog", -5, 5, 2.0, 0.5),
        Real("fox", "Score of fox", -5, 5, 0.0, 0.5),
        Choice("right", "Right class", CLASSES, "cat"),
    ],
    view,
    lambda cat, dog, fox, right: (
        f"basics.cross_entropy([{cat}, {dog}, {fox}], {CLASSES.index(right)})"
    ),
    presets={
        "sure and right": {"cat": 5, "dog": 0, "fox": 0, "right": "cat"},
        "sure and wrong": {"cat": 5, "dog": 0, "fox": 0, "right": "dog"},
        "knows nothing": {"cat": 0, "dog": 0, "fox": 0, "right": "cat"},
    },
    chapter="what-you-need-to-know",
)
