"""An explorer: a few controls, and one pure function from their values to a view."""

from __future__ import annotations

from ..tables import escape
from .controls import LINKED, linked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .controls import Choice, Range, Real, Switch, Text

    Control = Range | Real | Choice | Switch | Text

ALL: dict[str, Explorer] = {}


class Explorer:
    """Controls, and a view of their values.

    Args:
        name: as it stands in a link, such as "output-size".
        title: a short heading.
        controls: of Range, Real, Choice, Switch and Text.
        view: `view(**values)` returns HTML: a picture, `<svg role="img" aria-label="...">`, whose
            label says the result in a sentence (it is what a screen reader says after a change),
            and the numbers as a table. A ValueError it raises is shown in the view's place.
        python: `python(**values)` returns the line of code that builds what is shown.
        presets: from a button's text to the values it sets, of all controls or of some.
        chapter: the notebook it stands in, without its ending; links lead to that page.
        job: `job(**values)` returns work that takes longer than a frame, plain data of `jobs`. The
            view then takes `results` too: what the job has given last, None before its start.
        question: `question(**values)` returns what the job, done, is asked when a control moves
            that leaves the job itself alone; see `jobs`.
        start_job: the words on the button that starts the job.
    """

    def __init__(
        self,
        name: str,
        title: str,
        controls: Sequence[Control],
        view: Callable[..., str],
        python: Callable[..., str] | None = None,
        presets: dict[str, dict[str, Any]] | None = None,
        chapter: str = "",
        job: Callable[..., dict[str, Any]] | None = None,
        start_job: str = "Start",
        question: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.name, self.title, self.chapter = name, title, chapter
        self.view, self.python, self.presets = view, python, presets or {}
        self.job, self.start_job, self.question = job, start_job, question
        self.controls = {control.name: control for control in controls}
        self.start = {control.name: control.check(control.start) for control in controls}
        self._value = dict(self.start)
        self.followers: list[Callable[[], None]] = []
        ALL[name] = self

    @property
    def value(self) -> dict[str, Any]:
        """The present values. Assign a dict, of all of them or of some, to move the controls."""
        return dict(self._value)

    @value.setter
    def value(self, values: dict[str, Any]) -> None:
        self._value = self.check(values)
        for follow in self.followers:
            follow()

    def check(self, values: dict[str, Any]) -> dict[str, Any]:
        """All values, a missing one being the present one.

        Raises:
            ValueError: a name is no control of this explorer, or a value is none of its control.
        """
        for name in values:
            if name not in self.controls:
                raise ValueError(
                    f"{name!r} is not a control of {self.name}, "
                    f"which has {', '.join(self.controls)}"
                )
        return {
            name: control.check(values.get(name, self._value[name]))
            for name, control in self.controls.items()
        }

    def read(self, state: str) -> dict[str, Any]:
        """The values that a link carries, such as "kernel=3&stride=2"."""
        texts = {}
        for pair in state.split("&"):
            name, _, texts[name] = pair.partition("=")
        return {
            name: control.read(texts[name])
            for name, control in self.controls.items()
            if name in texts
        }

    def write(self, values: dict[str, Any]) -> str:
        """`values` as a link carries them; the opposite of `read`, but for long texts."""
        texts = []
        for name, value in values.items():
            if isinstance(value, bool):
                value = str(value).lower()
            elif isinstance(value, float):
                value = f"{value:g}"  # as a slider says it: 1, not 1.0
            elif isinstance(value, str):
                value = linked(value) if len(value) <= LINKED else None
            if value is not None:
                texts.append(f"{name}={value}")
        return "&".join(texts)

    def render(
        self, values: dict[str, Any] | None = None, results: dict[str, Any] | None = None
    ) -> str:
        """The view of `values` as HTML; those not given are the present ones.

        Args:
            values: by control.
            results: of a job that has begun.
        """
        values = self.check(values or {})
        try:
            return self.view(**values, results=results) if results else self.view(**values)
        except ValueError as error:
            return f'<p class="rl-note">{escape(str(error))}.</p>'

    def code(self, values: dict[str, Any] | None = None) -> str:
        """The line of Python that builds what `values` show; nothing if there is no such line."""
        return self.python(**self.check(values or {})) if self.python else ""

    def to_html(self) -> str:
        """The page's form: native inputs, which the page's script switches on, and a view."""
        from .form import form

        return form(self)

    def __repr__(self) -> str:
        values = ", ".join([f"{name}={value!r}" for name, value in self._value.items()])
        return "\n".join([f"{self.title} ({values})", *said(self.render())])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        from .notebook import forms

        return forms(self)


def said(view: str) -> list[str]:
    """A view in words: the labels of its pictures, or the note that stands in their place."""
    from html import unescape

    labels = [part.partition('"')[0] for part in view.split('role="img" aria-label="')[1:]]
    note = view.partition('<p class="rl-note">')[2].removesuffix("</p>")
    return [unescape(text) for text in labels or [note]]


def formula(text: str) -> str:
    """A line of text or of arithmetic between a picture and its table."""
    return f"<p class='rl-formula'>{text}</p>"


def table(head: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> str:
    """An HTML table of texts and numbers; the first cell of a row is its name."""
    body = ""
    for name, *cells in rows:
        body += (
            f"<tr><th scope='row'>{name}</th>"
            + "".join([f"<td class=num>{cell}</td>" for cell in cells])
            + "</tr>"
        )
    return (
        "<table class='rl-table'><thead><tr>"
        + "".join([f"<th scope='col'>{cell}</th>" if cell else "<td></td>" for cell in head])
        + f"</tr></thead><tbody>{body}</tbody></table>"
    )
