"""Networks for signals."""

from __future__ import annotations

from ..tables import shape_text
from .svg import WIDTH, rect, short, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tracing import Trace

LEFT, LONGEST = 86, 210


def signal_shapes(table: Trace, label: str) -> str:
    """A signal on its way through a 1-D network, and under it the network's parameters.

    At each part there is a bar as long as its samples and as thick as its channels, and below it,
    as a line on the input's scale, the samples that one of its outputs sees. The classifier's
    parameters are counted apart.

    Args:
        table: the trace of a network with `dims=1`.
        label: the result, in a sentence.
    """
    length = table.input_shape[1]
    parts = [("input", table.input_shape, 1)] + [
        (row.name, row.output_shape, row.receptive_field)
        for row in table.groups("stage")
        if row.kind in ("conv", "stage", "avgpool")
    ]
    thickest = max([shape[0] for _, shape, _ in parts])
    body: list[str] = []
    y = 4
    for name, (channels, samples), field in parts:
        # Whole tenths, rounded down: CPython and the page round a half differently.
        wide = max(1, 10 * LONGEST * samples // length / 10)
        seen = min(LONGEST, max(2, 10 * LONGEST * field // length / 10))
        thick = max(2, round(26 * (channels / thickest) ** 0.5, 1))
        colour = {"input": "muted", "avgpool": "pool"}.get(name, "conv")
        body += [
            write(0, y + 13, name, "rl-strong"),
            write(0, y + 27, shape_text((channels, samples)), "rl-small"),
            rect(LEFT, round(y + 14 - thick / 2, 1), wide, thick, colour),
        ]
        if name != "input":
            span = f"M{LEFT} {y + 28}v8m0 -4h{seen}m0 -4v8"
            body += [
                f'<path stroke="currentColor" fill="none" d="{span}"/>',
                write(WIDTH, y + 36, f"sees {field:,}", "rl-small rl-end"),
            ]
        y += 30 if name == "input" else 46
    return svg(y + 66, label, "".join(body) + _classifier(table, y))


def _classifier(table: Trace, y: float) -> str:
    """How many features the classifier reads, and its share of all parameters as a bar."""
    features, head = table.at("flatten").output_shape[0], table.at("fc")
    before, whole = table.params - head.params, WIDTH - LEFT
    wide, rest = [10 * whole * params // table.params / 10 for params in (before, head.params)]
    return (
        write(0, y + 13, "classifier", "rl-strong")
        + write(LEFT, y + 13, f"{features:,} → {head.output_shape[0]:,}")
        + write(0, y + 42, "parameters", "rl-strong")
        + rect(LEFT, y + 32, wide, 12, "conv")
        + write(LEFT, y + 58, f"before it {short(before)}", "rl-small")
        + rect(LEFT + wide, y + 32, rest, 12, "linear")
        + write(WIDTH, y + 58, f"classifier {short(head.params)}", "rl-small rl-end")
    )
