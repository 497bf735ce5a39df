"""Pictures as SVG text: networks, and the arithmetic of their layers. Nothing is computed here but places on the page.

A picture stands alone: it carries its style, takes the page's colours (`--rl-conv` and its kin) where the page sets
them, works on light and on dark, says what it shows in its label, and is about 400 units wide, so that its text can be
read on a phone. A colour means the same thing in every picture of the book.
"""

from __future__ import annotations

from dataclasses import replace

from .architecture import Layer
from .arithmetic import ReceptiveField, conv_output_size
from .convolutions import shuffle
from .tracing import Trace, shape_text

WIDTH = 400

# Okabe and Ito's palette, which colour-blind readers can tell apart; text always has the page's own colour.
COLOURS = {
    "conv": "#0072b2",
    "pool": "#cc79a7",
    "identity": "#009e73",
    "projection": "#d55e00",
    "residual": "#56b4e9",
    "linear": "#e69f00",
    "accent": "#0072b2",
    "muted": "#7f7f7f",
}

# rl-conv ... fill with a meaning's colour; rl-line-conv ... draw a line in it; rl-small, rl-strong, rl-quiet are for
# text, as is rl-label, which is larger on a phone, where the picture is smaller.
STYLE = (
    ".rl-svg{display:block;width:100%;max-width:30rem;height:auto;margin:0 auto;font:12px system-ui,sans-serif}"
    ".rl-svg text{fill:currentColor}.rl-svg .rl-title{font-size:15px;font-weight:600}.rl-svg .rl-small{font-size:10px}"
    ".rl-svg .rl-label{font-size:11px}@media(max-width:500px){.rl-svg .rl-label{font-size:15px}}"
    ".rl-svg .rl-strong{font-weight:600}.rl-svg .rl-quiet{opacity:.7}"
    ".rl-svg .rl-end{text-anchor:end}.rl-svg .rl-middle{text-anchor:middle}"
    ".rl-svg [class*=rl-line-]{fill:none;stroke-width:1.5}.rl-svg .rl-dashed{stroke-dasharray:3 2}"
    ".rl-svg .rl-soft{fill-opacity:.22}.rl-svg .rl-lens{fill:currentColor;opacity:.06}"
    ".rl-svg .rl-sign{fill:none;stroke:currentColor;stroke-width:1.2}.rl-svg .rl-rule{stroke:currentColor;opacity:.15}"
    + "".join(
        [
            f".rl-{name}{{fill:var(--rl-{name},{colour})}}.rl-line-{name}{{stroke:var(--rl-{name},{colour})}}"
            for name, colour in COLOURS.items()
        ]
    )
)


def svg(height: float, label: str, body: str, width: float = WIDTH) -> str:
    """A whole picture of `body`, `width` by `height` units. label: one sentence, what it shows with its result."""
    box, label = f"0 0 {round(width, 1)} {round(height, 1)}", escape(label)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rl-svg" viewBox="{box}" role="img" aria-label="{label}">'
        f"<title>{label}</title><style>{STYLE}</style>{body}</svg>"
    )


def escape(text: str) -> str:
    """`text` as it may stand in SVG, also inside quotation marks."""
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


def write(x: float, y: float, text: str, css: str = "") -> str:
    """A text whose baseline starts at (x, y). css: of rl-small, rl-strong, rl-quiet, rl-middle, rl-end."""
    return f'<text x="{round(x, 1)}" y="{round(y, 1)}" class="{css}">{escape(text)}</text>'


def short(number: float) -> str:
    """A count in three figures: 25.6 M, 4.09 G, 936."""
    for unit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= 0.9995 * unit:
            value = (
                number / unit * (1 + 1e-12)
            )  # a hair more: CPython and the page round an exact half differently
            return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{name}"
    return f"{number:g}"


# ---------------------------------------------------------------------------------------------------------- networks

MARGIN = 4
KINDS = {"conv": "conv", "linear": "linear", "maxpool": "pool", "avgpool": "pool"}
MEANINGS = {
    "conv": "convolution",
    "pool": "pooling",
    "linear": "fully connected",
    "batchnorm": "BatchNorm",
    "relu": "ReLU",
    "identity": "identity shortcut",
    "projection": "projection shortcut",
    "dashed": "shape changes",
}


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


def layer_text(layer, dims: int = 2) -> str:
    """A layer in the paper's words: 3×3, 128, /2. A layer of a signal's net is named as its image form, 1×3."""
    kernel = f"{layer.kernel if dims == 2 else 1}×{layer.kernel}"
    step = f", /{layer.stride}" if layer.stride > 1 else ""
    if layer.kind == "conv":
        return f"{kernel}, {layer.out_channels}{step}"
    if layer.kind == "linear":
        return f"linear, {layer.out_channels}"
    if layer.output_size == 1:
        return "global average"
    return f"{'max' if layer.kind == 'maxpool' else 'average'} pool {kernel}{step}"


