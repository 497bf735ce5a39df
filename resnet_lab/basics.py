"""Three things that every chapter takes as known: BatchNorm, ReLU, and the loss of a classifier."""

from __future__ import annotations

from .residuals import E

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def batch_norm(
    values: Sequence[float], scale: float = 1, shift: float = 0, eps: float = 1e-5
) -> list[float]:
    """The values of one channel in a batch, normalised; as BatchNorm does it in training.

    Args:
        values: of one channel, at all places of all images of a batch; one or more.
        scale: what the normalised values are multiplied by; it is learned.
        shift: what is then added; it is learned.
        eps: added to the variance, so that equal values are no division by zero.

    Raises:
        ValueError: there are no values.

    Source:
        Ioffe and Szegedy, "Batch normalization" (2015), algorithm 1.

    Example:
        >>> [round(value, 3) for value in batch_norm([1, 2, 3])]
        [-1.225, 0.0, 1.225]
    """
    if not values:
        raise ValueError("values is empty; give the numbers of one channel")
    mean = sum(values) / len(values)
    variance = sum([(value - mean) ** 2 for value in values]) / len(values)
    return [scale * (value - mean) / (variance + eps) ** 0.5 + shift for value in values]


def relu(values: Sequence[float]) -> list[float]:
    """The values, and 0 for those below.

    Example:
        >>> relu([-2, 3])
        [0, 3]
    """
    return [max(0, value) for value in values]


def softmax(scores: Sequence[float]) -> list[float]:
    """Scores of any size as probabilities, which are positive and add up to 1.

    Example:
        >>> softmax([1, 1])
        [0.5, 0.5]
    """
    highest = max(scores)  # taken away, so that no power is too large for a float
    powers = [E ** (score - highest) for score in scores]
    return [power / sum(powers) for power in powers]


def cross_entropy(scores: Sequence[float], label: int) -> float:
    """The loss of one image: minus the logarithm of the probability given to the right class.

    Args:
        scores: one for each class, as a network puts them out.
        label: the place of the right class.

    Raises:
        ValueError: there is no class at that place.

    Example:
        >>> round(cross_entropy([0, 0], 1), 3)
        0.693
    """
    if label not in range(len(scores)):
        raise ValueError(f"label is {label!r}; it must be from 0 to {len(scores) - 1}")
    highest = max(scores)
    total = sum([E ** (score - highest) for score in scores])
    return _logarithm(total) - (scores[label] - highest)


def _logarithm(x: float) -> float:
    """The natural logarithm of a number of at least 1; pages have no module math."""
    halvings, total = 0, 0.0
    while x > 1.5:
        x, halvings = x / 2, halvings + 1
    z = (x - 1) / (x + 1)  # ln x = 2 (z + z³/3 + z⁵/5 + ...)
    power = z
    for n in range(1, 40, 2):
        total, power = total + power / n, power * z * z
    return 2 * total + halvings * 0.6931471805599453


# Eight values of mean 0 and variance 1, as a channel may have them.
CHANNEL = batch_norm([-1.6, 0.4, 1.9, -0.5, -1.0, 0.8, 1.2, -1.2], eps=0)
