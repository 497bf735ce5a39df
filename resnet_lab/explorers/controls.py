"""What a reader can move: sliders, choices and switches, each with a name, a label, a start value.

How they look is the hosts' affair: `form` for a page, `notebook` for a notebook.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@dataclass(frozen=True)
class Range:
    """A whole number from low to high in steps: a slider."""

    name: str
    label: str
    low: int
    high: int
    start: int
    step: int = 1

    def check(self, value: Any) -> int:
        """`value`, if the slider can stand there.

        Raises:
            ValueError: it cannot; the message says where it can.
        """
        whole = isinstance(value, int) or hasattr(value, "__index__")  # NumPy's, too
        whole = whole and not isinstance(value, bool)
        if not whole or value not in range(self.low, self.high + 1, self.step):
            steps = f" in steps of {self.step}" if self.step > 1 else ""
            raise ValueError(
                f"{self.name} is {value!r}; it must be a whole number "
                f"from {self.low} to {self.high}{steps}"
            )
        return int(value)

    def read(self, text: str) -> int:
        """The value that a link writes as `text`."""
        return self.check(number(text, int))


@dataclass(frozen=True)
class Real:
    """A number from low to high in steps of a fraction such as 0.05: a slider."""

    name: str
    label: str
    low: float
    high: float
    start: float
    step: float

    def check(self, value: Any) -> float:
        """The step nearest to `value`. Raises ValueError if that is outside the slider."""
        real = isinstance(value, (int, float)) or (
            hasattr(value, "__float__") and not hasattr(value, "__len__")
        )
        near = real and abs(value) <= abs(self.low) + abs(self.high)
        value = float(value) if near else value
        steps = round((value - self.low) / self.step) if near else -1
        if not 0 <= steps <= round((self.high - self.low) / self.step):
            raise ValueError(
                f"{self.name} is {value!r}; it must be a number from {self.low} to {self.high}"
            )
        return round(self.low + steps * self.step, 9)

    def read(self, text: str) -> float:
        """The value that a link writes as `text`."""
        return self.check(number(text, float))


def number(text: str, kind: type) -> object:
    """`text` as a number of that kind; the text itself if it is none, or none that a slider has."""
    try:
        return kind(text) if len(text) < 20 else text
    except ValueError:
        return text


@dataclass(frozen=True)
class Choice:
    """One of a few options: a row of buttons where they fit, a list otherwise.

    Attributes:
        options: a tuple of values, or a dict from each value to the words that stand for it.
    """

    name: str
    label: str
    options: tuple[Any, ...] | dict[Any, str]
    start: object

    def texts(self) -> dict[Any, str]:
        """Every option with its words."""
        if isinstance(self.options, dict):
            return self.options
        return {option: str(option) for option in self.options}

    def fits(self) -> bool:
        """Whether all options go into one row of buttons."""
        return len("".join(self.texts().values())) <= 28

    def check(self, value: object) -> object:
        """`value`, if it is an option; raises ValueError otherwise."""
        if value not in list(self.options):
            options = ", ".join([repr(option) for option in self.options])
            raise ValueError(f"{self.name} is {value!r}; it must be one of {options}")
        return value

    def read(self, text: str) -> object:
        """The value that a link writes as `text`."""
        return self.check({str(option): option for option in self.options}.get(text, text))


class Picture(Choice):
    """A choice of pictures, of which one may be the reader's own: "own".

    Attributes:
        options: a dict from each value to its words. Those that are numbers are places in
            `pictures.png`, which pages have: a row of small pictures.
    """


@dataclass(frozen=True)
class Switch:
    """On or off: a checkbox."""

    name: str
    label: str
    start: bool = False

    def check(self, value: object) -> bool:
        """`value`, if it is True or False; raises ValueError otherwise."""
        if value is not True and value is not False:
            raise ValueError(f"{self.name} is {value!r}; it must be True or False")
        return value

    def read(self, text: str) -> bool:
        """The value that a link writes as `text`."""
        return self.check({"true": True, "false": False}.get(text, text))


@dataclass(frozen=True)
class Text:
    """Lines of text, typed, pasted or dropped as a file: a field.

    Attributes:
        longest: so many characters are read; links leave out what is longer than `LINKED`.
    """

    name: str
    label: str
    start: str = ""
    longest: int = 2_000_000

    def check(self, value: object) -> str:
        """`value`, if it is text of that length; raises ValueError otherwise."""
        if not isinstance(value, str) or len(value) > self.longest:
            raise ValueError(f"{self.name} must be text of at most {self.longest:,} characters")
        return value

    def read(self, text: str) -> str:
        """The text that a link writes as `text`."""
        return self.check(text.replace("%26", "&").replace("%25", "%"))


LINKED = 100


def linked(value: str) -> str:
    """A text as a link carries it."""
    return value.replace("%", "%25").replace("&", "%26")


def block_controls(
    options: Mapping[str, Any], own: Mapping[str, tuple[str, dict[Any, str] | None, Any]]
) -> list[Choice | Switch]:
    """A control for each of a block's options, as `blocks.BLOCK_OPTIONS` has them.

    Args:
        options: a dict from a field to {value: words}; False and True alone make a switch.
        own: by field, what differs here: (label, words or None for the option's own, start).
            A field that it does not know is labelled with its name and starts with its first value.
    """
    controls: list[Choice | Switch] = []
    for name, words in options.items():
        # Short names are abbreviations: se, but groups.
        label = name.upper() if len(name) < 4 else name.replace("_", " ").capitalize()
        label, ours, start = own.get(name, (label, None, list(words)[0]))
        if list(words) == [False, True]:
            controls.append(Switch(name, label, start))
        else:
            # Only the words are the explorer's own; the values are the block's.
            texts = {value: (ours or words).get(value, text) for value, text in words.items()}
            controls.append(Choice(name, label, texts, start))
    return controls
