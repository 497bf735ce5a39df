"""Networks' counts as bars."""

from __future__ import annotations

from .networks import MARGIN
from .svg import short, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def tallies(rows: Iterable[tuple[str, int, int]], note: str = "") -> str:
    """Networks' parameters and MACs as two columns of bars.

    Args:
        rows: (name, parameters, MACs) each; the first is marked.
        note: written above the names.
    """
    rows, columns = list(rows), (120, 262)
    most = max([row[1] for row in rows]), max([row[2] for row in rows])
    quiet = "rl-small rl-quiet"
    body = write(MARGIN, 12, note, quiet)
    body += write(columns[0], 12, "parameters", quiet) + write(columns[1], 12, "MACs", quiet)
    y, label, css, strong = 20, "", "rl-accent", " rl-strong"
    for name, *counts in rows:
        body += write(MARGIN, y + 10, name, "rl-small" + strong)
        texts = [short(count) for count in counts]
        for column in (0, 1):
            width = round(max(1, 90 * counts[column] / most[column]), 1)
            x = columns[column]
            body += (
                f'<rect class="{css}" x="{x}" y="{y + 1}" width="{width}" height="11" rx="1"/>'
                f"{write(x + width + 4, y + 10, texts[column], 'rl-small')}"
            )
        label += f"{name} has {texts[0]} parameters and {texts[1]} MACs; "
        y, css, strong = y + 18, "rl-muted", ""
    return svg(y + 2, label[:-2] + ".", body)
