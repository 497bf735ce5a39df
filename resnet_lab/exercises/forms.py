"""The three kinds of exercises, and their forms in the notebook and in the page.

A chapter's file declares them; the question itself is Markdown in the chapter, above the form.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from time import monotonic
from typing import Any

from ..draw.palette import LIGHT
from .checking import Result, check, escape, letter, plain
from .numbers import near, whole_if_exact

# The Sphinx extension sets it while the book is built. Elsewhere outputs are stored with their
# notebook, so that none may hold an answer.
IN_BOOK = "RESNET_LAB_PAGE"
WIDGET = "application/vnd.jupyter.widget-view+json"
MARKS = {"right": "✓", "wrong": "✗", "unread": "?"}
# The fallbacks are for notebooks in which no explorer has brought the palette yet.
COLOURS = {
    state: f"var(--rl-{name}, {LIGHT[name]})"
    for state, name in (("right", "identity"), ("wrong", "projection"), ("unread", "muted"))
}
LATE = 0.5  # seconds in which an answer may still arrive behind the Enter that follows it


class Exercise:
    """What the three kinds share.

    Attributes:
        number: chapter and place, as in "5.1"; `resnet_lab.exercises.exercise` sets it.
        drawn: whether other seeds bring other numbers.
        seed: the one that brought these; the chapter asks the question with seed 0.
        question: text with a little HTML, for all other seeds.
        solution: text with a little HTML, as is the hint.
        record: the plain dict that `check` looks at.
    """

    number, drawn, seed, question = "0.0", False, 0, ""
    dots, stands_for = '"..."', "your answer"

    def __init__(self, hint: str, solution: str, **record: Any) -> None:
        for name, text in (("hint", hint), ("solution", solution)):
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"the {name} is {text!r}; every exercise needs one, as text")
        self.solution = solution
        self.record = {**record, "hint": hint}

    def check(self, answer: object) -> Result:
        """Check an answer: a number, a letter or an option, a function or its source."""
        return check(self.record, answer)

    def options(self) -> list[tuple[str, str]]:
        """Pairs of an option's letter and its text, where there is something to choose."""
        return [(letter(place), text) for place, text in enumerate(self.record.get("options", ()))]

    def call(self) -> str:
        seed = f", seed={self.seed}" if self.seed else ""
        return f'exercise("{self.number}"{seed}).check({self.dots})'

    def asked(self) -> str:
        """The question where it is another one than the chapter's."""
        return f"<b>With other numbers ({self.seed}).</b> {self.question}" if self.seed else ""

    def __repr__(self) -> str:
        asked = f"\n{plain(self.asked())}" if self.seed else ""
        options = "".join([f"\n  ({each}) {plain(text)}" for each, text in self.options()])
        return f"Exercise {self.number}{asked}{options}\nAnswer with {self.call()}"

    def invitation(self, sentence: str) -> str:
        """What an output shows where no form can be, as in a notebook on GitHub."""
        options = "".join([f"({each}) {text}<br>" for each, text in self.options()])
        asked = f"<p>{self.asked()}</p>" if self.seed else ""
        return f"{asked}<p>{options}{sentence}</p>"

    def to_html(self) -> str:
        """The page's form, disabled until the page's script is there; its solution needs none."""
        key = "exercise-" + self.number.replace(".", "-")
        record = escape(json.dumps(self.record))
        another = '<button type="button" class="rl-another">Another one</button>' * self.drawn
        question = '<p class="rl-question" aria-live="polite" hidden></p>' * self.drawn
        return (
            f'<div class="rl-exercise" id="{key}" data-exercise="{record}">'
            f'{question}<form autocomplete="off">'
            f'<fieldset disabled aria-label="Exercise {self.number}">{self.field()}'
            f'<div class="rl-actions"><button type="submit">Check</button>{another}</div>'
            "</fieldset></form>"
            '<div class="rl-result" role="status"></div>'
            f"<details><summary>Solution</summary><div>{self.solution}</div></details></div>"
        )

    def label(self) -> str:
        return f"Answer to exercise {self.number}"

    def field(self) -> str:
        """The page's native input."""
        raise NotImplementedError

    def input(self, widgets: Any, **look: Any) -> Any:
        """The notebook's input."""
        raise NotImplementedError

    def to_widget(self) -> Any:
        """The notebook's form: Enter or the button checks, a change takes the verdict away."""
        import ipywidgets as widgets

        field = self.input(
            widgets, description=self.label(), style={"description_width": "initial"}
        )
        result, solution = widgets.HTML(), widgets.HTML()
        question = widgets.HTML(self.asked())
        texts = ("Check", "Solution", *["Another one"] * self.drawn)
        buttons = [widgets.Button(description=text) for text in texts]
        asked = -LATE

        def answer() -> None:
            outcome = self.check("" if field.value is None else field.value)
            colour = COLOURS[outcome.state]
            result.value = (
                f'<div role="status" style="border-left: 3px solid {colour}; padding-left: 0.6em">'
                f'<b style="color: {colour}">{MARKS[outcome.state]}</b> {outcome.text}</div>'
            )

        def change(_: object) -> None:
            # ipywidgets sends Enter and clicks at once, and what was typed quickly only after them.
            if monotonic() < asked + LATE:
                answer()
            else:
                result.value = ""

        def ask(*_: object) -> None:
            nonlocal asked
            asked = monotonic()
            answer()

        def message(_: object, content: dict[str, Any], __: object) -> None:
            if content.get("event") == "submit":
                ask()

        def solve(_: object) -> None:
            # Only now: a notebook may be stored with the state of its widgets.
            solution.value = "" if solution.value else self.solution

        def draw(_: object) -> None:
            from . import exercise

            other = exercise(self.number, self.seed + 1)
            while other.question == self.question:  # two seeds may bring the same numbers
                other = exercise(self.number, other.seed + 1)
            vars(self).update(vars(other))
            question.value, solution.value = self.asked(), ""
            field.value = ""
            result.value = ""

        for button, act in zip(buttons, (ask, solve, draw), strict=False):
            button.on_click(act)
        field.observe(change, "value")
        field.on_msg(message)
        shown = [question] * self.drawn + [field, widgets.HBox(buttons), result, solution]
        return widgets.VBox(shown)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self)}
        if os.environ.get(IN_BOOK):
            return {**bundle, "text/html": self.to_html()}
        try:
            model = self.to_widget().model_id
        except ImportError:
            return {
                **bundle,
                "text/html": self.invitation(
                    f"Answer with <code>{escape(self.call())}</code>, with {self.stands_for} in "
                    f"place of <code>{escape(self.dots)}</code>. For a form here, "
                    "<code>pip install ipywidgets</code> and start Jupyter anew."
                ),
            }
        view = {"version_major": 2, "version_minor": 0, "model_id": model}
        return {**bundle, "text/html": self.invitation("Run this cell to answer."), WIDGET: view}


