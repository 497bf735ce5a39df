"""What every picture is made of: its frame and style, texts, paths and numbers."""

from __future__ import annotations

from .palette import COLOURS

WIDTH = 400

# rl-conv ... fill with a meaning's colour; rl-line-conv ... draw a line in it; rl-small, rl-strong, rl-quiet are for
# text, as is rl-label, which is larger on a phone, where the picture is smaller.
STYLE = (
    ".rl-svg{display:block;width:100%;max-width:30rem;height:auto;margin:0 auto;font:12px system-ui,sans-serif}"
    ".rl-svg text{fill:currentColor}.rl-svg .rl-title{font-size:15px;font-weight:600}.rl-svg .rl-small{font-size:10px}"
    ".rl-svg .rl-label{font-size:11px}@media(max-width:500px){.rl-svg .rl-label{font-size:15px}}"
    ".rl-svg .rl-strong{font-weight:600}.rl-svg .rl-quiet{opacity:.7}"
    ".rl-svg .rl-end{text-anchor:end}.rl-svg .rl-middle{text-anchor:middle}"
    ".rl-svg [class*=rl-line-]{fill:none;stroke-width:1.5}.rl-svg .rl-dashed{stroke-dasharray:3 2}"
    ".rl-svg .rl-soft{fill-opacity:.22}.rl-svg .rl-lens{fill:currentColor;opacity:.06}"
    ".rl-svg .rl-sign{fill:none;stroke:currentColor;stroke-width:1.2}.rl-svg .rl-rule{stroke:currentColor;opacity:.15}"
    + "".join(
        [
            f".rl-{name}{{fill:var(--rl-{name},{colour})}}.rl-line-{name}{{stroke:var(--rl-{name},{colour})}}"
            for name, colour in COLOURS.items()
        ]
    )
)


def svg(height: float, label: str, body: str, width: float = WIDTH) -> str:
    """A whole picture of `body`, `width` by `height` units. label: one sentence, what it shows with its result."""
    box, label = f"0 0 {round(width, 1)} {round(height, 1)}", escape(label)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rl-svg" viewBox="{box}" role="img" aria-label="{label}">'
        f"<title>{label}</title><style>{STYLE}</style>{body}</svg>"
    )


def escape(text: str) -> str:
    """`text` as it may stand in SVG, also inside quotation marks."""
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


def write(x: float, y: float, text: str, css: str = "") -> str:
    """A text whose baseline starts at (x, y). css: of rl-small, rl-strong, rl-quiet, rl-middle, rl-end."""
    return f'<text x="{round(x, 1)}" y="{round(y, 1)}" class="{css}">{escape(text)}</text>'


def short(number: float) -> str:
    """A count in three figures: 25.6 M, 4.09 G, 936."""
    for unit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= 0.9995 * unit:
            value = (
                number / unit * (1 + 1e-12)
            )  # a hair more: CPython and the page round an exact half differently
            return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{name}"
    return f"{number:g}"


def figures(number: float) -> str:
    """A number in three figures, with a proper minus sign."""
    return f"{number:.3g}".replace("-", "−")


def count(number: int, noun: str) -> str:
    """A number and its noun: 1 pixel, 1,000 pixels."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def squares(lefts, top: float, side: float) -> str:
    """The path of squares of this side whose left edges lie at `lefts`."""
    square = f"h{side}v{side}h-{side}z"
    return "".join([f"M{left} {top}{square}" for left in lefts])


def polyline(points) -> str:
    """The path through `points`, pairs of coordinates in whole units and tenths."""
    return "M" + "L".join([f"{x:.1f} {y:.1f}" for x, y in points])
