"""Whole networks: one as a picture, several side by side, their counts as bars."""

from __future__ import annotations

from dataclasses import replace

from ..architecture import Layer
from ..tracing import Trace, shape_text
from .layers import KINDS, MEANINGS, SIGNS, layer_text
from .svg import WIDTH, escape, short, svg, write

MARGIN = 4


def network(table: Trace) -> str:
    """A residual network as a picture: stem, stages of blocks with their shortcuts, head.

    Every convolution is a bar: the taller, the larger its feature map; the wider, the more channels. A block is its
    bars under the arc of its shortcut, dashed where the shape changes, as in the paper's figure 3. The first block of
    each stage is opened up into its layers. table: the trace of a `ResNet`; raises TypeError for a net without blocks.

    >>> from resnet_lab import resnet, trace
    >>> "4 stages of 2, 2, 2, 2 basic blocks" in network(trace(resnet(18), (3, 224, 224)))
    True
    """
    net = table.net
    if not hasattr(net, "stages"):
        raise TypeError(
            f"{net.name} has no residual blocks to draw; `compare` draws it beside other networks"
        )
    stem, stages, head = [], {}, []
    for part in [piece.part for piece in table.pieces]:
        if not isinstance(part, Layer):
            stages.setdefault(part.name.split(".")[0], []).append(part)
        else:
            (head if stages else stem).append(part)
    rows = {row.name: row for row in table.groups("stage")}

    body = (
        _title(MARGIN, net.name, 200)
        + write(
            WIDTH - MARGIN,
            14,
            f"{short(table.params)} parameters, {short(table.macs)} MACs",
            "rl-end",
        )
        + _heading(42, "input", "", table.input_shape)
        + _heading(62, "stem", "", rows[stem[-1].name].output_shape)
        + _layers(stem, MARGIN, 80, net.dims)[0]
    )
    y = 112
    for number, ((name, pair), depth) in enumerate(zip(stages.items(), net.depths), 1):
        row = rows[name]
        picture, below = _stage(pair, depth, max(row.output_shape[1:]), y + 9, net.dims)
        remark = f"{depth} block{'s' * (depth > 1)}, {short(row.params)} parameters, {short(row.macs)} MACs"
        body += _heading(y, f"stage {number}", remark, row.output_shape) + picture
        y = below + 26
    body += _heading(y, "head", "", table.output_shape) + _layers(head, MARGIN, y + 18, net.dims)[0]
    blocks = [block for pair in stages.values() for block in pair]
    legend, y = _legend(["conv", "batchnorm", "relu"] + _shortcuts(blocks), y + 48)
    return svg(y, _network_label(table), body + legend)


def _network_label(table) -> str:
    net = table.net
    shortcut = {
        "A": "identity shortcuts, zero-padded where the shape changes",
        "B": "identity shortcuts, projections where the shape changes",
        "C": "projection shortcuts",
        "none": "no shortcuts",
    }[net.shortcut]
    depths = ", ".join([str(depth) for depth in net.depths])
    return (
        f"{net.name} for an input of {shape_text(table.input_shape)}: {len(net.depths)} stages of {depths} "
        f"{net.block} blocks with {shortcut}; {table.params:,} parameters, {table.macs:,} MACs, "
        f"receptive field {table.receptive_field:,}."
    )


def _title(x, text, room) -> str:
    """A heading at the top, squeezed if it would be wider than `room`."""
    squeeze = (
        f' textLength="{room}" lengthAdjust="spacingAndGlyphs"' if 9.8 * len(text) > room else ""
    )
    return f'<text x="{x}" y="14" class="rl-title"{squeeze}>{escape(text)}</text>'


def _heading(y, name, remark, shape) -> str:
    return (
        f'<text x="{MARGIN}" y="{y}"><tspan class="rl-strong">{name}</tspan>'
        f'<tspan class="rl-small rl-quiet" dx="6">{remark}</tspan></text>'
        f"{write(WIDTH - MARGIN, y, shape_text(shape), 'rl-end')}"
    )


