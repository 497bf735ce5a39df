"""Lines over two axes, and the numbers on the axes."""

from __future__ import annotations

from .svg import WIDTH, polyline, svg, write


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
