"""The notebook's host: an explorer as ipywidgets, in Jupyter, Colab and VS Code.

Works with ipywidgets 7.7, which Colab and the classic notebook have, and 8. `notebook.css` places
the widgets, `notebook.js` copies. Whoever sets `Explorer.value` moves them.
"""

from __future__ import annotations

import os
import re
from html import escape
from pathlib import Path
from typing import Any

from ..draw import palette
from .controls import Choice, Range, Real, Switch, Text
from .explorer import Explorer
from .form import copies
from .notebook_job import JobButtons

# In a list of options JupyterLab would take arrows and letters for commands of its own.
KEYS = (
    "this.closest('.rl-notebook').addEventListener('focusin', ({target}) => "
    "target.toggleAttribute('data-lm-suppress-shortcuts', target.matches('select')))"
)
INSTALL = "Its controls need ipywidgets: <code>pip install ipywidgets</code>, then run this again."


def style() -> str:
    """The style sheet of explorers in a notebook, palette included.

    Its lengths are in pixels, as Jupyter's own are: the classic notebook has a rem of 10 of them.
    """
    files = ("explorers.css", "notebook.css")
    sheets = [Path(__file__).with_name(file).read_text(encoding="utf-8") for file in files]
    text = re.sub(r"([\d.]+)rem", lambda found: f"{16 * float(found[1]):g}px", "".join(sheets))
    return f"<style>{palette.css()}{text}</style>"


def forms(explorer: Explorer) -> dict[str, Any]:
    """What Jupyter shows of an explorer, by MIME type.

    A notebook takes the widgets, where there are any; a preview and a notebook without ipywidgets
    take the picture. While the book is built (`RESNET_LAB_PAGE` is set) that is the page's form.
    """
    picture = f'{style()}<div class="rl-view">{explorer.render()}</div>'
    shown: dict[str, Any] = {"text/plain": repr(explorer), "text/html": picture}
    try:
        model = notebook_form(explorer).box.model_id
    except ImportError:
        shown["text/html"] += f"<p>{INSTALL}</p>"
    else:
        version = {"version_major": 2, "version_minor": 0}
        shown["application/vnd.jupyter.widget-view+json"] = {**version, "model_id": model}
    if os.environ.get("RESNET_LAB_PAGE"):
        shown["text/html"] = explorer.to_html()
    return shown


FORMS: dict[Explorer, Form] = {}


def notebook_form(explorer: Explorer) -> Form:
    """The form of an explorer, the same one each time: all its views are in step."""
    if explorer not in FORMS:
        FORMS[explorer] = Form(explorer)
    return FORMS[explorer]


class Form:
    """An explorer's widgets: `box` holds them all, `controls` those that move it, by name.

    Raises:
        ImportError: ipywidgets is not installed.
    """

    def __init__(self, explorer: Explorer) -> None:
        import ipywidgets

        self.explorer, self.held = explorer, False
        html, button = ipywidgets.HTML, ipywidgets.Button
        fitting = ipywidgets.Layout(width="auto")
        self.controls = {
            name: widget(ipywidgets, control, explorer.value[name])
            for name, control in explorer.controls.items()
        }
        self.view, self.tools = html(), html()
        self.presets = [button(description=text, layout=fitting) for text in explorer.presets]
        self.reset = button(description="Reset", layout=fitting)
        self.job = JobButtons(explorer, self.show) if explorer.job else None

        def box(kind: type, name: str, *children: Any) -> Any:
            made = kind(children)
            made.add_class(name)
            return made

        row, column = ipywidgets.HBox, ipywidgets.VBox
        styled = style().replace("<style>", f'<style onload="{KEYS}">')
        self.box = box(
            column,
            "rl-explorer",
            html(f'{styled}<div class="rl-title">{explorer.title}</div>'),
            box(row, "rl-presets", *self.presets),
            *([box(row, "rl-actions", *self.job.children)] if self.job else []),
            box(
                row,
                "rl-body",
                box(column, "rl-controls", *self.controls.values()),
                box(column, "rl-view", self.view),
            ),
            box(row, "rl-actions", self.reset, self.tools),
        )
        self.box.add_class("rl-notebook")

        for name, control in self.controls.items():
            control.observe(lambda change, name=name: self.move(name, change.new), "value")
        for preset, values in zip(self.presets, explorer.presets.values(), strict=True):
            preset.on_click(lambda _, values=values: self.set(values))
        self.reset.on_click(lambda _: self.set(explorer.start))
        explorer.followers.append(self.follow)
        self.show()

    def move(self, name: str, value: object) -> None:
        """A reader has moved a control."""
        if not self.held:
            self.set({name: value})

    def set(self, values: dict[str, Any]) -> None:
        """Move the explorer, or put the controls back if it cannot go there."""
        try:
            self.explorer.value = values
        except ValueError:
            self.follow()

    def follow(self) -> None:
        """Put every control where the explorer is, and show its view once."""
        self.held = True
        try:
            for name, value in self.explorer.value.items():
                self.controls[name].value = value
        finally:
            self.held = False
        self.show(self.job.moved() if self.job else None)

    def show(self, results: dict[str, Any] | None = None) -> None:
        """Show the present view, with a job's results if it has begun, and what can be copied."""
        try:
            view = self.explorer.render(results=results)
        except Exception as error:  # a fault in a view must not leave the controls dead
            view = f'<p class="rl-note">{type(error).__name__}: {escape(str(error))}</p>'
        self.view.value, self.tools.value = view, buttons(self.explorer, view)


def widget(widgets: Any, control: Range | Real | Choice | Switch | Text, value: object) -> Any:
    """One control as a widget of ipywidgets, which is `widgets`."""
    look = {"description": control.label, "layout": widgets.Layout(width="auto", margin="0")}
    if isinstance(control, Switch):
        made = widgets.Checkbox(indent=False, **look)
    elif isinstance(control, Text):
        made = widgets.Textarea(rows=3, continuous_update=False, **look)
    elif isinstance(control, Choice):
        look["options"] = [(text, option) for option, text in control.texts().items()]
        if control.fits():
            made = widgets.ToggleButtons(style={"button_width": "auto"}, **look)
        else:
            made = widgets.Dropdown(**look)
    else:
        kind = widgets.FloatSlider if isinstance(control, Real) else widgets.IntSlider
        made = kind(min=control.low, max=control.high, step=control.step, **look)
    made.value = value
    return made


def buttons(explorer: Explorer, view: str) -> str:
    """The buttons that copy, as HTML, since no widget reaches a reader's clipboard.

    The link leads to the published page, at the address in `RESNET_LAB_BOOK`; without one there is
    no such button.
    """
    book, texts = os.environ.get("RESNET_LAB_BOOK", "").rstrip("/"), {}
    if book:
        place = f"{explorer.name}?{explorer.write(explorer.value)}"
        texts["link"] = f"{book}/chapters/{explorer.chapter}.html#{place}"
    try:
        texts["code"] = explorer.code()
    except ValueError:  # what has no view has no code
        texts["code"] = ""
    made = [
        f'<button type="button" data-copy="{what}" data-text="{escape(texts.get(what, ""))}">'
        f"{words}</button>"
        for what, words in copies(explorer, view, link=bool(book)).items()
        if texts.get(what, True)
    ]
    script = Path(__file__).with_name("notebook.js").read_text(encoding="utf-8")
    return (
        f'<div class="rl-actions" data-lm-suppress-shortcuts="true" onclick="{escape(script)}">'
        f'{"".join(made)}<span class="rl-said" role="status"></span></div>'
    )
