"""Checking answers, in a notebook and, by this very file, in a built page.

An exercise's `record` is a plain dict, which travels in the page as JSON. Whatever a reader
writes, checking ends with a `Result`, never with an exception.
"""

from __future__ import annotations

from .numbers import near, read_number, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SECONDS = 5.0  # that a reader's function may take


class Result:
    """What an answer earned. A result is true when the answer is right.

    Attributes:
        state: "right", "wrong" or "unread".
        text: the sentence to show, with a little HTML in it.
    """

    def __init__(self, state: str, text: str) -> None:
        self.state, self.text = state, text

    def __bool__(self) -> bool:
        return self.state == "right"

    def __repr__(self) -> str:
        return plain(self.text)


def check(record: dict[str, Any], answer: object) -> Result:
    """Check an answer against an exercise's record; nothing a reader may write makes it raise."""
    kinds = {"number": check_number, "choice": check_choice, "code": check_code}
    try:
        if isinstance(answer, str) and not answer.strip():
            return Result("unread", "Write an answer first.")
        return kinds[record["kind"]](record, answer)
    except TimeUp:
        return Result("wrong", f"Your code was stopped: it took longer than {SECONDS:g} seconds.")
    except BaseException as error:
        return Result("unread", f"This answer cannot be read: {said(error)}.")


def check_number(record: dict[str, Any], answer: object) -> Result:
    try:
        value = read_number(answer if isinstance(answer, str) else brief(answer, str))
    except ValueError as error:
        return Result("unread", escape(f"{error}."))
    tolerance = record["tolerance"]
    if near(value, record["answer"], tolerance):
        return Result("right", f"Right: {show(value)}.")
    for slip, hint in record["slips"]:
        if near(value, slip, tolerance):
            return Result("wrong", f"{show(value)} is not it. {hint}")
    return Result("wrong", f"{show(value)} is not it. {record['hint']}")


def check_choice(record: dict[str, Any], answer: object) -> Result:
    options = [plain(option) for option in record["options"]]
    text = answer.strip() if isinstance(answer, str) else ""
    whole = hasattr(answer, "__index__") and not isinstance(answer, bool)
    if whole and int(answer) in range(len(options)):  # type: ignore[call-overload]
        chosen = int(answer)  # type: ignore[call-overload]
    elif text in options:
        chosen = options.index(text)
    elif len(text) == 1 and "a" <= text.lower() < letter(len(options)):
        chosen = ord(text.lower()) - ord("a")
    else:
        return Result("unread", f"Choose one of the letters a to {letter(len(options) - 1)}.")
    if chosen == record["answer"]:
        return Result("right", f"Right: ({letter(chosen)}).")
    hint = record["hints"].get(str(chosen), record["hint"])
    return Result("wrong", f"({letter(chosen)}) is not it. {hint}")


def check_code(record: dict[str, Any], answer: object) -> Result:
    name, function = record["function"], answer
    if isinstance(answer, str):
        names: dict[str, Any] = {"__name__": "exercise"}
        try:
            limited(exec, answer, names)
        except SyntaxError as error:
            line = "your code" if error.lineno is None else f"line {error.lineno}"
            return Result("unread", escape(f"Python cannot read {line}: {error.msg}."))
        except TimeUp:
            raise
        except BaseException as error:
            return Result("wrong", f"Your code stops with {said(error)}.")
        function = names.get(name)
        if not callable(function):
            sentence = f"Your code runs, but it defines no function <code>{name}</code>."
            return Result("unread", sentence)
    if not callable(function):
        return Result("unread", f"Hand over the function <code>{name}</code> or its source.")
    # The cases are Python's own text, because JSON would turn tuples into lists.
    cases = eval(record["cases"])
    for arguments, expected in cases:
        shown = ", ".join([repr(argument) for argument in arguments])
        call = f"<code>{escape(f'{name}({shown})')}</code>"
        try:
            value = limited(function, *arguments)
        except TimeUp:
            sentence = f"was stopped: it took longer than {SECONDS:g} seconds. Does a loop end?"
            return Result("wrong", f"{call} {sentence}")
        except BaseException as error:
            return Result("wrong", f"{call} stops with {said(error)}. {record['hint']}")
        if not same(value, expected, record["tolerance"]):
            given, wanted = escape(brief(value)), escape(repr(expected))
            return Result(
                "wrong",
                f"{call} returns <code>{given}</code>; it should be <code>{wanted}</code>. "
                f"{record['hint']}",
            )
    return Result("right", f"Right: {len(cases)} of {len(cases)} cases.")


class TimeUp(BaseException):
    """A reader's code takes too long. No Exception, which the reader's own code might catch."""


def limited(function: Callable[..., Any], *arguments: object, seconds: float = 0) -> Any:
    """function(*arguments), or TimeUp after so many seconds; without a number, after `SECONDS`.

    The clock is looked at with every step that Python takes. That works in any thread (forms in
    JupyterLab have one of their own), on any system and in the page. What does not end within a
    single call into C, such as the sum of an endless iterator, goes on.
    """
    try:
        import sys
        from time import time
    except ImportError:  # in a page: Brython without its standard library
        import _sys as sys  # type: ignore[import-not-found,no-redef]
        from javascript import Date  # type: ignore[import-not-found]

        def time() -> float:
            return float(Date.now()) / 1000

    end, before = time() + (seconds or SECONDS), sys.gettrace()

    def watch(frame: Any, event: str, argument: object) -> Any:
        if sys.__name__ == "sys":  # Python 3.11 tells no lines of `while True: pass`
            frame.f_trace_opcodes = True
        if event in ("line", "opcode") and time() > end:
            raise TimeUp
        return watch

    sys.settrace(watch)
    try:
        return function(*arguments)
    finally:
        sys.settrace(before)


def same(value: Any, expected: Any, tolerance: float) -> bool:
    """`near` for numbers, one by one for lists, tuples and arrays, == for anything else."""
    try:
        if hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(expected, (list, tuple)):
            return (
                isinstance(value, (list, tuple))
                and len(value) == len(expected)
                and all(
                    [
                        same(one, other, tolerance)
                        for one, other in zip(value, expected, strict=True)
                    ]
                )
            )
        for each in (value, expected):
            if isinstance(each, bool) or not isinstance(each, (int, float)):
                return bool(value == expected)
        return near(value, expected, tolerance)
    except Exception:
        return False


def brief(value: object, write: Callable[[object], str] = repr) -> str:
    """A value as text of at most 200 characters, whatever its `__repr__` does."""
    try:
        text = write(value)
    except BaseException:
        text = f"a value of type {type(value).__name__} that cannot be written out"
    return text if len(text) <= 200 else text[:190] + " ..."


def said(error: BaseException) -> str:
    """An exception's name and words, as HTML."""
    words = brief(error, str)
    return escape(f"{type(error).__name__}: {words}" if words else type(error).__name__)


def letter(index: int) -> str:
    """The letter of an option: a, b, c and so on."""
    return chr(ord("a") + index)


# The ampersand comes first, so that it does not escape the others' names.
MARKS = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"))


def escape(text: str) -> str:
    """Text as HTML."""
    for mark, name in MARKS:
        text = text.replace(mark, name)
    return text


def plain(html: str) -> str:
    """The text of a little HTML, without its tags."""
    text, *rest = html.split("<")
    for piece in rest:
        is_tag = piece[:1] == "/" or piece[:1].isalpha()
        text += piece.split(">", 1)[-1] if is_tag else "<" + piece
    for mark, name in MARKS[::-1]:
        text = text.replace(name, mark)
    return text
