"""A residual block as the shapes that flow through it."""

from __future__ import annotations

from dataclasses import dataclass

from ..graph import Branches, Layer
from ..rows import Row
from ..tables import shape_text
from ..tracing import Trace
from .layers import MEANINGS, blocks, layer_text
from .svg import svg, write

LEFT, RIGHT = 54, 252  # the branch's and the shortcut's middle
WAYS = {
    "identity": "an identity shortcut",
    "zero-pad": "a zero-padded shortcut",
    "projection": "a projection shortcut",
    None: "no shortcut",
}


@dataclass
class Step:
    """What stands in a column, from top to bottom.

    Attributes:
        kind: "conv", "text", "note" (a text beside the line) or "slab" (a feature map).
        text: of all but a slab.
        shape: of a slab.
        colours: of a slab, channels and their colour each.
    """

    kind: str
    text: str = ""
    shape: tuple[int, ...] = ()
    colours: tuple[tuple[int, str], ...] = ()


def slab(shape: tuple[int, ...], *colours: tuple[int, str]) -> Step:
    """A feature map."""
    return Step("slab", "", shape, colours)


def residual_block(table: Trace) -> str:
    """The shapes that flow through a block from top to bottom, the shortcut beside the branch.

    Every slab is a feature map: the wider, the more channels; the taller, the more pixels.

    Args:
        table: the trace of a `ResidualBlock`.

    Raises:
        ValueError: for the trace of more than one block.

    Example:
        >>> from resnet_lab import ResidualBlock, trace
        >>> table = trace(ResidualBlock(width=128, stride=2), (64, 56, 56))
        >>> "128 × 28 × 28 out" in residual_block(table)
        True
    """
    found = blocks(table)
    if len(found) > 1:
        raise ValueError(
            f"{table.net.name} is more than one block; draw its trace with `network`, or trace a "
            "ResidualBlock"
        )
    rows, parts = found[0].named(), found[0].parts()
    picture = _Picture(table, rows)
    channels = table.input_shape[0]
    start = slab(table.input_shape, (channels, "rl-muted"))
    body = picture.column(LEFT, [start, *picture.steps(parts.before, "")])
    fork, main = picture.y + 8, picture.steps(parts.main, "rl-residual", True)
    body += f'<path class="rl-line-muted" d="M{LEFT} {fork - 8:.1f}v8"/>'
    picture.y = fork
    body += picture.column(LEFT, main)
    shape = rows[parts.main[-1].name].output_shape
    colours = [(shape[0], "rl-muted")]
    if parts.join:
        body += picture.shortcut(parts, main, fork, shape)
        joined = rows[parts.join.name].output_shape
        if parts.join.kind == "concat":
            colour = "projection" if parts.kind == "projection" else "identity"
            colours = [(joined[0] - shape[0], f"rl-{colour}"), (shape[0], "rl-residual")]
        shape = joined
    body += picture.column(LEFT, [*picture.steps(parts.after, ""), slab(shape, *colours)])
    label = (
        f"A {getattr(table.net, 'block', 'residual')} block with {WAYS[parts.kind]}: "
        f"{shape_text(table.input_shape)} in, {shape_text(shape)} out, "
        f"{table.params:,} parameters, {table.macs:,} MACs"
    )
    return svg(picture.y + 6, label, body)


