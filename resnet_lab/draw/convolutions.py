"""Cheaper convolutions: which channels they read, what they cost, how a shuffle mixes them."""

from __future__ import annotations

from ..checks import check_int
from ..convolutions import shuffle
from .palette import SHADES
from .svg import WIDTH, area, line, rect, squares, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..convolutions import Convolution


def channel_tables(
    layers: Sequence[Convolution], bill: dict[str, int], chosen: str, label: str
) -> str:
    """Convolutions one after the other, each a table of channels under its kernel; below, the bill.

    A table has a column for each input channel and a row for each output channel, filled where the
    output reads the input: its filled area times the kernel's is the number of weights.

    Args:
        layers: the convolutions.
        bill: from every kind's text to its parameters.
        chosen: the kind drawn in full colour.
        label: the result, in a sentence.
    """
    side, foot = 96 / max([layer.in_channels for layer in layers]), 168
    body = [
        write(0, 12, "kernel", "rl-small rl-quiet"),
        write(0, 60, "channels read", "rl-small rl-quiet"),
    ]
    body += [_channel_table(layer, 84 + 108 * n, side, foot) for n, layer in enumerate(layers)]
    longest, y = max(bill.values()), foot + 20
    body.append(write(0, y, "parameters", "rl-strong"))
    for text, params in bill.items():
        y += 18
        css = " rl-strong" * (text == chosen)
        width = max(1, 2040 * params // longest / 10)
        body += [
            write(0, y, text, css),
            rect(128, y - 10, width, 12, "conv", 1 if text == chosen else 0.35),
            write(WIDTH, y, f"{params:,}", "rl-end" + css),
        ]
    return svg(y + 8, label, "".join(body))


def _channel_table(layer: Convolution, left: float, side: float, foot: float) -> str:
    """A convolution's kernel above the table of the channels that it reads, `side` wide each."""
    wide, tall, top = side * layer.in_channels, side * layer.out_channels, 52
    high, across = layer.kernel
    cells = area(squares([left + 6 * column for column in range(across)], 0, 5), "conv", 0.45)
    body = [f'<g transform="translate(0 {3 + 6 * row})">{cells}</g>' for row in range(high)]
    text = f"{high} × {across}" + ", shuffled" * layer.shuffled
    body += [
        write(left + 6 * across + 4, 12, text, "rl-small"),
        write(left, foot, f"{layer.in_channels} → {layer.out_channels}", "rl-small"),
        line(f"M{left} {top}h{wide:g}v{tall:g}h-{wide:g}z", "muted", 0.8),
    ]
    if layer.groups > 32:
        body.append(line(f"M{left} {top}l{wide:g} {tall:g}", "conv"))
    else:
        step, drop = wide / layer.groups, tall / layer.groups
        read = [
            f"M{left + step * group:g} {top + drop * group:g}h{step:g}v{drop:g}h-{step:g}z"
            for group in range(layer.groups)
        ]
        body.append(area("".join(read), "conv"))
    return "".join(body)


def shares(label: str, names: Iterable[str], rows: Sequence[tuple[str, float, float]]) -> str:
    """Pairs of bars on one scale. names: of the two bars; rows: (text, share, share), of 1."""
    body, longest = [], max([share for _, *pair in rows for share in pair])
    for place, name in enumerate(names):
        body += [
            rect(120 + 130 * place, 2, 10, 10, "conv", SHADES[place]),
            write(135 + 130 * place, 11, name, "rl-small"),
        ]
    y = 24
    for text, *pair in rows:
        body.append(write(0, y + 14, text))
        for place, share in enumerate(pair):
            width = max(1, 220 * share / longest)
            body += [
                rect(120, y + 10 * place, width, 9, "conv", SHADES[place]),
                write(WIDTH, y + 8 + 10 * place, f"{100 * share:.3g} %", "rl-small rl-end"),
            ]
        y += 28
    return svg(y, label, "".join(body))


def channel_shuffle(channels: int, groups: int) -> str:
    """Where a shuffle sends each channel: the groups above, the shuffled groups below.

    The way of the first group's channels is in colour.
    """
    channels, groups = check_int("channels", channels), check_int("groups", groups)
    wide = channels // groups
    pitch = min(28, (WIDTH - 64 - 8 * (groups - 1)) / channels)
    lefts = [64 + pitch * place + 8 * (place // wide) for place in range(channels)]
    middles = [left + pitch / 2 - 1 for left in lefts]
    order = shuffle(channels, groups)

    lines, cells = "", [write(0, 20, "before", "rl-small"), write(0, 106, "after", "rl-small")]
    for place, source in enumerate(order):
        for position, channel, y in ((source, source, 6), (place, source, 92)):
            look = ("conv", 0.45) if channel < wide else ("muted", 0.2)
            cells += [
                rect(lefts[position], y, pitch - 2, 20, *look),
                write(middles[position], y + 14, str(channel), "rl-small rl-middle"),
            ]
        path = f"M{middles[source]:.5g} 26L{middles[place]:.5g} 92"
        lines += line(path, "conv") if source < wide else line(path, "muted", opacity=0.5)
    label = (
        f"{channels} channels in {groups} groups, shuffled: afterwards they stand in the order "
        + ", ".join([str(source) for source in order])
    )
    return svg(116, label, lines + "".join(cells))
