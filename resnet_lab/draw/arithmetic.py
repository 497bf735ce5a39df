"""The arithmetic of a row of pixels: where a kernel stands, what an output sees, counts as bars."""

from __future__ import annotations

from ..arithmetic import ReceptiveField, conv_output_size
from .palette import SHADES
from .svg import WIDTH, count, squares, svg, write


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
