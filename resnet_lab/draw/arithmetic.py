"""The arithmetic of a row of pixels: where a kernel stands, what an output sees, counts as bars."""

from __future__ import annotations

from ..arithmetic import ReceptiveField, conv_output_size
from ..checks import check_int
from .palette import SHADES
from .svg import WIDTH, area, count, line, rect, squares, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


# ------------------------------------------------------------------------------------ output sizes
def kernel_positions(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> str:
    """A row of pixels, under it every position the kernel takes, and under these the outputs.

    Dots are the pixels that a position reads; empty cells are padding (or, with `ceil_mode`, lie
    beyond it); crossed pixels are read by no position. A long row is shown by its two ends.

    Args: those of `arithmetic.conv_output_size`.

    Raises:
        ValueError: the kernel has no room, as in `arithmetic.conv_output_size`.

    >>> "output: 2 pixels" in kernel_positions(5, 3, stride=2)
    True
    """
    outputs = conv_output_size(size, kernel, stride, padding, dilation, ceil_mode)
    size, kernel, stride, padding, dilation = map(int, (size, kernel, stride, padding, dilation))
    span = ReceptiveField().through(kernel, stride, padding, dilation).size
    starts = range(-padding, outputs * stride - padding, stride)
    unread = _unread(size, starts, span, dilation, holes=dilation > 1 or stride > kernel)

    # Pixels from `left` to `right` are left out, and with them the positions not wholly in sight.
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

    padded = f", {padding} of padding on each side" if padding else ""
    missed = f"; {len(unread):,} of the input never read" if unread else ""
    in_text, out_text = (
        f"{count(size, 'pixel')}{padded}",
        f"output: {count(outputs, 'pixel')}{missed}",
    )
    cross = f"l{side} {side}m0-{side}l-{side} {side}"
    body = [
        write(WIDTH / 2, 11, f"input: {in_text}", "rl-label rl-middle"),
        area(squares([x[p] for p in shown if 0 <= p < size], top, side), "muted", 0.35),
        line(squares([x[p] for p in shown if not 0 <= p < size], top, side), "muted", 0.8),
        line("".join([f"M{x[p]} {top}{cross}" for p in unread if p in x]), "projection"),
        _positions(rows, bottom, (kernel, dilation, span - 1), cell, side, pitch),
        area(squares([left + (span - 1) * cell / 2 for left, y in rows], bottom, side), "conv"),
    ]
    if gap:
        body += [write(WIDTH / 2, y + cell // 2 + 3, "⋯", "rl-middle") for y in (top, bottom)]
    body.append(write(WIDTH / 2, bottom + cell + 13, out_text, "rl-label rl-middle"))
    return svg(bottom + cell + 20, f"Input: {in_text}; {out_text}", "".join(body))


def _unread(size: int, starts: range, span: int, dilation: int, holes: bool) -> list[int]:
    """The pixels that no position reads."""
    if not holes:  # only those after the last position
        return [*range(max(0, starts[-1] + span), size)]
    read = {start + tap for start in starts for tap in range(0, span, dilation)}
    return [pixel for pixel in range(size) if pixel not in read]


def _positions(
    rows: list[tuple[float, float]],
    bottom: float,
    taps: tuple[int, int, int],
    cell: float,
    side: float,
    pitch: float,
) -> str:
    """The kernel's positions: a line down to its output, a band over its span, dots where it reads.

    Args:
        rows: for each position the left edge of its first pixel, and its own height.
        bottom: where the outputs begin.
        taps: how many, from one to the next, and from the first to the last, in pixels.
        cell: from pixel to pixel.
        side: of a pixel.
        pitch: from row to row.
    """
    kernel, dilation, reach = taps
    middle, half = side / 2, reach * cell / 2
    dots = "h0" + f"m{dilation * cell} 0h0" * (kernel - 1)
    to_output = "".join([f"M{left + half + middle} {y}V{bottom}" for left, y in rows])
    spans = "".join([f"M{left + middle} {y}h{2 * half}" for left, y in rows])
    reads = "".join([f"M{left + middle} {y}{dots}" for left, y in rows])
    return (
        line(to_output, "muted", opacity=0.35)
        + line(spans, "conv rl-round", pitch * 0.75, 0.3)
        + line(reads, "conv rl-round", min(pitch, cell) * 0.625)
    )


# -------------------------------------------------------------------------------- receptive fields
def receptive_field_cone(
    layers: Sequence[Sequence[int]],
    size: int | None = None,
    output: int | None = None,
    names: Sequence[str] | None = None,
) -> str:
    """The pixels that one output pixel sees, row by row through a stack, the input on top.

    Every row is drawn on the input's scale: its cells are as wide as its stride, and a band where
    cells would be too narrow. The number beside a row counts its pixels from the first to the last
    that is seen.

    Args:
        layers: (kernel, stride=1, padding=0, dilation=1) each, as in `arithmetic.receptive_field`.
        size: of the input; what lies outside is padding. None stands for a row without end.
        output: the output pixel to follow, by default the middle one.
        names: a text for each layer.

    Raises:
        ValueError: the input of `size` is too small for the stack, or has no such output pixel.

    >>> "sees 7 pixels" in receptive_field_cone([(3,), (3,), (3,)])
    True
    """
    stack = [(*layer, *(1, 1, 0, 1)[len(layer) :]) for layer in layers]
    fields, sizes = [ReceptiveField()], [size or 0]  # 0 for a row without end
    for kernel, stride, padding, dilation in stack:
        fields.append(fields[-1].through(kernel, stride, padding, dilation))
        if size:
            sizes.append(conv_output_size(sizes[-1], kernel, stride, padding, dilation))
        else:
            sizes.append(0)
    stack = [tuple(map(int, layer)) for layer in stack]
    output = sizes[-1] // 2 if output is None else check_int("output", output, None)
    if size and not 0 <= output < sizes[-1]:
        raise ValueError(f"output is {output}; the stack has output pixels 0 to {sizes[-1] - 1}")

    seen = [[(output, output + 1)]]  # for every row, from the output up, the runs of pixels seen
    for kernel, stride, padding, dilation in reversed(stack):
        seen.append(_read_by(seen[-1], kernel, stride, padding, dilation))
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
    pitch = max(20, min(46, 300 // len(stack)))
    thick = min(12, pitch - 11)

    left, right, width = origin + start * unit, origin + end * unit, count(field.size, "pixel")
    body = [
        f'<g transform="translate({origin:.6g} 0) scale({unit:.6g} 1)">',
        _cone_rows(fields, sizes, seen, low, high, unit, pitch, thick),
        "</g>",
        _cone_texts(stack, seen, names, pitch, thick),
        write(WIDTH, 18, "seen", "rl-label rl-quiet rl-end"),
        line(f"M{left:.6g} 28v-5H{right:.6g}v5", "muted"),
        write((left + right) // 2, 18, width, "rl-label rl-middle rl-strong"),
    ]
    read = sum([end - first for first, end in seen[0]])
    outside = field.size - max(0, min(end, size) - max(start, 0)) if size else 0
    remarks = [f"{read:,} of them read"] * (read < field.size)
    remarks += [f"{outside:,} of them outside the image"] * (outside > 0)
    bottom = 32 + len(stack) * pitch + thick
    if remarks:
        bottom += 16
        body.append(write(WIDTH / 2, bottom, ", ".join(remarks), "rl-label rl-middle"))
    label = ", ".join([f"One output pixel sees {width} of the input", *remarks])
    return svg(bottom + 6, label, "".join(body))


def _cone_rows(
    fields: list[ReceptiveField],
    sizes: list[int],
    seen: list[list[tuple[int, int]]],
    low: float,
    high: float,
    unit: float,
    pitch: int,
    thick: int,
) -> str:
    """The rows of cells, and the cone behind them, from input pixel `low` to `high`.

    Args:
        fields: of every row.
        sizes: of every row, 0 for one without end.
        seen: the runs of pixels that are seen in every row.
        low: the first input pixel in sight.
        high: the end of the last one.
        unit: the width of an input pixel.
        pitch: from row to row.
        thick: the height of a row.
    """
    rows, cone = [], []
    edges = None
    for row, (field, size, cells) in enumerate(zip(fields, sizes, seen, strict=True)):
        y, step = 32 + row * pitch, field.stride
        zero = (field.size - step) / 2 - field.padding  # where the row's first cell begins
        gap = min(1.5 / unit, step / 6) if step * unit > 3 else 0
        dashes = f"stroke-width:{thick};stroke-dasharray:{step - gap} {gap}"
        left, right = (zero, zero + size * step) if size else (low, high)
        parts = [(zero + first * step, zero + end * step) for first, end in cells]
        strips = [
            ([(max(low, left), min(high, right))], "muted", 0.35),
            (parts, "conv", 0.3 if size else 1),
        ]
        if size:
            inside = [(max(first, left), min(end, right)) for first, end in parts]
            strips.append((inside, "conv", 1))
        for runs, colour, opacity in strips:
            path = "".join(
                [f"M{first} {y + thick / 2}H{end}" for first, end in runs if first < end]
            )
            rows.append(
                f'<path class="rl-line-{colour}" stroke-opacity="{opacity}" '
                f'style="{dashes};stroke-dashoffset:{(runs[0][0] - zero) % step}" d="{path}"/>'
            )
        if edges:
            above = y - pitch + thick
            cone.append(f"M{edges[0]} {above}H{edges[1]}L{parts[-1][1]} {y}H{parts[0][0]}z")
        edges = parts[0][0], parts[-1][1]
    return area("".join(cone), "conv", 0.12) + "".join(rows)


def _cone_texts(
    stack: list[tuple[int, ...]],
    seen: list[list[tuple[int, int]]],
    names: Sequence[str] | None,
    pitch: int,
    thick: int,
) -> str:
    """The layers' names between the rows, and on the right how many pixels of each row are seen."""
    if names is None:
        names = [
            f"layer {number}: {kernel_text(kernel, stride, dilation)}"
            for number, (kernel, stride, _, dilation) in enumerate(stack, 1)
        ]
    css = "rl-label" if pitch > 30 else "rl-small"
    body = [
        write(0, 35 + row * pitch - (pitch - thick) / 2, name, css)
        for row, name in enumerate(names, 1)
        if name
    ]
    for row, cells in enumerate(seen):
        css = "rl-label rl-end" if row else "rl-label rl-end rl-strong"
        y = 36 + row * pitch + thick / 2
        body.append(write(WIDTH, y, f"{cells[-1][1] - cells[0][0]:,}", css))
    return "".join(body)


def kernel_text(kernel: int, stride: int, dilation: int) -> str:
    """A layer in words: kernel 3, stride 2."""
    return (
        f"kernel {kernel}"
        + f", stride {stride}" * (stride > 1)
        + f", dilation {dilation}" * (dilation > 1)
    )


def _read_by(
    runs: list[tuple[int, int]], kernel: int, stride: int, padding: int, dilation: int
) -> list[tuple[int, int]]:
    """The pixels that a layer reads for its output pixels in `runs`; all are runs (first, end)."""
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
    found: list[tuple[int, int]] = []
    for first, end in sorted(pieces):
        if found and first - padding <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end - padding)
        else:
            found.append((first - padding, end - padding))
    return found


# ----------------------------------------------------------------------------------------- counting
def bars(label: str, groups: Sequence[tuple[str, Sequence[tuple[str, dict[str, int]]]]]) -> str:
    """Labelled bars, each of one or more parts end to end. Within a group all bars have one scale.

    Args:
        label: what the picture shows, in a sentence.
        groups: (heading, bars) each; bars: (text, parts) each; parts: a dict from a part's name to
            its value. Parts of one name have one shade.
    """
    body: list[str] = []
    names: list[str] = []
    y = 0
    for heading, lines in groups:
        y += 16
        body.append(write(0, y, heading, "rl-label rl-strong"))
        longest = max([sum(parts.values()) for _, parts in lines])
        for text, parts in lines:
            y += 18
            total = f"{sum(parts.values()):,}"
            body += [write(0, y, text, "rl-label"), write(WIDTH, y, total, "rl-label rl-end")]
            y += 5
            x = 0.0
            for name, value in parts.items():
                if name not in names:
                    names.append(name)
                width = WIDTH * value / longest
                body.append(rect(x, y, width, 14, "conv", SHADES[names.index(name)]))
                x += width
            y += 14
        y += 12
    if len(names) > 1:
        x = 0
        for name, shade in zip(names, SHADES, strict=False):
            body += [rect(x, y, 10, 10, "conv", shade), write(x + 14, y + 10, name, "rl-label")]
            x += 40 + 6 * len(name)
        y += 16
    return svg(y, label, "".join(body))
