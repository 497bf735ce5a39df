"""What every picture is made of: its frame and style, marks, texts and numbers in words."""

from __future__ import annotations

from ..tables import escape as escape
from .palette import DARK, LIGHT, MARKS, properties

WIDTH = 400

# rl-conv ... fill with a meaning's colour; rl-line-conv ... draw a line in it; rl-small, rl-strong
# and rl-quiet are for text, as is rl-label, which is larger on a phone, where the picture is
# smaller. The name twice outranks Jupyter's own rule for pictures. A picture that is a document of
# its own (:root) asks the reader's system for light or dark.
STYLE = (
    ".rl-svg.rl-svg{display:block;width:100%;max-width:max(30rem,480px);height:auto;margin:0 auto;"
    "font:12px system-ui,sans-serif}"
    ".rl-svg text{fill:currentColor}.rl-svg .rl-title{font-size:15px;font-weight:600}"
    ".rl-svg .rl-small{font-size:10px}.rl-svg .rl-label{font-size:11px}"
    "@media(max-width:500px){.rl-svg .rl-label{font-size:15px}}"
    ".rl-svg .rl-strong{font-weight:600}.rl-svg .rl-quiet{opacity:.7}"
    ".rl-svg .rl-end{text-anchor:end}.rl-svg .rl-middle{text-anchor:middle}"
    ".rl-svg [class*=rl-line-]{fill:none;stroke-width:1.5}.rl-svg .rl-dashed{stroke-dasharray:3 2}"
    ".rl-svg .rl-round{stroke-linecap:round}"
    ".rl-svg .rl-soft{fill-opacity:.22}.rl-svg .rl-lens{fill:currentColor;opacity:.06}"
    ".rl-svg .rl-sign{fill:none;stroke:currentColor;stroke-width:1.2}"
    ".rl-svg .rl-rule{stroke:currentColor;opacity:.15}"
    ".rl-svg .rl-tint{filter:var(--rl-tint,none)}"
    + "".join(
        [
            f".rl-{name}{{fill:var(--rl-{name},{LIGHT[name]})}}"
            f".rl-line-{name}{{stroke:var(--rl-{name},{LIGHT[name]})}}"
            for name in MARKS
        ]
    )
    + ".rl-svg:root{background:#fff}@media screen and (prefers-color-scheme:dark){"
    + f".rl-svg:root{{color:#fff;background:{DARK['sheet']};"
    + properties([(name, DARK[name]) for name in MARKS])
    + "}}"
)


def svg(height: float, label: str, body: str, width: float = WIDTH) -> str:
    """A whole picture.

    Args:
        height: in units, of which the column of text holds some 400.
        label: what the picture shows with its result, in a sentence; for screen readers.
        body: the marks and texts in it.
        width: in units.
    """
    label = escape(label)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="rl-svg" '
        f'viewBox="0 0 {round(width, 1)} {round(height, 1)}" role="img" aria-label="{label}">'
        f"<title>{label}</title><style>{STYLE}</style>{body}</svg>"
    )


# ---------------------------------------------------------------------------------- marks and texts
def write(x: float, y: float, text: str, css: str = "") -> str:
    """A text whose baseline starts at (x, y). css: of rl-small, rl-strong, rl-middle, rl-end ..."""
    return f'<text x="{round(x, 1)}" y="{round(y, 1)}" class="{css}">{escape(text)}</text>'


def area(path: str, colour: str, opacity: float = 1) -> str:
    """A filled path. colour: one of `palette.MARKS`."""
    return f'<path class="rl-{colour}" fill-opacity="{opacity:g}" d="{path}"/>'


def line(path: str, css: str, width: float = 1.5, opacity: float = 1) -> str:
    """A path as a line. css: one of `palette.MARKS`, with " rl-dashed" or " rl-round" if wanted."""
    return (
        f'<path class="rl-line-{css}" style="stroke-width:{width:g}" '
        f'stroke-opacity="{opacity:g}" d="{path}"/>'
    )


def rect(x: float, y: float, width: float, height: float, colour: str, opacity: float = 1) -> str:
    """A filled rectangle with its upper left corner at (x, y). colour: one of `palette.MARKS`.

    What rounding leaves of 0 differs from Python to Python, and nobody would see it.
    """
    x, y, width, height = [round(value, 12) for value in (x, y, width, height)]
    return (
        f'<rect class="rl-{colour}" fill-opacity="{opacity:.3g}" x="{x:.5g}" y="{y:.5g}" '
        f'width="{width:.5g}" height="{height:.5g}"/>'
    )


def squares(lefts: list[float], top: float, side: float) -> str:
    """The path of squares of this side whose left edges lie at `lefts`."""
    square = f"h{side}v{side}h-{side}z"
    return "".join([f"M{left} {top}{square}" for left in lefts])


def polyline(points: list[tuple[float, float]]) -> str:
    """The path through `points`, in whole units and tenths."""
    return "M" + "L".join([f"{x:.1f} {y:.1f}" for x, y in points])


# --------------------------------------------------------------------------------- numbers in words
def short(number: float) -> str:
    """A count in three figures.

    >>> short(25_557_032), short(4_089_184_256), short(936)
    ('25.6 M', '4.09 G', '936')
    """
    for unit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= 0.9995 * unit:
            # A hair more: CPython and the page round an exact half differently.
            value = number / unit * (1 + 1e-12)
            return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{name}"
    return f"{number:g}"


def figures(number: float) -> str:
    """A number in three figures, with a proper minus sign."""
    return f"{number:.3g}".replace("-", "−")


def count(number: int, noun: str) -> str:
    """A number and its noun: 1 pixel, 1,000 pixels."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
