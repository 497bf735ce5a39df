"""Several networks side by side, and their counts as bars."""

from __future__ import annotations

from ..graph import Branches
from ..tracing import Trace
from .layers import KINDS, Block, blocks, layer_text, line_css
from .networks import legend, shortcut_marks, title
from .svg import WIDTH, short, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Bar = tuple[int, str, int, str]  # size of the feature map, colour, channels, text
    Arc = tuple[int, int, Block, Branches]  # from this bar to that one


def compare(tables: Iterable[Trace]) -> str:
    """Networks in columns, aligned by the size of their feature maps, as in the paper's figure 3.

    Every layer of the main path is a bar, the wider, the more channels. Up to four traces fit.

    Example:
        >>> from resnet_lab import plain, trace, vgg
        >>> pair = [trace(net, (3, 224, 224)) for net in (plain(34), vgg(19))]
        >>> "plain-34 with 34 weight layers" in compare(pair)
        True
    """
    tables = list(tables)
    columns = [_column(table) for table in tables]
    sizes = sorted({bar[0] for bars, _ in columns for bar in bars}, reverse=True)
    tops, y = {}, 64
    for size in sizes:
        tops[size] = y
        y += 11 * max([sum([bar[0] == size for bar in bars]) for bars, _ in columns]) + 14
    body = [
        f'<path class="rl-rule" d="M0 {top - 7}H{WIDTH}"/>'
        f"{write(0, top + 7, str(size), 'rl-small rl-quiet')}"
        for size, top in tops.items()
    ]
    wide = (WIDTH - 26) // len(tables)
    for number, (table, column) in enumerate(zip(tables, columns, strict=True)):
        left = 26 + number * wide
        body += [
            title(left, table.net.name, wide - 8),
            write(left, 31, f"{short(table.macs)} MACs", "rl-small"),
            write(left, 44, f"{short(table.params)} parameters", "rl-small"),
            _bars(*column, tops, left, wide),
        ]
    arcs = [(block, parts) for _, arcs in columns for *_, block, parts in arcs]
    key, y = legend(["conv", "pool", "linear", *shortcut_marks(arcs)], y + 8)
    label = "; ".join(
        [
            f"{table.net.name} with {table.weight_layers} weight layers, {short(table.macs)} MACs "
            f"and {short(table.params)} parameters"
            for table in tables
        ]
    )
    return svg(y, f"Side by side, aligned by feature-map size: {label}.", "".join(body) + key)


def _bars(bars: list[Bar], arcs: list[Arc], tops: dict[int, int], left: int, wide: int) -> str:
    """A column's bars from the heights of their sizes down, with the arcs of the shortcuts."""
    middle, right = left + wide * 64 // 100, left + wide * 94 // 100
    free, named, places, drawn = dict(tops), set(), [], []
    for size, colour, channels, text in bars:
        top = free[size]
        free[size] += 11
        places.append(top)
        half = round(min(wide / 4, channels**0.5), 1)
        drawn.append(
            f'<rect class="rl-layer rl-{colour}" x="{round(middle - half, 1)}" y="{top}" '
            f'width="{2 * half}" height="7" rx="1"/>'
        )
        if (size, text) not in named:
            named.add((size, text))
            drawn.append(write(left, top + 7, text, "rl-small"))
    lines = [f'<path class="rl-line-muted" d="M{middle} {places[0] - 5}V{places[-1]}"/>']
    for first, last, block, parts in arcs:
        lines.append(
            f'<path class="{line_css(block, parts)}" d="M{middle} {places[first] - 2}H{right - 5}'
            f'q5 0 5 5V{places[last] + 4}q0 5 -5 5H{middle}"/>'
        )
    return "".join(lines + drawn)


def _column(table: Trace) -> tuple[list[Bar], list[Arc]]:
    """A network's main path as bars, and its shortcuts as arcs from bar to bar."""
    bars: list[Bar] = []
    arcs: list[Arc] = []
    for block in blocks(table):
        found = []
        for row in block.rows:
            layer, kind = row.layer, row.kind
            does_nothing = kind == "avgpool" and row.input_shape == row.output_shape
            if layer is None or not row.on_main_path or kind not in KINDS or does_nothing:
                continue
            words = {"linear": f"fc, {layer.channels}", "maxpool": "max pool", "avgpool": "average"}
            text = words.get(kind) or layer_text(layer, table.net.dims, strided=False)
            size, channels = max(row.output_shape[1:], default=1), row.output_shape[0]
            if KINDS[kind] == "linear":  # of every token, where there are several
                size, channels = 1, row.output_shape[-1]
            found.append((size, KINDS[kind], channels, text))
        parts = block.parts()
        for _ in range(block.copies):
            if parts.join and found:
                arcs.append((len(bars), len(bars) + len(found) - 1, block, parts))
            bars += found
    return bars, arcs
