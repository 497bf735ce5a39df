"""Small rows of numbers as bars: what BatchNorm and ReLU do, and what a classifier believes."""

from __future__ import annotations

from .svg import WIDTH, figures, rect, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MOST, HALF = 4, 34  # the value at which a bar is cut, and its height there


def steps(label: str, rows: Sequence[tuple[str, str, Sequence[float]]]) -> str:
    """Rows of numbers one below the other, each as bars around a line at 0.

    Args:
        label: what the picture shows, in a sentence.
        rows: (name, colour, values) each; values beyond ±4 are cut there.
    """
    body, y = "", 0.0
    for name, colour, values in rows:
        body += write(0, y + 12, name, "rl-label rl-strong")
        middle = y + 20 + HALF
        wide = WIDTH / len(values)
        for place, value in enumerate(values):
            height = HALF * min(MOST, abs(value)) / MOST
            top = middle - height if value > 0 else middle
            body += rect(place * wide + 2, top, wide - 4, height, colour)
            above = top - 3 if value > 0 else middle + height + 10
            body += write(place * wide + wide / 2, above, f"{value:.1f}", "rl-small rl-middle")
        body += f'<path class="rl-rule" d="M0 {middle:g}H{WIDTH}"/>'
        y = middle + HALF + 16
    return svg(y, label, body.replace(">-", ">−"))


def beliefs(label: str, rows: Sequence[tuple[str, float, bool]]) -> str:
    """Probabilities as bars from 0 to 1.

    Args:
        label: what the picture shows, in a sentence.
        rows: (name, probability, whether it is the right class) each.
    """
    body, y = "", 4.0
    for name, probability, right in rows:
        body += write(0, y + 13, name + (" (right)" if right else ""), "rl-label")
        body += rect(110, y, 240 * probability, 18, "identity" if right else "muted")
        text = figures(probability)
        body += write(116 + 240 * probability, y + 13, text, "rl-label")
        y += 26
    return svg(y, label, body)
