"""Cheaper convolutions: which channels they read, what they cost, how a shuffle mixes them."""

from __future__ import annotations

from ..convolutions import shuffle
from .palette import SHADES
from .svg import WIDTH, squares, svg, write


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
