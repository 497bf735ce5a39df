"""The page's host: an explorer as an HTML form of native inputs, which the page's script wakes."""

from __future__ import annotations

from ..tables import escape
from .controls import Choice, Picture, Range, Real, Switch, Text
from .explorer import Explorer

COPIES = {
    "code": "Copy as Python",
    "markdown": "Copy table",
    "csv": "Copy table as CSV",
    "link": "Copy link",
}


def copies(explorer: Explorer, view: str, link: bool = True) -> dict[str, str]:
    """What of an explorer can be copied, with the words on its button."""
    has = {"code": explorer.python, "link": link}
    return {what: text for what, text in COPIES.items() if has.get(what, "<table" in view)}


def form(explorer: Explorer) -> str:
    """The form, with the present values and their view."""
    controls = "".join(
        [
            '<div class="rl-control">'
            f"{field(control, f'{explorer.name}-{name}', explorer.value[name])}</div>\n"
            for name, control in explorer.controls.items()
        ]
    )
    presets = "".join(
        [
            f'<button type="button" data-preset="{explorer.write(values).replace("&", "&amp;")}">'
            f"{text}</button>"
            for text, values in explorer.presets.items()
        ]
    )
    view = explorer.render()
    buttons = "".join(
        [
            f'<button type="button" data-copy="{what}">{text}</button>'
            for what, text in copies(explorer, view).items()
        ]
    )
    return f"""<figure class="rl-explorer" data-explorer="{explorer.name}">
<form autocomplete="off"><fieldset disabled><legend>{explorer.title}</legend>
<div class="rl-presets">{presets}</div>
<div class="rl-controls">
{controls}</div>
{job_buttons(explorer)}<div class="rl-view">{view}</div>
<div class="rl-actions">{buttons}<button type="reset">Reset</button>\
<span class="rl-said" role="status"></span></div>
</fieldset></form>
</figure>"""


def job_buttons(explorer: Explorer) -> str:
    """What starts, holds and ends the explorer's job, and how far it is; nothing without one."""
    if not explorer.job:
        return ""
    return f"""<div class="rl-actions rl-job">\
<button type="button" data-job="start">{explorer.start_job}</button>\
<button type="button" data-job="stop" hidden>Stop</button>\
<progress value="0" max="1" aria-label="Steps done"></progress><span class="rl-steps"></span></div>
"""


def field(control: Range | Real | Choice | Switch | Text, key: str, value: object) -> str:
    """One control's label and input. key: what ids begin with."""
    name, label = control.name, f'<label for="{key}">{control.label}</label>'
    if isinstance(control, Switch):
        return (
            f'{label}<input type="checkbox" id="{key}" name="{name}"{" checked" if value else ""}>'
        )
    if isinstance(control, Text):
        return (
            f'{label}<textarea id="{key}" name="{name}" rows="3" spellcheck="false">'
            f'{escape(str(value))}</textarea><input type="file" accept=".json" '
            f'aria-label="{control.label}: a file">'
        )
    if not isinstance(control, Choice):
        return (
            f'{label}<input type="range" id="{key}" name="{name}" min="{control.low}" '
            f'max="{control.high}" step="{control.step}" value="{value}">'
            f'<output for="{key}">{value}</output>'
        )
    texts = control.texts().items()
    if not control.fits() and not isinstance(control, Picture):
        options = [
            f'<option value="{option}"{" selected" * (option == value)}>{text}</option>'
            for option, text in texts
        ]
        return f'{label}<select id="{key}" name="{name}">{"".join(options)}</select>'
    small = " rl-pictures" * isinstance(control, Picture)
    buttons = [
        f'<input type="radio" id="{key}-{option}" name="{name}" value="{option}"'
        f'{" checked" * (option == value)}><label for="{key}-{option}"'
        f"{_piece(option) * bool(small)}>{f'<span>{text}</span>' if small else text}</label>"
        for option, text in texts
    ]
    return (
        f'<span id="{key}">{control.label}</span>'
        f'<span class="rl-options{small}" role="radiogroup" aria-labelledby="{key}">'
        f"{''.join(buttons)}</span>"
    )


def _piece(option: object) -> str:
    """Where a picture begins in `pictures.png`, in which they stand side by side."""
    return f' style="--rl-piece:{option}"' if isinstance(option, int) else ""