def _stage(pair, depth, size, y, dims) -> tuple:
    """A stage from `y` down, and where it ends: its first block opened up, and below it all its blocks in rows."""
    first = pair[0]
    middle = round(min(22, max(3, (2.3 if dims == 2 else 0.7) * size**0.5)))
    tall, left, top = 2 * middle, MARGIN + 8, y + 57
    widths = [
        round(max(2, min(28, 0.36 * layer.out_channels**0.5)), 1)
        for layer in first.main
        if layer.kind == "conv"
    ]
    wide = round(sum(widths) + 1.5 * len(widths) - 1.5, 1)
    pitch = wide + 9
    per_row = int((WIDTH - MARGIN - left) // pitch)

    opened, end = _opened(first, left, y + 21, dims)
    picture = (
        f'<path class="rl-lens" d="M{MARGIN} {y}H{end}V{y + 37}L{left + wide} {top}H{left}L{MARGIN} {y + 37}Z"/>'
        + opened
    )
    bars = ""
    for width in widths:
        bars += f"v{tall}h{width}v-{tall}zm{round(width + 1.5, 1)} 0"
    arc = f"v-{middle + 2}q0 -5 5 -5h{round(wide - 5, 1)}q5 0 5 5v{middle + 2}"
    for index in range(depth):
        row, column = index // per_row, index % per_row
        x, y = round(left + column * pitch, 1), top + row * (tall + 16)
        if column == 0:
            picture += _line(
                MARGIN, y + middle, round(left + min(per_row, depth - index) * pitch, 1)
            )
        block = pair[min(index, 1)]
        picture += f'<g class="rl-block"><path class="rl-conv" d="M{x} {y}{bars}"/>'
        if block.shortcut:
            picture += (
                f'<path class="{_line_css(block)}" d="M{round(x - 2.5, 1)} {y + middle}{arc}"/>'
            )
        picture += "</g>"
    return picture, y + tall


def _changes_shape(block) -> bool:
    return block.stride > 1 or block.in_channels != block.out_channels


def _line_css(block) -> str:
    """How a block's shortcut is drawn: its colour says what stands in it, dashes say that the shape changes."""
    return (
        f"rl-line-{'projection' if block.projection else 'identity'}"
        + " rl-dashed" * _changes_shape(block)
    )


def _line(x, y, end) -> str:
    return f'<path class="rl-line-muted" d="M{x} {y}H{end}"/>'


def _opened(block, x, y, dims) -> tuple:
    """A block opened up into its layers on a line at `y`, and where it ends."""
    before, fork = _layers(block.before, x, y, dims)
    main, end = _layers(block.main, fork + 4, y, dims)
    picture = _line(MARGIN, y, x) + before + _line(fork, y, fork + 4) + main
    if block.shortcut:
        label = layer_text(block.projection[0], dims) if block.projection else block.shortcut
        middle, half = (fork + end) // 2 + 4, 3 * len(label) + 4
        join = "v10" if block.fusion == "add" else "m-2 2h4m-4 6h4"
        picture += (
            f'<path class="{_line_css(block)}" d="M{fork} {y}v-9q0 -5 5 -5H{middle - half}'
            f'M{middle + half} {y - 14}H{end + 3}q5 0 5 5v4"/>'
            f"{write(middle, y - 11, label, 'rl-small rl-middle')}"
            f'<path class="rl-line-muted" d="M{end} {y}h13m-5 -5a5 5 0 1 0 .1 0{join}"/>'
        )
        end += 13
    after, end = _layers(block.after, end, y, dims)
    return picture + after + _line(end, y, end + 8), end + 8


def _layers(layers, x, y, dims) -> tuple:
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
                f'<rect class="rl-soft rl-{KINDS[layer.kind]}" x="{x + 5}" y="{y - 9}" width="{width}" '
                f'height="18" rx="3"/>{write(x + 5 + width // 2, y + 4, text, "rl-small rl-middle")}'
            )
            x += 5 + width
    return f'<path class="rl-line-muted" d="{line}"/><path class="rl-sign" d="{signs}"/>{boxes}', x


