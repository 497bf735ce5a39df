"""Photographs, and how a network answers them."""

from __future__ import annotations

from .svg import WIDTH, escape, rect, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def photographs(shown: Iterable[tuple[str, bytes]], scale: int = 1) -> str:
    """Images of pixels side by side, each pixel `scale` wide, or all shrunk alike to fit.

    Args:
        shown: (caption, the bytes of a PNG file) each.
        scale: how wide a pixel is drawn.
    """
    from base64 import b64encode

    rendering = "pixelated" if scale > 1 else "auto"
    parts = []
    for caption, png in shown:
        wide = scale * int.from_bytes(png[16:20], "big")  # a PNG begins with its size
        parts.append(
            f'<figure style="flex:0 1 {wide}px;min-width:0;margin:0"><img alt="{escape(caption)}" '
            f'style="width:100%;image-rendering:{rendering}" '
            f'src="data:image/png;base64,{b64encode(png).decode()}">'
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )
    return f'<div style="display:flex;gap:1rem;align-items:flex-start">{"".join(parts)}</div>'


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
