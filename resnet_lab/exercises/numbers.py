"""Numbers as people write them: how an answer is read, compared and shown."""

from __future__ import annotations

READABLE = "a number such as 112, 1,179,648, 3.6e9, 3/4 or 2**10, without a unit"
SPELLINGS = (
    ("−–", "-"),
    ("×·⋅", "*"),
    ("÷", "/"),
    ("^", "**"),
    ("_", ","),
    ("\u00a0\u2009\u202f", " "),
)


def read_number(text: str) -> float:
    """The value of a number or of a small sum, product, quotient or power as people write it.

    Nothing is evaluated. Digits may stand in groups of three with commas, spaces or underscores;
    ^ is a power, × and · are products.

    Returns:
        An int where the value is a whole number, else a float.

    Raises:
        ValueError: with a sentence that says what was not understood.
    """
    for marks, meaning in SPELLINGS:
        for mark in marks:
            text = text.replace(mark, meaning)
    if len(text) > 80:
        raise ValueError(f"That is long; write {READABLE}")
    reader = _Reader(text.strip())
    try:
        value = reader.sum()
        if reader.place < len(reader.text):
            reader.refuse()
        if abs(value) < 1e300:
            return value
    except ZeroDivisionError:
        raise ValueError("That divides by zero") from None
    except OverflowError:
        pass
    raise ValueError("That number is too large to be the answer")


class _Reader:
    """Reads sums of products of powers, from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0

    def refuse(self) -> None:
        raise ValueError(f"I cannot read {self.text!r} as a number; write {READABLE}")

    def take(self, *marks: str) -> str:
        """The first of `marks` that comes next, after any spaces, or nothing."""
        rest = self.text[self.place :]
        start = len(rest) - len(rest.lstrip())
        for mark in marks:
            if rest.startswith(mark, start):
                self.place += start + len(mark)
                return mark
        return ""

    def sum(self) -> float:
        value = self.product()
        while mark := self.take("+", "-"):
            value = value + self.product() if mark == "+" else value - self.product()
        return value

    def product(self) -> float:
        value = self.signed()
        while mark := self.take("*", "/"):
            other = self.signed()
            if mark == "*":
                value *= other
            else:
                whole = isinstance(value, int) and isinstance(other, int) and value % other == 0
                value = value // other if whole else value / other
        return value

    def signed(self) -> float:
        mark = self.take("-", "+")
        if mark:
            return -self.signed() if mark == "-" else self.signed()
        value = self.term()
        if self.take("**"):
            exponent = self.signed()
            about = float(value) ** exponent
            if isinstance(about, complex) or abs(about) > 1e300:
                raise OverflowError
            value **= exponent
        return value

    def term(self) -> float:
        if self.take("("):
            value = self.sum()
            if not self.take(")"):
                self.refuse()
            return value
        self.take("")
        text, start = self.text, self.place
        end = self.digits(start)
        number, grouped = text[start:end], 0 < end - start < 4
        while grouped and text[end : end + 1] in (",", " ") and self.digits(end + 1) == end + 4:
            number += text[end + 1 : end + 4]
            end += 4
        if text[end : end + 1] == ".":
            after = self.digits(end + 1)
            number += text[end:after]
            end = after
        if not number or number == ".":
            self.refuse()
        if text[end : end + 1] in ("e", "E"):
            sign = end + 1 + (text[end + 1 : end + 2] in ("+", "-"))
            after = self.digits(sign)
            if after > sign:
                number += text[end:after]
                end = after
        if text[end : end + 1] == "," and self.digits(end + 1) > end + 1:
            raise ValueError(
                f"In {text!r} the comma does not part groups of three digits; "
                "write decimals with a point"
            )
        self.place = end
        return int(number) if number.isdigit() else whole_if_exact(float(number))

    def digits(self, place: int) -> int:
        """The place where the digits that begin at `place` end."""
        while self.text[place : place + 1] and self.text[place] in "0123456789":
            place += 1
        return place


def whole_if_exact(value: float) -> float:
    """The value as an int if it is a whole number, so that 1.2e3 is 1200."""
    return int(value) if abs(value) < 1e15 and value == int(value) else float(value)


def show(value: float) -> str:
    """A number with its thousands parted, or with six digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def near(value: float, target: float, tolerance: float) -> bool:
    """Equal within the tolerance, or within rounding where one of the two is not whole."""
    rounding = 0 if isinstance(value, int) and isinstance(target, int) else 1e-9 * abs(target)
    return abs(value - target) <= max(tolerance, rounding)