class Number(Exercise):
    """An answer that is a number, right within `tolerance` (absolute).

    Args:
        answer: the right number.
        slips: pairs of a wrong number, computed as the reader's slip computes it, and the hint
            that names the slip.
        question: how it is asked with drawn numbers; the chapter asks with the book's own.

    Raises:
        ValueError: if a slip would count as right, or the answer is not finite.

    Example:
        >>> slips = [(7 + 8, "That is the sum.")]
        >>> Number(7 * 8, slips=slips, hint="Seven eights.", solution="56").check("15")
        15 is not it. That is the sum.
    """

    stands_for = "your number"

    def __init__(
        self,
        answer: float,
        *,
        hint: str,
        solution: str,
        slips: Sequence[tuple[float, str]] = (),
        tolerance: float = 0,
        question: str = "",
    ) -> None:
        if not abs(float(answer)) < 1e300:
            raise ValueError(f"the answer is {answer!r}; it must be a finite number")
        answer = whole_if_exact(answer)
        wrong = [(whole_if_exact(slip), text) for slip, text in slips]
        for slip, _ in wrong:
            if near(slip, answer, tolerance):
                raise ValueError(
                    f"the slip {slip} is right: the answer is {answer}, within {tolerance}"
                )
        record = {"kind": "number", "answer": answer, "tolerance": tolerance, "slips": wrong}
        super().__init__(hint, solution, **record)
        self.question = question

    def field(self) -> str:
        return (
            f'<input type="text" name="answer" aria-label="{self.label()}" spellcheck="false" '
            'autocapitalize="off">'
        )

    def input(self, widgets: Any, **look: Any) -> Any:
        return widgets.Text(placeholder="a number", **look)


