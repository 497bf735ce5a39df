"""Exercises that answer: a number, a choice or some code, checked where the reader stands.

The question is Markdown in the chapter, and `exercise("5.4")` is its form. Answers, hints and
solutions are in this package, one file a chapter, computed by the package's functions. Pages run
`check` alone and load no chapter's file.
"""

from __future__ import annotations

from .checking import Result, check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .forms import Exercise

__all__ = ["Result", "check", "exercise"]


def exercise(number: str) -> Exercise:
    """The exercise with this number. Answer in its form, or with `exercise("5.4").check(answer)`.

    Args:
        number: chapter and place, as in "5.4".

    Raises:
        ValueError: if there is no such exercise; the error lists those there are.

    Example:
        >>> exercise("5.1").check("150")
        150 is not it. That is the number of steps. The position where the kernel starts counts too.
    """
    from importlib import import_module
    from pkgutil import iter_modules

    chapter, _, place = str(number).partition(".")
    files = [file.name for file in iter_modules(__path__) if file.name.startswith("chapter_")]
    if f"chapter_{chapter:0>2}" not in files:
        there = f"chapters {int(files[0][-2:])} to {int(files[-1][-2:])} have exercises"
        raise ValueError(f'there is no exercise {number!r}; {there}, such as exercise("1.1")')
    module = import_module(f".chapter_{chapter:0>2}", __name__)
    if not hasattr(module, f"exercise_{place}"):
        places = sorted([int(name[9:]) for name in dir(module) if name.startswith("exercise_")])
        there = ", ".join([f"{chapter}.{each}" for each in places])
        raise ValueError(f"there is no exercise {number!r}; chapter {chapter} has {there}")
    found: Exercise = getattr(module, f"exercise_{place}")()
    found.number = f"{int(chapter)}.{place}"
    return found