class _Picture:
    """Draws columns of steps downwards; `y` is how far it has come."""

    def __init__(self, table: Trace, rows: dict[str, Row]) -> None:
        self.rows, self.dims, self.y = rows, table.net.dims, 0.0
        shapes = [table.input_shape, *[row.output_shape for row in rows.values()]]
        self.wide = 84 / max([shape[0] for shape in shapes])
        self.tall = 26 / max(table.input_shape[1:])

    def steps(self, layers: list[Layer], colour: str, beside: bool = False) -> list[Step]:
        """What a column shows of `layers`; `beside`: those off the main path make a gate."""
        found: list[Step] = []
        gate: list[str] = []
        for layer in layers:
            row = self.rows[layer.name]
            if layer.kind == "multiply":
                found += _notes("times its gate: " + ", ".join(gate))
            elif beside and not row.on_main_path:
                gate.append(layer_text(layer, self.dims))
            elif layer.kind == "conv":
                shape = row.output_shape
                found.append(Step("conv", layer_text(layer, self.dims)))
                found.append(slab(shape, (shape[0], colour)))
            elif found and found[-1].kind == "text":
                found[-1] = Step("text", f"{found[-1].text}, {MEANINGS[layer.kind]}")
            else:
                found.append(Step("text", MEANINGS.get(layer.kind, layer.kind)))
        return found

    def height(self, step: Step) -> float:
        """Of a step with the line above it."""
        fixed = {"conv": 26, "text": 22, "note": 14}
        return fixed.get(step.kind) or 8 + max(3, self.tall * max(step.shape[1:]))

    def column(self, x: int, steps: list[Step], line: str = "rl-line-muted") -> str:
        """The picture of a column from `y` down."""
        out = []
        for step in steps:
            start, text = self.y + 8, step.text
            self.y += self.height(step)
            end = self.y if step.kind == "text" and not text else start
            out.append(f'<path class="{line}" d="M{x} {start - 8:.1f}V{end:.1f}"/>')
            if step.kind == "conv":
                out.append(
                    f'<rect class="rl-soft rl-conv" x="{x - 46}" y="{start:.1f}" width="92" '
                    f'height="18" rx="3"/>{write(x, start + 13, text, "rl-middle")}'
                )
            elif step.kind == "text":
                out.append(write(x, start + 11, text, "rl-quiet rl-middle"))
            elif step.kind == "note":
                out.append(write(x + 8, start + 5, text, "rl-quiet rl-small"))
            else:
                out.append(self.feature_map(x, start, step))
        return "".join(out)

    def feature_map(self, x: int, start: float, step: Step) -> str:
        """A slab between `start` and `y`."""
        edge, out = x - self.wide * step.shape[0] / 2, ""
        for number, colour in step.colours:
            width = self.wide * number
            path = f"M{edge:.1f} {start:.1f}h{width:.1f}V{self.y:.1f}h-{width:.1f}z"
            out += f'<path class="{colour}" d="{path}"/>'
            edge += width
        text = shape_text(step.shape)
        middle = (start + self.y) / 2 + 4
        return out + write(edge + 6, middle, text, "rl-small" * (len(text) > 14))

    def shortcut(
        self, parts: Branches, main: list[Step], fork: float, shape: tuple[int, ...]
    ) -> str:
        """The shortcut beside a branch that ends at `y`, and where both join; `y` moves on."""
        assert parts.join
        way = self.way(parts, shape)
        if way[-1].kind == "slab" and main[-1].kind != "slab":
            way.append(Step("text"))
        line = f"rl-line-{'projection' if parts.kind == 'projection' else 'identity'}"
        end = self.y
        begin = end - sum([self.height(step) for step in way])
        joined, sign = "added", "m-4 0h8m-4 -4v8"
        if parts.join.kind == "concat":
            joined, sign = "side by side", "m-2.5 -4v8m5 0v-8"
        body = (
            f'<path class="{line}" d="M{LEFT} {fork:.1f}H{RIGHT - 5}q5 0 5 5V{begin:.1f}'
            f'M{RIGHT} {end:.1f}v13q0 5 -5 5H{LEFT + 7}"/>'
        )
        self.y = begin
        body += self.column(RIGHT, way, line)
        self.y = end + 25
        return (
            f'{body}<path class="rl-line-muted" d="M{LEFT} {end:.1f}v11"/>'
            f'<circle class="rl-line-muted" cx="{LEFT}" cy="{end + 18:.1f}" r="7"/>'
            f'<path class="rl-sign" d="M{LEFT} {end + 18:.1f}{sign}"/>'
            f"{write((LEFT + RIGHT) / 2, end + 14, joined, 'rl-quiet rl-middle')}"
        )

    def way(self, parts: Branches, shape: tuple[int, ...]) -> list[Step]:
        """What a shortcut's column shows."""
        if parts.kind == "projection":
            return self.steps(parts.shortcut, "rl-projection")
        source = next(iter(self.rows.values())).input_shape
        if not parts.shortcut:
            return [Step("text", "identity"), slab(source, (source[0], "rl-identity"))]
        (layer,) = parts.shortcut
        zeros = shape[0] - source[0]
        changes = [f"1 pixel in {layer.stride**self.dims}"] * (layer.stride > 1)
        changes += ["zeros appended"] * (zeros > 0)
        colours = [(source[0], "rl-identity")] + [(zeros, "rl-line-muted")] * (zeros > 0)
        return [Step("text", ", ".join(changes)), slab(shape, *colours)]


def _notes(text: str) -> list[Step]:
    """A long text in lines that fit beside the shortcut."""
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) > 30:
            lines.append("")
        lines[-1] += f" {word}"
    return [Step("note", line.strip()) for line in lines]
