"""Checks of what a caller gives: each names the value and says what would be accepted."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any


def check_int(name: str, value: object, at_least: int | None = 1) -> int:
    """Return `value` as an int. NumPy's integers count as whole numbers, True and False do not.

    Raises:
        TypeError: if it is no whole number.
        ValueError: if it is below `at_least`, unless that is None.
    """
    if type(value) is int and (at_least is None or value >= at_least):
        return value
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        kind = type(value).__name__
        raise TypeError(f"{name} must be a whole number, not {value!r} of type {kind}")
    try:
        number: int = value.__index__()
    except TypeError:  # an array of several
        raise TypeError(f"{name} must be a whole number, not {value!r}") from None
    if at_least is not None and number < at_least:
        raise ValueError(f"{name} is {number}; it must be at least {at_least}")
    return number


def check_choice(name: str, value: object, options: Collection[object]) -> Any:
    """Return the option that equals `value`: of NumPy's numbers, Python's.

    Raises:
        ValueError: for any other, naming it and the options.
    """
    for option in options:
        if value == option and isinstance(value, bool) is isinstance(option, bool):
            return option
    known = ", ".join([repr(option) for option in options])
    raise ValueError(f"{name} is {value!r}; it must be one of {known}")
