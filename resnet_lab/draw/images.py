"""How a network answers images: its confusion matrix."""

from __future__ import annotations

from .svg import WIDTH, rect, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def confusion(counts: Sequence[Sequence[int]], names: Sequence[str], label: str) -> str:
    """A confusion matrix; the darker a cell, the larger its share of its row.

    Args:
        counts: a row for every true class, in it a number for every answer.
        names: of the classes.
        label: the result, in a sentence.
    """
    left, top = 76, 62
    side = (WIDTH - left - 32) / len(names)  # room for names, above and on the right
    body = [write(0, top - 8, "true class", "rl-small rl-strong")]
    for row, name in enumerate(names):
        y, total = top + row * side, max(1, sum(counts[row]))
        x, middle = left + (row + 0.5) * side, y + side / 2 + 3.5
        body += [
            write(left - 6, middle, name, "rl-small rl-end"),
            f'<g transform="rotate(-50 {x:.4g} {top - 6})">',
            write(x, top - 6, name, "rl-small"),
            "</g>",
        ]
        for column, number in enumerate(counts[row]):
            if number:
                x, colour = left + column * side, "identity" if row == column else "projection"
                body += [
                    rect(x, y, side - 1, side - 1, colour, 0.12 + 0.6 * number / total),
                    write(x + side / 2, middle, str(number), "rl-small rl-middle"),
                ]
    return svg(top + len(names) * side + 2, label, "".join(body))
