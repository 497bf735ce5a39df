"""A whole network as a picture."""

from __future__ import annotations

from ..fields import text
from ..graph import Branches, Layer
from ..tables import shape_text
from ..tracing import Trace
from .layers import KINDS, MEANINGS, SIGNS, Block, blocks, layer_text, line_css
from .svg import WIDTH, escape, short, svg, write

MARGIN = 4


def network(table: Trace) -> str:
    """A residual network: stem, stages of blocks with their shortcuts, head.

    Every convolution is a bar: the taller, the larger its feature map; the wider, the more
    channels. A block is its bars under the arc of its shortcut, dashed where the shape changes, as
    in the paper's figure 3. The first block of each stage is opened up into its layers.

    Raises:
        TypeError: for a network without blocks.

    Example:
        >>> from resnet_lab import resnet, trace
        >>> "4 stages of 2, 2, 2, 2 basic blocks" in network(trace(resnet(18), (3, 224, 224)))
        True
    """
    net, dims = table.net, table.net.dims
    stem: list[Layer] = []
    head: list[Layer] = []
    stages: dict[str, list[Block]] = {}
    for block in blocks(table):
        layers = [row.layer for row in block.rows if row.layer]
        if layers[0].name == block.name:
            (head if stages else stem).extend(layers)
        else:
            stages.setdefault(block.name.split(".")[0], []).append(block)
    if not stages:
        raise TypeError(
            f"{net.name} has no residual blocks to draw; `compare` draws it beside other networks"
        )
    rows = {row.name: row for row in table.groups("stage")}

    counts = f"{short(table.params)} parameters, {short(table.macs)} MACs"
    body = title(MARGIN, net.name, 200) + write(WIDTH - MARGIN, 14, counts, "rl-end")
    body += _heading(42, "input", "", table.input_shape)
    body += _heading(62, "stem", "", rows[stem[-1].name].output_shape)
    body += _layers(stem, MARGIN, 80, dims)[0]
    y, number, depths = 112, 0, []
    for name, found in stages.items():
        number += 1
        row, depth = rows[name], sum([block.copies for block in found])
        depths.append(depth)
        picture, below = _stage(found, depth, max(row.output_shape[1:]), y + 9, dims)
        remark = f"{depth} block{'s' * (depth > 1)}, {short(row.params)} parameters, "
        remark += f"{short(row.macs)} MACs"
        body += _heading(y, f"stage {number}", remark, row.output_shape) + picture
        y = below + 26
    body += _heading(y, "head", "", table.output_shape) + _layers(head, MARGIN, y + 18, dims)[0]
    found = [block for stage in stages.values() for block in stage]
    kinds = {row.kind for block in found for row in block.rows if row.on_main_path}
    marks = ["conv", *[kind for kind in SIGNS if kind in kinds]]
    key, y = legend(marks + shortcut_marks([(block, block.parts()) for block in found]), y + 48)
    return svg(y, _label(table, depths, found), body + key)


def _label(table: Trace, depths: list[int], found: list[Block]) -> str:
    net = table.net
    kinds = {block.parts().kind for block in found}
    if kinds == {"projection"} or kinds == {None}:
        shortcut = "projection shortcuts" if None not in kinds else "no shortcuts"
    else:
        shortcut = "identity shortcuts"
        shortcut += ", zero-padded where the shape changes" * ("zero-pad" in kinds)
        shortcut += ", projections where the shape changes" * ("projection" in kinds)
    return (
        f"{net.name} for an input of {shape_text(table.input_shape)}: {len(depths)} stages of "
        f"{', '.join([str(depth) for depth in depths])} {getattr(net, 'block', 'residual')} blocks "
        f"with {shortcut}; {table.params:,} parameters, {table.macs:,} MACs, "
        f"receptive field {text(table.field)}."
    )


def title(x: float, text: str, room: float) -> str:
    """A heading at the top, squeezed if it would be wider than `room`."""
    wide = 9.8 * len(text) > room
    squeeze = f' textLength="{room}" lengthAdjust="spacingAndGlyphs"' if wide else ""
    return f'<text x="{x}" y="14" class="rl-title"{squeeze}>{escape(text)}</text>'


def _heading(y: float, name: str, remark: str, shape: tuple[int, ...]) -> str:
    if len(name + remark + shape_text(shape)) > 60:  # the two would meet
        remark = remark.replace("parameters", "params")
    return (
        f'<text x="{MARGIN}" y="{y}"><tspan class="rl-strong">{name}</tspan>'
        f'<tspan class="rl-small rl-quiet" dx="6">{remark}</tspan></text>'
        f"{write(WIDTH - MARGIN, y, shape_text(shape), 'rl-end')}"
    )


