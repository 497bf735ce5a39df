"""Other numbers for an exercise, drawn with a seed: the same seed gives everybody the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")
WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()


def in_words(number: int) -> str:
    """A number from 0 to 29, as a sentence has it.

    Example:
        >>> in_words(7), in_words(21)
        ('seven', 'twenty-one')
    """
    return WORDS[number] if number <= 20 else f"twenty-{WORDS[number - 20]}"


class Draw:
    """Chooses an exercise's numbers: the book's own for seed 0, with any other seed others.

    Args:
        seed: 0 or a positive whole number.
        salt: what tells this exercise's numbers from another's with the same seed.

    Example:
        >>> Draw(0)(224, range(100, 300)), Draw(17)(224, range(100, 300))
        (224, 287)
    """

    def __init__(self, seed: int = 0, salt: str = "") -> None:
        self.seed = seed
        # Of all that Python's generator gives, `random` is promised to stay the same.
        self.random = Random(f"{seed} {salt}").random

    def __call__(self, book: T, others: Sequence[T]) -> T:
        """The book's value with seed 0, else one of the others."""
        return others[int(len(others) * self.random())] if self.seed else book
