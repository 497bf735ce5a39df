"""Pictures of pixels, and what a network makes of them."""

from __future__ import annotations

from .svg import WIDTH, escape, svg, write


def photographs(shown, scale: int = 1) -> str:
    """Images of pixels side by side, each pixel `scale` wide, or all shrunk alike to fit. shown: (caption, a PNG file's bytes) pairs."""
    from base64 import b64encode

    figures = []
    for caption, png in shown:
        wide = scale * int.from_bytes(png[16:20], "big")  # a PNG begins with its size
        figures.append(
            f'<figure style="flex:0 1 {wide}px;min-width:0;margin:0"><img alt="{escape(caption)}" '
            f'style="width:100%;image-rendering:{"pixelated" if scale > 1 else "auto"}" '
            f'src="data:image/png;base64,{b64encode(png).decode()}"><figcaption>{escape(caption)}</figcaption></figure>'
        )
    return f'<div style="display:flex;gap:1rem;align-items:flex-start">{"".join(figures)}</div>'


def confusion(counts, names, label: str) -> str:
    """A confusion matrix: a row for every true class, a column for every answer; the darker, the larger its share of the row."""
    left, top, side = (
        76,
        62,
        (WIDTH - 76 - 32) / len(names),
    )  # room for names, above and on the right
    body = [write(0, top - 8, "true class", "rl-small rl-strong")]
    for row, name in enumerate(names):
        y, total = top + row * side, max(1, sum(counts[row]))
        x = left + (row + 0.5) * side
        body += [
            write(left - 6, y + side / 2 + 3.5, name, "rl-small rl-end"),
            f'<g transform="rotate(-50 {x:.4g} {top - 6})">{write(x, top - 6, name, "rl-small")}</g>',
        ]
        for column, number in enumerate(counts[row]):
            css = "rl-identity" if row == column else "rl-projection"
            if number:
                body.append(
                    f'<rect class="{css}" fill-opacity="{0.12 + 0.6 * number / total:.2g}" x="{left + column * side:.4g}" y="{y:.4g}" '
                    f'width="{side - 1:.4g}" height="{side - 1:.4g}"/>'
                    + write(
                        left + (column + 0.5) * side,
                        y + side / 2 + 3.5,
                        str(number),
                        "rl-small rl-middle",
                    )
                )
    return svg(top + len(names) * side + 2, label, "".join(body))
