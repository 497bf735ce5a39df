"""The one home of the book's colours, for pictures and pages, on light and on dark.

Colours after Okabe and Ito, whose eight colour-blind readers can tell apart, darkened on light
until every mark has a contrast of 3 and every text one of 4.5 by WCAG's formula. A colour means the
same thing in every picture; blue and orange together are also two classes, or a number's signs.

Source: Okabe and Ito, Color Universal Design (2002); WCAG 2.2, success criteria 1.4.3 and 1.4.11.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

LIGHT = {
    "conv": "#0072b2",
    "residual": "#0296e3",
    "identity": "#009e73",
    "projection": "#be4b00",
    "pool": "#c473a4",
    "linear": "#c18200",
    "muted": "#656e78",
    "accent": "#0066a1",
    "on-accent": "#fff",
    "line": "#d5dae0",
    "sheet": "#f7f8fa",
}
DARK = {
    "conv": "#3f97d3",
    "residual": "#94d2f6",
    "identity": "#2fbd92",
    "projection": "#f2813c",
    "pool": "#e9b2ce",
    "linear": "#f5bc4d",
    "muted": "#929ca4",
    "accent": "#6bb8ea",
    "on-accent": "#0d1117",
    "line": "#3a424c",
    "sheet": "#1b2027",
}

MARKS = ("conv", "residual", "identity", "projection", "pool", "linear", "muted", "accent")
"""The colours that pictures draw in; the others are of the page around them."""

SHADES = (1, 0.45, 0.2)
"""Opacities of one colour, where parts of one kind stand beside each other."""

# How the book's theme, its older form, Jupyter and VS Code say that they are dark.
_DARK = (
    ":is(html[data-theme=dark],html[theme=dark],body[data-jp-theme-light=false],body.vscode-dark)"
)


def properties(colours: Iterable[tuple[str, str]]) -> str:
    """Colours by name as custom properties of CSS: `--rl-conv:#0072b2;` ..."""
    return "".join([f"--rl-{name}:{colour};" for name, colour in colours])


def css() -> str:
    """The style sheet that gives a page the palette, on light and on dark; paper is light.

    >>> css()[:23]
    ':root{--rl-conv:#0072b2'
    """
    light, dark = properties(LIGHT.items()), properties(DARK.items())
    dark += "--rl-tint:invert(1) hue-rotate(180deg)"  # light on dark, with the same hues
    return ":root{" + light + "}\n@media screen{" + _DARK + "{" + dark + "}}\n"
