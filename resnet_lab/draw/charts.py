"""Lines over two axes, and the numbers on the axes."""

from __future__ import annotations

from .svg import WIDTH, line, polyline, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Point = tuple[float, float]
    Place = Callable[[float, float], Point]
    Ticks = Sequence[tuple[float, str]]
    Series = tuple[str, str, float, Sequence[Point]]

LEFT, TOP = 34, 20


def chart(
    label: str,
    series: Sequence[Series],
    across: str,
    up: str,
    x_ticks: Ticks,
    y_ticks: Ticks,
    height: float = 180,
    above: Ticks = (),
) -> str:
    """Lines over two axes, each with its name at its end.

    Scales are linear: for a logarithmic one give logarithms. What leaves them stays at their edge.

    Args:
        label: what the chart shows, in a sentence.
        series: (name, css, opacity, points) each; css: a colour's name, with " rl-dashed" if
            wanted; the name may be empty.
        across: what the axis shows that goes to the right.
        up: what the upright axis shows.
        x_ticks: (value, text) from low to high, the first and the last being the ends of the axis.
        y_ticks: the same for the upright axis.
        height: of the upright axis.
        above: (x, text) each, said at the upper edge of what lies above it.
    """
    longest = max([len(name) for name, *_ in series] + [0])
    right, bottom = WIDTH - max(16, 8 + 5.6 * longest), TOP + height
    (x_low, _), (x_high, _) = x_ticks[0], x_ticks[-1]
    (y_low, _), (y_high, _) = y_ticks[0], y_ticks[-1]
    x_scale, y_scale = (right - LEFT) / (x_high - x_low), height / (y_high - y_low)

    def place(x: float, y: float) -> Point:
        return LEFT + (x - x_low) * x_scale, TOP + (y_high - min(max(y, y_low), y_high)) * y_scale

    body = [
        write(0, 11, up, "rl-small rl-strong"),
        write(right, bottom + 28, across, "rl-small rl-strong rl-end"),
    ]
    for value, text in y_ticks:
        y = place(x_low, value)[1]
        body += [
            f'<path class="rl-rule" d="M{LEFT} {y:.4g}H{right:g}"/>',
            write(LEFT - 5, y + 3.5, text, "rl-small rl-quiet rl-end"),
        ]
    for value, text in x_ticks:
        x = place(value, y_low)[0]
        body.append(write(x, bottom + 14, text, "rl-small rl-quiet rl-middle"))
    ends = []
    for name, css, opacity, points in series:
        path = [place(*point) for point in points]
        x, y = path[-1]
        if len(path) == 1:
            colour = css.split()[0]
            body.append(f'<circle class="rl-{colour}" cx="{x:.4g}" cy="{y:.4g}" r="2.5"/>')
        else:
            body.append(line(polyline(path), css, 2.5 if opacity == 1 else 1.5, opacity))
        if name:
            ends.append((y, x, name, opacity))
    body += [
        write(max(LEFT + 12, place(x, y_high)[0] + 6), TOP - 6, text, "rl-small")
        for x, text in above
    ]
    return svg(bottom + 32, label, "".join(body) + _names(ends, bottom))


def _names(ends: list[tuple[float, float, str, float]], bottom: float) -> str:
    """The lines' names at their ends (y, x, name, opacity), moved apart where they would touch."""
    ends.sort()
    heights = [end[0] for end in ends]
    for index in range(1, len(ends)):  # downwards
        heights[index] = max(heights[index], heights[index - 1] + 11)
    below = bottom + 11
    for index in reversed(range(len(ends))):  # and back up from the axis
        below = heights[index] = min(heights[index], below - 11)
    return "".join(
        [
            write(x + 6, y + 3.5, name, "rl-small" if opacity == 1 else "rl-small rl-quiet")
            for (_, x, name, opacity), y in zip(ends, heights, strict=True)
        ]
    )


def ticks(high: float, low: float = 0, most: int = 5) -> list[tuple[float, str]]:
    """Round values from `low` up to the first that reaches `high`, at most so many steps.

    Returns:
        (value, text) each.

    >>> ticks(2.3)
    [(0, '0'), (0.5, '0.5'), (1.0, '1'), (1.5, '1.5'), (2.0, '2'), (2.5, '2.5')]
    """
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
    if exponent == 0:
        return "1"
    digits = ["⁻" if sign == "-" else "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(sign)] for sign in str(exponent)]
    return "10" + "".join(digits)


def scientific(logarithm: float) -> str:
    """The number with this log10, in two figures: 0.063, 2.5 · 10⁻⁷."""
    value = 10**logarithm
    if 1e-3 <= value < 1e3:
        return f"{value:.2g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} · {power(int(exponent))}"