# What has no box. Each: how the line runs on beside it, its drawing, its width.
SIGNS = {"batchnorm": ("h3m4 0h3", "m3 -5h4v10h-4z", 10), "relu": ("h2m9 0h2", "m3 4h3l5 -8", 13)}


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


# ------------------------------------------------------------------------------------------------------------ a block
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


# -------------------------------------------------------------------------------------------------------- arithmetic
def squares(lefts, top: float, side: float) -> str:
    """The path of squares of this side whose left edges lie at `lefts`."""
    square = f"h{side}v{side}h-{side}z"
    return "".join([f"M{left} {top}{square}" for left in lefts])


def kernel_positions(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> str:
    """A row of pixels, under it every position that the kernel takes, one a line, and under these the output's pixels.

    Dots are the pixels that a position reads; empty cells are padding (or, with ceil_mode, lie beyond it); crossed
    pixels are read by no position. A long row is shown by its two ends. Arguments and errors: those of
    `arithmetic.conv_output_size`.

    >>> "output: 2 pixels" in kernel_positions(5, 3, stride=2)
    True
    """
    outputs = conv_output_size(size, kernel, stride, padding, dilation, ceil_mode)
    span = ReceptiveField().through(kernel, stride, padding, dilation).size
    starts = range(-padding, outputs * stride - padding, stride)
    if (
        dilation == 1 and stride <= kernel
    ):  # no holes: only pixels after the last position can be missed
        unread = [*range(max(0, starts[-1] + span), size)]
    else:
        read = {start + tap for start in starts for tap in range(0, span, dilation)}
        unread = [pixel for pixel in range(size) if pixel not in read]

    # Pixels from `left` to `right` are left out, and with them the positions that are not wholly in sight.
    first, end = -padding, max(size + padding, starts[-1] + span)
    window = max(16, span + 2 * stride)
    left, right = (first + window, end - window) if end - first > 2 * window + 6 else (end, end)
    gap = 2 if left < right else 0
    shown = [*range(first, left), *range(right, end)]
    before = [start for start in starts if start + span <= left]
    after = [start for start in starts if start >= right]

    # Lengths in halves of a unit make short numbers, and those are quick to write.
    places, lines = len(shown) + gap, len(before) + len(after) + gap
    cell, pitch = min(20, 2 * WIDTH // places / 2), min(12, 400 // lines / 2)
    side, top = cell - (2 if cell > 12 else 1), 18
    margin = (WIDTH - cell * places) / 2
    x = {
        pixel: margin + (place + gap * (pixel >= right)) * cell for place, pixel in enumerate(shown)
    }
    y = top + cell + 5 + pitch / 2
    rows = [(x[start], y + row * pitch) for row, start in enumerate(before)]
    rows += [(x[start], y + (lines - len(after) + row) * pitch) for row, start in enumerate(after)]
    bottom = rows[-1][1] + pitch / 2 + 5
    middle, half = side / 2, (span - 1) * cell / 2
    dots = "h0" + f"m{dilation * cell} 0h0" * (kernel - 1)
    cross = f"l{side} {side}m0-{side}l-{side} {side}"

    in_text = f"input: {count(size, 'pixel')}" + f", {padding} of padding on each side" * (
        padding > 0
    )
    out_text = f"output: {count(outputs, 'pixel')}" + (
        f"; {len(unread):,} of the input never read" if unread else ""
    )
    body = [
        write(WIDTH / 2, 11, in_text, "rl-label rl-middle"),
        f'<path class="rl-muted" fill-opacity=".35" d="{squares([x[p] for p in shown if 0 <= p < size], top, side)}"/>',
        f'<path class="rl-line-muted" style="stroke-width:.8" '
        f'd="{squares([x[p] for p in shown if not 0 <= p < size], top, side)}"/>',
        '<path class="rl-line-projection" d="'
        + "".join([f"M{x[p]} {top}{cross}" for p in unread if p in x])
        + '"/>',
        '<path class="rl-line-muted" stroke-opacity=".35" d="'
        + "".join([f"M{left + half + middle} {y}V{bottom}" for left, y in rows])
        + '"/>',
        f'<path class="rl-line-conv" stroke-opacity=".3" stroke-linecap="round" style="stroke-width:{pitch * 0.75}" d="'
        + "".join([f"M{left + middle} {y}h{2 * half}" for left, y in rows])
        + '"/>',
        f'<path class="rl-line-conv" stroke-linecap="round" style="stroke-width:{min(pitch, cell) * 0.625}" d="'
        + "".join([f"M{left + middle} {y}{dots}" for left, y in rows])
        + '"/>',
        f'<path class="rl-conv" d="{squares([left + half for left, y in rows], bottom, side)}"/>',
    ]
    if gap:
        body += [write(WIDTH / 2, y + cell // 2 + 3, "⋯", "rl-middle") for y in (top, bottom)]
    body.append(write(WIDTH / 2, bottom + cell + 13, out_text, "rl-label rl-middle"))
    return svg(bottom + cell + 20, f"{in_text[0].upper()}{in_text[1:]}; {out_text}", "".join(body))


def count(number: int, noun: str) -> str:
    """A number and its noun: 1 pixel, 1,000 pixels."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def receptive_field_cone(
    layers, size: int | None = None, output: int | None = None, names=None
) -> str:
    """The pixels that one output pixel sees, row by row through a stack of layers, the input on top.

    layers: tuples (kernel, stride=1, padding=0, dilation=1), as for `arithmetic.receptive_field`. Every row is drawn on
    the input's scale: its cells are as wide as its stride, and a band where cells would be too narrow. The number beside
    a row counts its pixels from the first to the last that is seen. size: of the input; what lies outside is padding;
    None stands for a row without end. output: the output pixel to follow, by default the middle one. names: a text for
    each layer.
    Raises ValueError if the input of `size` is too small for the stack, or has no such output pixel.

    >>> "sees 7 pixels" in receptive_field_cone([(3,), (3,), (3,)])
    True
    """
    layers = [(*layer, *(1, 1, 0, 1)[len(layer) :]) for layer in layers]
    fields, sizes = [ReceptiveField()], [size]
    for kernel, stride, padding, dilation in layers:
        fields.append(fields[-1].through(kernel, stride, padding, dilation))
        sizes.append(size and conv_output_size(sizes[-1], kernel, stride, padding, dilation))
    if output is None:
        output = (sizes[-1] or 0) // 2
    if size and not 0 <= output < sizes[-1]:
        raise ValueError(f"output is {output}; the stack has output pixels 0 to {sizes[-1] - 1}")

    seen = [[(output, output + 1)]]  # for every row, from the output up, the runs of pixels seen
    for kernel, stride, padding, dilation in reversed(layers):
        seen.append(read_by(seen[-1], kernel, stride, padding, dilation))
    seen.reverse()

    field = fields[-1]
    start = output * field.stride - field.padding  # in input pixels, as everything that follows
    end = start + field.size
    around = max(1, field.stride, field.size // 8)
    low, high = start - around, end + around
    if size and size < 2 * field.size:
        low, high = min(low, 0), max(high, size)
    unit = min(24, (WIDTH - 40) / (high - low))
    origin = (WIDTH - 40 - unit * (high + low)) / 2
    pitch = max(20, min(46, 300 // len(layers)))
    thick = min(12, pitch - 11)

    body, cone, edges = [], [], None
    for row, (level, length, cells) in enumerate(zip(fields, sizes, seen)):
        y, step = 32 + row * pitch, level.stride
        zero = (level.size - step) / 2 - level.padding  # where the row's first cell begins
        gap = min(1.5 / unit, step / 6) if step * unit > 3 else 0
        style = f"stroke-width:{thick};stroke-dasharray:{step - gap} {gap};stroke-dashoffset:"

        def strip(parts, css, opacity):
            """Parts of the row, each from one input pixel to another; the dashes are its cells."""
            path = "".join(
                [f"M{first} {y + thick / 2}H{end}" for first, end in parts if first < end]
            )
            cut = (parts[0][0] - zero) % step
            return (
                f'<path class="{css}" stroke-opacity="{opacity}" style="{style}{cut}" d="{path}"/>'
            )

        left, right = (zero, zero + length * step) if length else (low, high)
        parts = [(zero + first * step, zero + end * step) for first, end in cells]
        body += [
            strip([(max(low, left), min(high, right))], "rl-line-muted", 0.35),
            strip(parts, "rl-line-conv", 0.3 if length else 1),
        ]
        if length:
            body.append(
                strip(
                    [(max(first, left), min(end, right)) for first, end in parts], "rl-line-conv", 1
                )
            )
        if edges:
            cone.append(
                f"M{edges[0]} {y - pitch + thick}H{edges[1]}L{parts[-1][1]} {y}H{parts[0][0]}z"
            )
        edges = parts[0][0], parts[-1][1]
    body = [
        f'<g transform="translate({origin:.6g} 0) scale({unit:.6g} 1)"><path class="rl-conv" fill-opacity=".12" '
        f'd="{"".join(cone)}"/>',
        *body,
        "</g>",
    ]

    if names is None:
        names = [
            f"layer {number}: {kernel_text(kernel, stride, dilation)}"
            for number, (kernel, stride, _, dilation) in enumerate(layers, 1)
        ]
    css = "rl-label" if pitch > 30 else "rl-small"
    body += [
        write(0, 35 + row * pitch - (pitch - thick) / 2, name, css)
        for row, name in enumerate(names, 1)
        if name
    ]
    for row, cells in enumerate(seen):
        css = "rl-label rl-end" if row else "rl-label rl-end rl-strong"
        body.append(
            write(WIDTH, 36 + row * pitch + thick / 2, f"{cells[-1][1] - cells[0][0]:,}", css)
        )
    body.append(write(WIDTH, 18, "seen", "rl-label rl-quiet rl-end"))
    left, right = origin + start * unit, origin + end * unit
    body.append(f'<path class="rl-line-muted" d="M{left:.6g} 28v-5H{right:.6g}v5"/>')
    width = count(field.size, "pixel")
    body.append(write((left + right) // 2, 18, width, "rl-label rl-middle rl-strong"))

    read = sum([end - first for first, end in seen[0]])
    outside = field.size - max(0, min(end, size) - max(start, 0)) if size else 0
    remark = ", ".join(
        [f"{read:,} of them read"] * (read < field.size)
        + [f"{outside:,} of them outside the image"] * (outside > 0)
    )
    bottom = 32 + len(layers) * pitch + thick
    if remark:
        bottom += 16
        body.append(write(WIDTH / 2, bottom, remark, "rl-label rl-middle"))
    label = f"One output pixel sees {width} of the input"
    return svg(bottom + 6, f"{label}, {remark}" if remark else label, "".join(body))


def kernel_text(kernel: int, stride: int, dilation: int) -> str:
    """A layer in words: kernel 3, stride 2."""
    return (
        f"kernel {kernel}"
        + f", stride {stride}" * (stride > 1)
        + f", dilation {dilation}" * (dilation > 1)
    )


def read_by(runs, kernel: int, stride: int, padding: int, dilation: int) -> list:
    """The pixels that a layer reads for its output pixels in `runs`; both are runs (first, end) of pixels, in order."""
    pieces, span = [], dilation * (kernel - 1) + 1
    for first, end in runs:
        if dilation == 1 and stride <= kernel or stride == 1 and dilation <= end - first:
            pieces.append((first * stride, (end - 1) * stride + span))  # no holes
        else:
            pieces += [
                (pixel * stride + tap, pixel * stride + tap + 1)
                for pixel in range(first, end)
                for tap in range(0, span, dilation)
            ]
    found = []
    for first, end in sorted(pieces):
        if found and first - padding <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end - padding)
        else:
            found.append((first - padding, end - padding))
    return found


def bars(label: str, groups) -> str:
    """Labelled bars, each of one or more parts end to end. Within a group all bars have one scale.

    groups: (heading, bars) each; bars: (text, parts) each; parts: a dict from a part's name to its value. Parts of one
    name have one shade. label: what the picture shows, in a sentence.
    """
    body, y, names = [], 0, []
    for heading, lines in groups:
        y += 16
        body.append(write(0, y, heading, "rl-label rl-strong"))
        longest = max([sum(parts.values()) for _, parts in lines])
        for text, parts in lines:
            y += 18
            total = sum(parts.values())
            body += [
                write(0, y, text, "rl-label"),
                write(WIDTH, y, f"{total:,}", "rl-label rl-end"),
            ]
            y += 5
            x = 0
            for name, value in parts.items():
                if name not in names:
                    names.append(name)
                width = WIDTH * value / longest
                body.append(
                    f'<rect class="rl-conv" fill-opacity="{SHADES[names.index(name)]}" x="{x:.5g}" y="{y}" '
                    f'width="{width:.5g}" height="14"/>'
                )
                x += width
            y += 14
        y += 12
    if len(names) > 1:
        x = 0
        for name, shade in zip(names, SHADES):
            body.append(
                f'<rect class="rl-conv" fill-opacity="{shade}" x="{x}" y="{y}" width="10" height="10"/>'
            )
            body.append(write(x + 14, y + 10, name, "rl-label"))
            x += 40 + 6 * len(name)
        y += 16
    return svg(y, label, "".join(body))


SHADES = (1, 0.45, 0.2)


# ---------------------------------------------------------------------------------------------- cheaper convolutions
def channel_tables(layers, bill, chosen: str, label: str) -> str:
    """Convolutions one after the other, each as a table of channels under its kernel; below, what every kind costs.

    A table has a column for each input channel and a row for each output channel, filled where the output reads the input: its
    filled area times the kernel's is the number of weights. layers: of `convolutions.Convolution`; bill: a dict from
    a kind's text to its parameters; chosen: the kind drawn in full colour; label: the result in a sentence.
    """
    side, foot = 96 / max([layer.in_channels for layer in layers]), 168
    body = [
        write(0, 12, "kernel", "rl-small rl-quiet"),
        write(0, 60, "channels read", "rl-small rl-quiet"),
    ]
    for place, layer in enumerate(layers):
        wide, tall, left, top = (
            side * layer.in_channels,
            side * layer.out_channels,
            84 + 108 * place,
            52,
        )
        high, across = layer.kernel
        cells = squares([left + 6 * column for column in range(across)], 0, 5)
        body += [
            f'<g transform="translate(0 {3 + 6 * row})"><path class="rl-conv" fill-opacity=".45" d="{cells}"/></g>'
            for row in range(high)
        ]
        text = f"{high} × {across}" + ", shuffled" * layer.shuffled
        body += [
            write(left + 6 * across + 4, 12, text, "rl-small"),
            write(left, foot, f"{layer.in_channels} → {layer.out_channels}", "rl-small"),
            f'<path class="rl-line-muted" style="stroke-width:.8" d="M{left} {top}h{wide:g}v{tall:g}h-{wide:g}z"/>',
        ]
        if layer.groups > 32:
            body.append(f'<path class="rl-line-conv" d="M{left} {top}l{wide:g} {tall:g}"/>')
        else:
            step, drop = wide / layer.groups, tall / layer.groups
            body.append(
                '<path class="rl-conv" d="'
                + "".join(
                    [
                        f"M{left + step * group:g} {top + drop * group:g}h{step:g}v{drop:g}h-{step:g}z"
                        for group in range(layer.groups)
                    ]
                )
                + '"/>'
            )
    longest, y = max(bill.values()), foot + 20
    body.append(write(0, y, "parameters", "rl-strong"))
    for text, params in bill.items():
        y += 18
        css = " rl-strong" * (text == chosen)
        body += [
            write(0, y, text, css),
            f'<rect class="rl-conv" fill-opacity="{1 if text == chosen else 0.35}" x="128" y="{y - 10}" '
            f'width="{max(1, 2040 * params // longest / 10)}" height="12"/>',
            write(WIDTH, y, f"{params:,}", "rl-end" + css),
        ]
    return svg(y + 8, label, "".join(body))


def shares(label: str, names, rows) -> str:
    """Pairs of bars on one scale. names: of the two bars; rows: (text, share, share), 1 being the whole."""
    body, longest = [], max([share for _, *pair in rows for share in pair])
    for place, name in enumerate(names):
        body += [
            f'<rect class="rl-conv" fill-opacity="{SHADES[place]}" x="{120 + 130 * place}" y="2" width="10" height="10"/>',
            write(135 + 130 * place, 11, name, "rl-small"),
        ]
    y = 24
    for text, *pair in rows:
        body.append(write(0, y + 14, text))
        for place, share in enumerate(pair):
            body += [
                f'<rect class="rl-conv" fill-opacity="{SHADES[place]}" x="120" y="{y + 10 * place}" width="{max(1, 220 * share / longest):.4g}" '
                'height="9"/>',
                write(WIDTH, y + 8 + 10 * place, f"{100 * share:.3g} %", "rl-small rl-end"),
            ]
        y += 28
    return svg(y, label, "".join(body))


def channel_shuffle(channels: int, groups: int) -> str:
    """Where a shuffle sends each channel: the groups above, the shuffled groups below, the first group's way in colour."""
    wide = channels // groups
    pitch = min(28, (WIDTH - 64 - 8 * (groups - 1)) / channels)

    def x(place):
        return 64 + pitch * place + 8 * (place // wide)

    lines, cells = "", [write(0, 20, "before", "rl-small"), write(0, 106, "after", "rl-small")]
    for place, source in enumerate(shuffle(channels, groups)):
        for position, channel, y in ((source, source, 6), (place, source, 92)):
            first = channel < wide
            cells.append(
                f'<rect class="rl-{"conv" if first else "muted"}" fill-opacity="{0.45 if first else 0.2}" x="{x(position):.5g}" '
                f'y="{y}" width="{pitch - 2:.4g}" height="20"/>'
                + write(x(position) + pitch / 2 - 1, y + 14, str(channel), "rl-small rl-middle")
            )
        lines += (
            f'<path class="rl-line-{"conv" if source < wide else "muted"}" stroke-opacity="{1 if source < wide else 0.5}" '
            f'd="M{x(source) + pitch / 2 - 1:.5g} 26L{x(place) + pitch / 2 - 1:.5g} 92"/>'
        )
    order = ", ".join([str(source) for source in shuffle(channels, groups)])
    return svg(
        116,
        f"{channels} channels in {groups} groups, shuffled: afterwards they stand in the order {order}",
        lines + "".join(cells),
    )


# ------------------------------------------------------------------------------------------------------------ signals
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


# ------------------------------------------------------------------------------------------------------------- ideas
def polyline(points) -> str:
    """The path through `points`, pairs of coordinates in whole units and tenths."""
    return "M" + "L".join([f"{x:.1f} {y:.1f}" for x, y in points])


def guess(curve, b: float, solution: float, x0: float, y0: float, step: float | None = None) -> str:
    """A guess at the solution of f(x) = b: the residual as a solid upright line, the error as a dashed level one.

    curve: points (x, f(x)) from left to right; x0, y0: the guess and f of it; step: Newton's, drawn with its tangent.
    """
    height, top = 200, 16
    low, high = max(min([y for _, y in curve]), b - 5), min(max([y for _, y in curve]), b + 5)
    low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
    left, right = curve[0][0], curve[-1][0]

    def place(x, y):
        return (x - left) / (right - left) * WIDTH, (high - y) / (high - low) * height

    (gx, gy), (sx, sy) = place(x0, y0), place(solution, b)
    r, e = b - y0, solution - x0
    solid = 'class="rl-line-residual" style="stroke-width:5"'
    dashed = 'stroke="currentColor" stroke-width="3" stroke-dasharray="5 4" fill="none"'
    label = (
        f"At x₀ = {figures(x0)} the residual b − f(x₀) is {figures(r)}, which can be computed; "
        f"the error x − x₀ is {figures(e)}, which needs x"
    )
    plot = [
        f'<path class="rl-line-muted" style="stroke-width:1" d="M0 {sy:.1f}H{WIDTH}"/>',
        f'<path class="rl-line-muted" style="stroke-width:2" d="{polyline([place(x, y) for x, y in curve])}"/>',
        f'<path class="rl-line-muted" style="stroke-width:1" stroke-opacity=".5" d="M{gx:.1f} 0V{height}"/>',
    ]
    if step is not None:
        nx = place(x0 + step, b)[0]
        plot.append(
            f'<path class="rl-line-accent" d="M{gx:.1f} {gy:.1f}L{nx:.1f} {sy:.1f}"/>'
            f'<path class="rl-accent" d="M{nx:.1f} {sy - 6:.1f}l6 6l-6 6l-6 -6z"/>'
        )
    plot += [
        f'<circle cx="{gx:.1f}" cy="{gy:.1f}" r="4" fill="currentColor"/>',
        f'<path {solid} d="M{gx:.1f} {gy:.1f}V{sy:.1f}"/>',
        f'<path {dashed} d="M{gx:.1f} {sy:.1f}H{sx:.1f}"/>',
        f'<circle cx="{sx:.1f}" cy="{sy:.1f}" r="4" fill="none" stroke="currentColor" stroke-width="1.5"/>',
    ]
    body = [
        f'<svg y="{top}" width="{WIDTH}" height="{height}">{"".join(plot)}</svg>',
        write(0, top + sy + 14, f"b = {figures(b)}"),
        write(0, top - 5, figures(high), "rl-small rl-quiet"),
        write(WIDTH, top + height - 3, figures(low), "rl-small rl-quiet rl-end"),
        write(sx, top + sy + (17 if gy < sy or abs(gx - sx) < 14 else -9), "x", "rl-middle"),
        write(min(max(gx, 8), WIDTH - 8), top + height + 14, "x₀", "rl-middle"),
    ]
    body += [
        write(place(x, b)[0], top + height + 14, figures(x), "rl-small rl-quiet" + css)
        for x, css in ((left, ""), (right, " rl-end"))
        if abs(x - x0) > 0.3
    ]
    y = top + height + 34
    legend = [
        (solid, f"residual b − f(x₀) = {figures(r)}: can be computed"),
        (dashed, f"error x − x₀ = {figures(e)}: needs x"),
    ]
    if step is not None:
        legend.append(
            ('class="rl-line-accent"', f"Newton’s step, residual / slope = {figures(step)}")
        )
    for style, text in legend:
        body += [f'<path {style} d="M0 {y - 4}h28"/>', write(36, y, text)]
        y += 18
    return svg(y - 8, label, "".join(body))


def class_fit(points, target, fitted, distances, size: int, label: str) -> str:
    """A target and the best function of one class over `points`; below, the distance for every size, with an arrow where a
    smaller class came nearer. distances: of sizes 1, 2, 3 ...; label: the result in a sentence."""
    height, top, foot = 150, 8, 250
    low, high = min([*target, *fitted, 0]), max([*target, *fitted, 1])

    def path(values):
        return polyline(
            [
                (x * WIDTH, top + (high - value) / (high - low) * height)
                for x, value in zip(points, values)
            ]
        )

    body = [
        f'<path class="rl-line-muted" style="stroke-width:5" stroke-opacity=".5" d="{path(target)}"/>',
        f'<path class="rl-line-accent" style="stroke-width:2" d="{path(fitted)}"/>',
        '<path class="rl-line-muted" style="stroke-width:5" stroke-opacity=".5" d="M0 172h24"/>',
        '<path class="rl-line-accent" style="stroke-width:2" d="M110 172h24"/>',
        write(30, 176, "target f*"),
        write(140, 176, "the best of its class"),
        f'<path class="rl-line-muted" style="stroke-width:1" d="M0 {foot}H{WIDTH}"/>',
        write(0, 198, "distance"),
    ]
    pitch, longest = WIDTH / len(distances), max(distances)
    for place, value in enumerate(distances):
        x, bar, chosen = place * pitch + 4, 44 * value / longest, place + 1 == size
        body.append(
            f'<rect class="rl-accent" fill-opacity="{1 if chosen else 0.35}" x="{x:.1f}" y="{foot - bar:.1f}" '
            f'width="{pitch - 8:.1f}" height="{bar:.1f}"/>'
        )
        middle = x + pitch / 2 - 4
        body.append(write(middle, foot + 13, f"{place + 1}", "rl-middle" + " rl-strong" * chosen))
        if value > min(distances[: place + 1]) + 1e-9:
            body.append(write(middle, foot - bar - 2, "↑", "rl-small rl-middle rl-strong"))
    body.append(write(0, foot + 31, "size of the class; ↑ a smaller class came nearer"))
    return svg(foot + 36, label, "".join(body))


def class_regions(panels, radius: float, point, label: str) -> str:
    """For every panel, the functions of a plane that each class reaches to within `radius`, and one function as a point.

    panels: (heading, forms), forms the quadratic forms (a, b, c) of `function_classes.reach` for sizes 1, 2, 3 ...
    """
    side, body = WIDTH / len(panels) - 10, []
    turns = [(1, 0)]
    for _ in range(143):
        # The next direction, 2.5 degrees on.
        c, s = turns[-1]
        turns.append((c * 0.9990482216 - s * 0.0436193874, s * 0.9990482216 + c * 0.0436193874))
    for place, (heading, forms) in enumerate(panels):
        left = place * (side + 20)
        # A class that holds a direction reaches along it without end; 99 is well outside the picture.
        radii = [
            [
                radius / max(a * x * x + 2 * b * x * y + c * y * y, (radius / 99) ** 2) ** 0.5
                for x, y in turns
            ]
            for a, b, c in forms
        ]
        body += [
            write(left, 12, heading, "rl-strong"),
            f'<svg x="{left:g}" y="20" width="{side:g}" height="{side:g}" viewBox="-100 -100 200 200">',
            '<path class="rl-line-muted" style="stroke-width:.8" d="M-100 0H100M0-100V100"/>',
        ]
        for edge in radii[::-1]:
            path = polyline([(100 * r * x, -100 * r * y) for r, (x, y) in zip(edge, turns)])
            body.append(
                f'<path class="rl-accent" fill-opacity=".16" d="{path}z"/>'
                f'<path class="rl-line-accent" style="stroke-width:1.2" d="{path}z"/>'
            )
        body.append(
            f'<circle cx="{100 * point[0]:.1f}" cy="{-100 * point[1]:.1f}" r="3" fill="currentColor"/></svg>'
        )
        body.append(
            write(
                left + (1 + point[0]) * side / 2 + 6,
                20 + (1 - point[1]) * side / 2 - 5,
                "f*",
                "rl-strong",
            )
        )
        for size, edge in enumerate(radii, 1):
            # The number stands inside its region, where the others reach least far, on the side away from the point.
            others = [
                max([other[turn] for other in radii[: size - 1]] or [0])
                for turn in range(len(turns))
            ]
            free = [turn for turn, (x, y) in enumerate(turns) if x * point[0] + y * point[1] <= 0]
            turn = max(free, key=lambda turn: min(edge[turn], 0.9) - min(others[turn], 0.9))
            r = (min(edge[turn], 0.9) + min(others[turn], 0.9)) / 2
            x, y = turns[turn]
            body.append(
                write(
                    left + (1 + r * x) * side / 2,
                    24 + (1 - r * y) * side / 2,
                    str(size),
                    "rl-middle",
                )
            )
    return svg(side + 24, label, "".join(body))


def figures(number: float) -> str:
    """A number in three figures, with a proper minus sign."""
    return f"{number:.3g}".replace("-", "−")


# ------------------------------------------------------------------------------------------------------------- curves
def chart(label: str, series, across: str, up: str, x_ticks, y_ticks, height: float = 180) -> str:
    """Lines over two axes, each with its name at its end. Scales are linear: for a logarithmic one give logarithms.

    series: (name, css, opacity, points) each; css: a colour's name, with " rl-dashed" if wanted; name may be "".
    across, up: what the axes show; ticks: (value, text) from low to high, the first and last being the ends of the axis.
    """
    longest = max([len(name) for name, _, _, _ in series])
    left, right, top = 34, WIDTH - max(16, 8 + 5.6 * longest), 20
    (x_low, _), (x_high, _) = x_ticks[0], x_ticks[-1]
    (y_low, _), (y_high, _) = y_ticks[0], y_ticks[-1]
    x_scale, y_scale = (right - left) / (x_high - x_low), height / (y_high - y_low)

    def place(x, y):
        return left + (x - x_low) * x_scale, top + (y_high - min(max(y, y_low), y_high)) * y_scale

    body = [
        write(0, 11, up, "rl-small rl-strong"),
        write(right, top + height + 28, across, "rl-small rl-strong rl-end"),
    ]
    for value, text in y_ticks:
        y = place(x_low, value)[1]
        body += [
            f'<path class="rl-rule" d="M{left} {y:.4g}H{right:g}"/>',
            write(left - 5, y + 3.5, text, "rl-small rl-quiet rl-end"),
        ]
    for value, text in x_ticks:
        body.append(
            write(place(value, y_low)[0], top + height + 14, text, "rl-small rl-quiet rl-middle")
        )
    ends = []
    for name, css, opacity, points in series:
        path = [place(*point) for point in points]
        if len(path) == 1:
            body.append(
                f'<circle class="rl-{css.split()[0]}" cx="{path[0][0]:.4g}" cy="{path[0][1]:.4g}" r="2.5"/>'
            )
        else:
            width = 2.5 if opacity == 1 else 1.5
            body.append(
                f'<path class="rl-line-{css}" style="stroke-width:{width}" stroke-opacity="{opacity}" d="{polyline(path)}"/>'
            )
        if name:
            ends.append((path[-1][1], path[-1][0], name, opacity))
    # Names that would touch are moved apart, downwards, and back up from the axis.
    ends.sort()
    heights = [end[0] for end in ends]
    for index in range(1, len(ends)):
        heights[index] = max(heights[index], heights[index - 1] + 11)
    for index in reversed(range(len(ends))):
        heights[index] = min(
            heights[index],
            (heights[index + 1] if index + 1 < len(ends) else top + height + 11) - 11,
        )
    for (_, x, name, opacity), y in zip(ends, heights):
        body.append(
            write(x + 6, y + 3.5, name, "rl-small" if opacity == 1 else "rl-small rl-quiet")
        )
    return svg(top + height + 32, label, "".join(body))


def ticks(high: float, low: float = 0, most: int = 5) -> list:
    """Round values from `low` up to the first that reaches `high`, at most so many steps, as (value, text)."""
    step, factors = 1e-6, (2, 2.5, 2)
    index = 0
    while (high - low) / step > most:
        step *= factors[index % 3]
        index += 1
    values = [low]
    while values[-1] < high:
        values.append(low + len(values) * step)
    return [(value, f"{value:,.6g}") for value in values]


def power(exponent: int) -> str:
    """A power of ten: 10⁻³."""
    return (
        "1"
        if exponent == 0
        else "10"
        + "".join(["⁻" if sign == "-" else "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(sign)] for sign in str(exponent)])
    )


def scientific(logarithm: float) -> str:
    """The number with this log10, in two figures: 0.063, 2.5 · 10⁻⁷."""
    value = 10**logarithm
    if 1e-3 <= value < 1e3:
        return f"{value:.2g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} · {power(int(exponent))}"


def training_curves(history: dict) -> str:
    """Loss and errors of a training run, as `training.fit` records them, in two charts that stand side by side where there is room."""
    curve, steps = history["curve"], history["recipe"]["steps"]
    charts = []
    for what, key, scale in (("loss", "loss", 1), ("error, %", "error", 100)):
        series = []
        for name, css, prefix in (
            ("training", "accent", ""),
            ("validation", "muted rl-dashed", "validation_"),
        ):
            points = [
                (point["step"], scale * point[prefix + key])
                for point in curve
                if point[prefix + key] is not None
            ]
            if points:
                series.append((name, css, 1, points))
        top = max([y for _, _, _, points in series for _, y in points] + [1e-6])
        said = ", ".join([f"{name} {points[-1][1]:.3g}" for name, _, _, points in series])
        charts.append(
            chart(
                f"{what} after {curve[-1]['step'] if curve else 0} of {steps} steps: {said}",
                series,
                "step",
                what,
                ticks(steps),
                ticks(top),
            )
        )
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:1rem">'
        + "".join([f'<div style="flex:1 1 18rem">{picture}</div>' for picture in charts])
        + "</div>"
    )


# ------------------------------------------------------------------------------------------------------------- images
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
