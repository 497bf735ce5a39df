"""Exercises that answer: a number, a choice or some code, checked where the reader stands.

The question is Markdown in the chapter, and `exercise("5.4")` is its form. Answers, hints and
solutions are in this package, one file a chapter, computed by the package's functions. Pages run
`check` alone and load no chapter's file.
"""

from __future__ import annotations

from .checking import Result, check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .forms import Exercise

__all__ = ["Result", "check", "drawn_exercises", "exercise"]


def exercise(number: str, seed: int = 0) -> Exercise:
    """The exercise with this number. Answer in its form, or with `exercise("5.4").check(answer)`.

    Args:
        number: chapter and place, as in "5.4".
        seed: with another seed than 0 the question has other numbers, for everybody the same ones.

    Raises:
        ValueError: if there is no such exercise, or its numbers stay as they are.

    Example:
        >>> exercise("5.1").check("150")
        150 is not it. That is the number of steps. The position where the kernel starts counts too.
        >>> exercise("5.1", seed=2).check("78")
        Right: 78.
    """
    from inspect import signature

    from ..checks import check_int
    from .drawing import Draw

    check_int("seed", seed, 0)
    chapter, _, place = str(number).partition(".")
    chapters = _chapters()
    if not chapter.isdecimal() or int(chapter) not in chapters:
        there = f"chapters {min(chapters)} to {max(chapters)} have exercises"
        raise ValueError(f'there is no exercise {number!r}; {there}, such as exercise("1.1")')
    makers = _makers(int(chapter))
    if place not in makers:
        there = ", ".join([f"{chapter}.{each}" for each in makers])
        raise ValueError(f"there is no exercise {number!r}; chapter {chapter} has {there}")
    make, name = makers[place], f"{int(chapter)}.{place}"
    drawn = bool(signature(make).parameters)
    if seed and not drawn:
        raise ValueError(f"the numbers of exercise {name} are always the same: leave out the seed")
    for attempt in range(100):
        try:
            found = make(Draw(seed, f"{name} {attempt}")) if drawn else make()
            break
        except ValueError:  # numbers with which a slip would be right are drawn again
            if not seed or attempt == 99:
                raise
    found.number, found.seed, found.drawn = name, seed, drawn
    return found


def drawn_exercises() -> list[str]:
    """The numbers of the exercises that a seed gives other numbers.

    Example:
        >>> "5.1" in drawn_exercises()
        True
    """
    from inspect import signature

    return [
        f"{chapter}.{place}"
        for chapter in _chapters()
        for place, make in _makers(chapter).items()
        if signature(make).parameters
    ]


def _chapters() -> list[int]:
    """The chapters that have exercises."""
    from pkgutil import iter_modules

    files = [file.name for file in iter_modules(__path__)]
    return sorted([int(name[8:]) for name in files if name.startswith("chapter_")])


def _makers(chapter: int) -> dict[str, Callable[..., Exercise]]:
    """The functions that make a chapter's exercises, by their places in it."""
    from importlib import import_module

    names = vars(import_module(f".chapter_{chapter:02}", __name__))
    places = sorted([int(name[9:]) for name in names if name.startswith("exercise_")])
    return {str(place): names[f"exercise_{place}"] for place in places}
