"""Networks for signals."""

from __future__ import annotations

from ..tables import shape_text
from ..tracing import Trace
from .svg import WIDTH, short, svg, write


def signal_shapes(table: Trace, label: str) -> str:
    """A signal on its way through a 1-D network: at each part a bar as long as its samples and as thick as its channels,
    and below it, as a line on the input's scale, the samples that one of its outputs sees.

    Under them the network's parameters, those of the classifier apart. table: the trace of a network with dims 1.
    """
    length = table.input_shape[1]
    parts = [("input", table.input_shape, 1)] + [
        (row.name, row.output_shape, row.receptive_field)
        for row in table.groups("stage")
        if row.kind in ("conv", "stage", "avgpool")
    ]
    thickest, body, y = max([shape[0] for _, shape, _ in parts]), [], 4
    for name, (channels, samples), field in parts:
        # Whole tenths, rounded down: CPython and the page round a half differently.
        wide, seen = (
            max(1, 2100 * samples // length / 10),
            min(210, max(2, 2100 * field // length / 10)),
        )
        thick = max(2, round(26 * (channels / thickest) ** 0.5, 1))
        css = "muted" if name == "input" else "pool" if name == "avgpool" else "conv"
        body += [
            write(0, y + 13, name, "rl-strong"),
            write(0, y + 27, shape_text((channels, samples)), "rl-small"),
            f'<rect class="rl-{css}" x="86" y="{round(y + 14 - thick / 2, 1)}" width="{wide}" height="{thick}"/>',
        ]
        if name != "input":
            body += [
                f'<path stroke="currentColor" fill="none" d="M86 {y + 28}v8m0 -4h{seen}m0 -4v8"/>',
                write(WIDTH, y + 36, f"sees {field:,}", "rl-small rl-end"),
            ]
        y += 30 if name == "input" else 46
    features, head = table.at("flatten").output_shape[0], table.at("fc")
    body += [
        write(0, y + 13, "classifier", "rl-strong"),
        write(86, y + 13, f"{features:,} → {head.output_shape[0]:,}"),
        write(0, y + 42, "parameters", "rl-strong"),
    ]
    x, whole = 86, WIDTH - 86
    for css, text, params in (
        ("conv", "before it", table.params - head.params),
        ("linear", "classifier", head.params),
    ):
        wide = 10 * whole * params // table.params / 10
        body.append(f'<rect class="rl-{css}" x="{x}" y="{y + 32}" width="{wide}" height="12"/>')
        x += wide
        body.append(
            write(
                86 if css == "conv" else WIDTH,
                y + 58,
                f"{text} {short(params)}",
                "rl-small" + " rl-end" * (css == "linear"),
            )
        )
    return svg(y + 66, label, "".join(body))
