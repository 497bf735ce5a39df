"""A residual block as the shapes that flow through it."""

from __future__ import annotations

from ..tracing import Trace, shape_text
from .layers import MEANINGS, layer_text
from .svg import svg, write


def residual_block(table: Trace) -> str:
    """A residual block as the shapes that flow through it from top to bottom, the branch on the left, the shortcut beside it.

    Every slab is a feature map: the wider, the more channels; the taller, the more pixels. table: of a `ResidualBlock`.

    >>> from resnet_lab import ResidualBlock, trace
    >>> "128 × 28 × 28 out" in residual_block(trace(ResidualBlock(width=128, stride=2), (64, 56, 56)))
    True
    """
    net, (block,), rows = table.net, table.net.parts(), iter(table)
    wide = 84 / max([net.in_channels] + [row.output_shape[0] for row in table])
    tall = 26 / max(table.input_shape[1:])
    left, right = 54, 252

    def steps(layers, colour):
        """What stands in a column: ("conv", text), ("text", text), or ("slab", shape, channels of each colour)."""
        found = []
        for layer in layers:
            shape = next(rows).output_shape
            if layer.kind == "conv":
                found += [
                    ("conv", layer_text(layer, net.dims)),
                    ("slab", shape, [(shape[0], colour)]),
                ]
            elif found and found[-1][0] == "text":
                found[-1] = ("text", f"{found[-1][1]}, {MEANINGS[layer.kind]}")
            else:
                found.append(("text", MEANINGS[layer.kind]))
        return found

    def height(step):
        """Of a step with the line above it."""
        return {"conv": 26, "text": 22}.get(step[0]) or 8 + max(3, tall * max(step[1][1:]))

    def column(x, y, steps, line="rl-line-muted"):
        """The picture of a column from `y` down, and where it ends."""
        out = []
        for step in steps:
            kind, what, *channels = step
            start, y = y + 8, y + height(step)
            out.append(
                f'<path class="{line}" d="M{x} {start - 8:.1f}V{start if what else y:.1f}"/>'
            )
            if kind == "conv":
                out.append(
                    f'<rect class="rl-soft rl-conv" x="{x - 46}" y="{start:.1f}" width="92" height="18" rx="3"/>'
                )
                out.append(write(x, start + 13, what, "rl-middle"))
            elif kind == "text":
                out.append(write(x, start + 11, what, "rl-quiet rl-middle"))
            else:
                edge = x - wide * what[0] / 2
                for number, colour in channels[0]:
                    width = wide * number
                    out.append(
                        f'<path class="{colour}" d="M{edge:.1f} {start:.1f}h{width:.1f}V{y:.1f}h-{width:.1f}z"/>'
                    )
                    edge += width
                text = shape_text(what)
                out.append(
                    write(edge + 6, (start + y) / 2 + 4, text, "rl-small" * (len(text) > 14))
                )
        return "".join(out), y

    top, y = column(
        left,
        0,
        [("slab", table.input_shape, [(net.in_channels, "rl-muted")]), *steps(block.before, "")],
    )
    fork, main = y + 8, steps(block.main, "rl-residual")
    branch, y = column(left, fork, main)
    shape = [what for kind, what, *_ in main if kind == "slab"][-1]
    body = [top, f'<path class="rl-line-muted" d="M{left} {fork - 8:.1f}v8"/>', branch]
    channels = [(shape[0], "rl-muted")]
    if block.shortcut:
        way, colour = (
            steps(block.projection, "rl-projection"),
            "projection" if block.projection else "identity",
        )
        if not way:
            zeros = shape[0] - net.in_channels if block.shortcut == "zero-pad" else 0
            changes = [f"1 pixel in {block.stride**net.dims}"] * (block.stride > 1) + [
                "zeros appended"
            ] * (zeros > 0)
            way = [
                ("text", ", ".join(changes) or "identity"),
                (
                    "slab",
                    (net.in_channels + zeros, *shape[1:]),
                    [(net.in_channels, "rl-identity")] + [(zeros, "rl-line-muted")] * (zeros > 0),
                ),
            ]
        if way[-1][0] == "slab" and main[-1][0] == "text":
            way.append(("text", ""))
        line = f"rl-line-{colour}"
        begin = y - sum([height(step) for step in way])
        joined, sign = (
            ("added", "m-4 0h8m-4 -4v8")
            if block.fusion == "add"
            else ("side by side", "m-2.5 -4v8m5 0v-8")
        )
        body += [
            f'<path class="{line}" d="M{left} {fork:.1f}H{right - 5}q5 0 5 5V{begin:.1f}'
            f'M{right} {y:.1f}v13q0 5 -5 5H{left + 7}"/>',
            column(right, begin, way, line)[0],
            f'<path class="rl-line-muted" d="M{left} {y:.1f}v11"/>',
            f'<circle class="rl-line-muted" cx="{left}" cy="{y + 18:.1f}" r="7"/>',
            f'<path class="rl-sign" d="M{left} {y + 18:.1f}{sign}"/>',
            write((left + right) / 2, y + 14, joined, "rl-quiet rl-middle"),
        ]
        next(rows)
        if block.fusion == "concat":
            channels = [(block.out_channels - shape[0], f"rl-{colour}"), (shape[0], "rl-residual")]
            shape = (block.out_channels, *shape[1:])
        y += 25
    bottom, y = column(left, y, [*steps(block.after, ""), ("slab", shape, channels)])
    way = {
        "identity": "an identity shortcut",
        "zero-pad": "a zero-padded shortcut",
        "projection": "a projection shortcut",
        None: "no shortcut",
    }[block.shortcut]
    label = (
        f"A {net.block} block with {way}: {shape_text(table.input_shape)} in, {shape_text(shape)} out, "
        f"{table.params:,} parameters, {table.macs:,} MACs"
    )
    return svg(y + 6, label, "".join(body) + bottom)