def _stage(found: list[Block], depth: int, size: int, y: int, dims: int) -> tuple[str, int]:
    """A stage from `y` down, and where it ends: its first block opened up, below it all in rows."""
    pair = [(block, block.parts()) for block in found[:2]]
    first, parts = pair[0]
    middle = round(min(22, max(3, (2.3 if dims == 2 else 0.7) * size**0.5)))
    tall, left, top = 2 * middle, MARGIN + 8, y + 57
    widths = []
    for layer in first.main_path(parts.main):
        if layer.kind == "conv":
            widths.append(round(max(2, min(28, 0.36 * (layer.channels or 0) ** 0.5)), 1))
    wide = round(sum(widths) + 1.5 * len(widths) - 1.5, 1)
    pitch = wide + 9
    per_row = int((WIDTH - MARGIN - left) // pitch)

    opened, end = _opened(first, parts, left, y + 21, dims)
    picture = (
        f'<path class="rl-lens" d="M{MARGIN} {y}H{end}V{y + 37}L{left + wide} {top}'
        f'H{left}L{MARGIN} {y + 37}Z"/>{opened}'
    )
    bars = ""
    for width in widths:
        bars += f"v{tall}h{width}v-{tall}zm{round(width + 1.5, 1)} 0"
    arc = f"v-{middle + 2}q0 -5 5 -5h{round(wide - 5, 1)}q5 0 5 5v{middle + 2}"
    lines = [line_css(*each) if each[1].join else "" for each in pair]
    for index in range(depth):
        row, column = index // per_row, index % per_row
        x, y = round(left + column * pitch, 1), top + row * (tall + 16)
        if column == 0:
            end = round(left + min(per_row, depth - index) * pitch, 1)
            picture += _line(MARGIN, y + middle, end)
        css = lines[min(index, 1)]
        picture += f'<g class="rl-block"><path class="rl-conv" d="M{x} {y}{bars}"/>'
        if css:
            picture += f'<path class="{css}" d="M{round(x - 2.5, 1)} {y + middle}{arc}"/>'
        picture += "</g>"
    return picture, y + tall


def _line(x: float, y: float, end: float) -> str:
    return f'<path class="rl-line-muted" d="M{x} {y}H{end}"/>'


def _opened(block: Block, parts: Branches, x: int, y: int, dims: int) -> tuple[str, int]:
    """A block opened up into its layers on a line at `y`, and where it ends."""
    before, fork = _layers(parts.before, x, y, dims)
    main, end = _layers(block.main_path(parts.main), fork + 4, y, dims)
    picture = _line(MARGIN, y, x) + before + _line(fork, y, fork + 4) + main
    if parts.join:
        projected = parts.kind == "projection"
        label = layer_text(parts.shortcut[0], dims) if projected else str(parts.kind)
        middle, half = (fork + end) // 2 + 4, 3 * len(label) + 4
        sign = "v10" if parts.join.kind == "add" else "m-2 2h4m-4 6h4"
        picture += (
            f'<path class="{line_css(block, parts)}" d="M{fork} {y}v-9q0 -5 5 -5H{middle - half}'
            f'M{middle + half} {y - 14}H{end + 3}q5 0 5 5v4"/>'
            f"{write(middle, y - 11, label, 'rl-small rl-middle')}"
            f'<path class="rl-line-muted" d="M{end} {y}h13m-5 -5a5 5 0 1 0 .1 0{sign}"/>'
        )
        end += 13
    after, end = _layers(parts.after, end, y, dims)
    return picture + after + _line(end, y, end + 8), end + 8


def _layers(layers: list[Layer], x: int, y: int, dims: int) -> tuple[str, int]:
    """Layers side by side on a line at `y`, and where they end."""
    line, signs, boxes = f"M{x} {y}", "", ""
    for layer in layers:
        if layer.kind in SIGNS:
            run, sign, width = SIGNS[layer.kind]
            line += run
            signs += f"M{x} {y}{sign}"
            x += width
        elif layer.kind in KINDS:
            text = layer_text(layer, dims)
            width = 6 * len(text) + 4
            line += f"h5m{width} 0"
            boxes += (
                f'<rect class="rl-soft rl-{KINDS[layer.kind]}" x="{x + 5}" y="{y - 9}" '
                f'width="{width}" height="18" rx="3"/>'
                f"{write(x + 5 + width // 2, y + 4, text, 'rl-small rl-middle')}"
            )
            x += 5 + width
    return f'<path class="rl-line-muted" d="{line}"/><path class="rl-sign" d="{signs}"/>{boxes}', x


def shortcut_marks(found: list[tuple[Block, Branches]]) -> list[str]:
    """The meanings of lines that a legend has to explain for these blocks."""
    joined = [(block, parts) for block, parts in found if parts.join]
    kinds = {parts.kind for _, parts in joined}
    marks = ["identity"] if kinds - {"projection"} else []
    marks += ["projection"] if "projection" in kinds else []
    return marks + ["dashed"] * any([block.changes_shape() for block, _ in joined])


def legend(names: list[str], y: int) -> tuple[str, int]:
    """What the marks mean, in lines from `y` on, and the height below them."""
    picture, x = "", MARGIN
    for name in names:
        text = MEANINGS[name]
        width = 34 + 6 * len(text)
        if x + width > WIDTH:
            x, y = MARGIN, y + 17
        if name in SIGNS:
            mark = f'<path class="rl-sign" d="M{x + 3} {y - 4}{SIGNS[name][1]}"/>'
        elif name in ("identity", "projection", "dashed"):
            css = "muted rl-dashed" if name == "dashed" else name
            mark = f'<path class="rl-line-{css}" d="M{x} {y}v-3q0 -4 4 -4h8q4 0 4 4v3"/>'
        else:
            place = f'x="{x + 2}" y="{y - 9}"'
            mark = f'<rect class="rl-{name}" {place} width="12" height="10" rx="1"/>'
        picture += mark + write(x + 21, y, text, "rl-small rl-quiet")
        x += width
    return picture, y + 8