class Choice(Exercise):
    """One of several options.

    Args:
        options: their texts, with a little HTML.
        answer: the index of the right one.
        hints: from a wrong index to what is wrong with it.

    Raises:
        ValueError: if `answer` is no option, or a hint's index no wrong one.

    Example:
        >>> Choice(("3", "4"), 1, hint="Halve them.", solution="4 is 2 · 2.").check("b")
        Right: (b).
    """

    stands_for = "a letter"

    def __init__(
        self,
        options: Sequence[str],
        answer: int,
        *,
        hint: str,
        solution: str,
        hints: dict[int, str] | None = None,
    ) -> None:
        places = range(len(options))
        if answer not in places:
            raise ValueError(
                f"the answer is {answer!r}; it must be an index into its {len(options)} options"
            )
        for place in hints or {}:
            if place not in places or place == answer:
                raise ValueError(f"there is a hint for option {place}, which is no wrong option")
        told = {str(place): text for place, text in (hints or {}).items()}
        record = {"kind": "choice", "answer": answer, "options": list(options), "hints": told}
        super().__init__(hint, solution, **record)

    def field(self) -> str:
        options = [
            f'<label><input type="radio" name="answer" value="{each}"> ({each}) {text}</label>'
            for each, text in self.options()
        ]
        return (
            f'<div class="rl-choices" role="radiogroup" aria-label="{self.label()}">'
            f"{''.join(options)}</div>"
        )

    def input(self, widgets: Any, **look: Any) -> Any:
        options = [(f"({each}) {plain(text)}", each) for each, text in self.options()]
        wide = widgets.Layout(width="auto")
        return widgets.RadioButtons(options=options, value=None, layout=wide, **look)


class Code(Exercise):
    r"""A function to write.

    Args:
        starter: what the reader begins with; the last `def` in it names the function.
        cases: pairs of arguments, a tuple, and what is expected, all of it plain Python values.
        code: a right function, as the solution shows it.
        solution: what else there is to say.

    Raises:
        ValueError: if there are no cases, or they hold more than plain values.

    Example:
        >>> right = "def double(n):\n    return 2 * n"
        >>> double = Code("def double(n):\n    ...", [((3,), 6)], right, hint="Add.")
        >>> double.check("def double(n): return n + n")
        Right: 1 of 1 cases.
    """

    def __init__(
        self,
        starter: str,
        cases: list[tuple[Any, Any]],
        code: str,
        *,
        hint: str,
        solution: str = "",
        tolerance: float = 0,
    ) -> None:
        cases = [(tuple(arguments), expected) for arguments, expected in cases]
        try:
            kept = eval(repr(cases), {}) == cases
        except (NameError, SyntaxError):
            kept = False
        if not kept or not cases:
            raise ValueError(
                f"the cases are {cases!r}; there must be one or more, of plain Python values"
            )
        self.starter, self.code = starter, code
        function = starter.rpartition("def ")[2].partition("(")[0]
        self.dots, self.stands_for = function, "your function"
        record = {"kind": "code", "function": function, "cases": repr(cases)}
        super().__init__(
            hint, f"<pre>{escape(code)}</pre>{solution}", tolerance=tolerance, **record
        )

    def rows(self) -> int:
        return len(self.starter.splitlines()) + 2

    def field(self) -> str:
        return (
            f'<textarea name="answer" aria-label="{self.label()}" rows="{self.rows()}" wrap="off" '
            f'spellcheck="false" autocapitalize="off">{escape(self.starter)}</textarea>'
        )

    def input(self, widgets: Any, **look: Any) -> Any:
        wide = widgets.Layout(width="auto")
        return widgets.Textarea(self.starter, rows=self.rows(), layout=wide, **look)
