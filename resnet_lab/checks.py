"""Checks of what a caller gives: each names the value and says what would be accepted."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection


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
    number: int = value.__index__()
    if at_least is not None and number < at_least:
        raise ValueError(f"{name} is {number}; it must be at least {at_least}")
    return number


def check_choice(name: str, value: object, options: Collection[object]) -> None:
    """Let a value pass that is one of the options.

    Raises:
        ValueError: for any other, naming it and the options.
    """
    for option in options:
        if value == option and isinstance(value, bool) is isinstance(option, bool):
            return
    known = ", ".join([repr(option) for option in options])
    raise ValueError(f"{name} is {value!r}; it must be one of {known}")