def compare(tables) -> str:
    """Networks beside each other, a column each, aligned by the size of their feature maps, as in the paper's figure 3.

    Every layer of the main path is a bar, the wider, the more channels. tables: traces of any networks; up to four fit.

    >>> from resnet_lab import plain, trace, vgg
    >>> "plain-34 with 34 weight layers" in compare([trace(net, (3, 224, 224)) for net in (plain(34), vgg(19))])
    True
    """
    tables = list(tables)
    columns = [_column(table) for table in tables]
    sizes = sorted({size for bars, _ in columns for size, *_ in bars}, reverse=True)
    tops, y = {}, 64
    for size in sizes:
        tops[size] = y
        y += 11 * max([sum([bar[0] == size for bar in bars]) for bars, _ in columns]) + 14
    body = [
        f'<path class="rl-rule" d="M0 {top - 7}H{WIDTH}"/>{write(0, top + 7, str(size), "rl-small rl-quiet")}'
        for size, top in tops.items()
    ]
    wide = (WIDTH - 26) // len(tables)
    for number, (table, (bars, blocks)) in enumerate(zip(tables, columns)):
        left = 26 + number * wide
        middle, right = left + wide * 64 // 100, left + wide * 94 // 100
        body += [
            _title(left, table.net.name, wide - 8),
            write(left, 31, f"{short(table.macs)} MACs", "rl-small"),
            write(left, 44, f"{short(table.params)} parameters", "rl-small"),
        ]
        free, named, places, drawn = dict(tops), set(), [], []
        for size, kind, channels, text in bars:
            top = free[size]
            free[size] += 11
            places.append(top)
            half = round(min(wide / 4, channels**0.5), 1)
            drawn.append(
                f'<rect class="rl-layer rl-{kind}" x="{round(middle - half, 1)}" y="{top}" '
                f'width="{2 * half}" height="7" rx="1"/>'
            )
            if (size, text) not in named:
                named.add((size, text))
                drawn.append(write(left, top + 7, text, "rl-small"))
        body.append(f'<path class="rl-line-muted" d="M{middle} {places[0] - 5}V{places[-1]}"/>')
        for first, last, block in blocks:
            body.append(
                f'<path class="{_line_css(block)}" d="M{middle} {places[first] - 2}H{right - 5}q5 0 5 5'
                f'V{places[last] + 4}q0 5 -5 5H{middle}"/>'
            )
        body += drawn
    blocks = [block for _, blocks in columns for *_, block in blocks]
    legend, y = _legend(["conv", "pool", "linear"] + _shortcuts(blocks), y + 8)
    label = "; ".join(
        [
            f"{table.net.name} with {table.weight_layers} weight layers, {short(table.macs)} MACs and "
            f"{short(table.params)} parameters"
            for table in tables
        ]
    )
    return svg(y, f"Side by side, aligned by feature-map size: {label}.", "".join(body) + legend)


def _column(table) -> tuple:
    """A network's main path as bars (size, colour, channels, text), its shortcuts as (first bar, last bar, block)."""
    bars, blocks, rows = [], [], {row.name: row for row in table}
    for part in table.net.parts():
        first = len(bars)
        for layer in [part] if isinstance(part, Layer) else part.main:
            row = rows[layer.name]
            if (
                layer.kind not in KINDS
                or layer.kind == "avgpool"
                and row.input_shape == row.output_shape
            ):
                continue
            text = {
                "conv": layer_text(replace(layer, stride=1), table.net.dims),
                "linear": f"fc, {layer.out_channels}",
                "maxpool": "max pool",
                "avgpool": "average",
            }[layer.kind]
            bars.append(
                (max(row.output_shape[1:], default=1), KINDS[layer.kind], row.output_shape[0], text)
            )
        if not isinstance(part, Layer) and part.shortcut:
            blocks.append((first, len(bars) - 1, part))
    return bars, blocks


def tallies(rows, note: str = "") -> str:
    """Networks' parameters and MACs as two columns of bars. rows: (name, parameters, MACs) each; the first is marked."""
    rows, columns = list(rows), (120, 262)
    most = max([row[1] for row in rows]), max([row[2] for row in rows])
    body = (
        write(MARGIN, 12, note, "rl-small rl-quiet")
        + write(columns[0], 12, "parameters", "rl-small rl-quiet")
        + write(columns[1], 12, "MACs", "rl-small rl-quiet")
    )
    y, label, css, strong = 20, "", "rl-accent", " rl-strong"
    for name, *counts in rows:
        body += write(MARGIN, y + 10, name, "rl-small" + strong)
        texts = [short(count) for count in counts]
        for column in (0, 1):
            width = round(max(1, 90 * counts[column] / most[column]), 1)
            body += (
                f'<rect class="{css}" x="{columns[column]}" y="{y + 1}" width="{width}" height="11" rx="1"/>'
                f"{write(columns[column] + width + 4, y + 10, texts[column], 'rl-small')}"
            )
        label += f"{name} has {texts[0]} parameters and {texts[1]} MACs; "
        y, css, strong = y + 18, "rl-muted", ""
    return svg(y + 2, label[:-2] + ".", body)


def _shortcuts(blocks) -> list:
    """The meanings of lines that a legend has to explain for these blocks."""
    blocks = [block for block in blocks if block.shortcut]
    return [
        name
        for name, there in (
            ("identity", any([not block.projection for block in blocks])),
            ("projection", any([block.projection for block in blocks])),
            ("dashed", any([_changes_shape(block) for block in blocks])),
        )
        if there
    ]


def _legend(names, y) -> tuple:
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
            mark = (
                f'<rect class="rl-{name}" x="{x + 2}" y="{y - 9}" width="12" height="10" rx="1"/>'
            )
        picture += mark + write(x + 21, y, text, "rl-small rl-quiet")
        x += width
    return picture, y + 8
