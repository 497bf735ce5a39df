"""The ideas behind residual networks: a guess and its residual, classes of functions."""

from __future__ import annotations

from .svg import WIDTH, area, figures, line, polyline, rect, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Form = tuple[float, float, float]
    Point = tuple[float, float]


def guess(
    curve: Sequence[Point],
    b: float,
    solution: float,
    x0: float,
    y0: float,
    step: float | None = None,
) -> str:
    """A guess at the solution of f(x) = b: the residual upright and solid, the error dashed.

    Args:
        curve: points (x, f(x)) from left to right.
        b: the right side of the equation.
        solution: its solution x.
        x0: the guess.
        y0: f of the guess.
        step: Newton's, which is drawn with its tangent.
    """
    height, top = 200, 16
    low, high = max(min([y for _, y in curve]), b - 5), min(max([y for _, y in curve]), b + 5)
    low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
    left, right = curve[0][0], curve[-1][0]

    def place(x: float, y: float) -> Point:
        return (x - left) / (right - left) * WIDTH, (high - y) / (high - low) * height

    (gx, gy), (sx, sy) = place(x0, y0), place(solution, b)
    r, e = b - y0, solution - x0
    marks = [("residual", f"residual b − f(x₀) = {figures(r)}: can be computed")]
    marks.append(("error", f"error x − x₀ = {figures(e)}: needs x"))
    plot = [
        line(f"M0 {sy:.1f}H{WIDTH}", "muted", 1),
        line(polyline([place(x, y) for x, y in curve]), "muted", 2),
        line(f"M{gx:.1f} 0V{height}", "muted", 1, 0.5),
    ]
    if step is not None:
        nx = place(x0 + step, b)[0]
        marks.append(("step", f"Newton’s step, residual / slope = {figures(step)}"))
        plot += [
            _measure("step", f"M{gx:.1f} {gy:.1f}L{nx:.1f} {sy:.1f}"),
            area(f"M{nx:.1f} {sy - 6:.1f}l6 6l-6 6l-6 -6z", "accent"),
        ]
    ring = 'fill="none" stroke="currentColor" stroke-width="1.5"'
    plot += [
        f'<circle cx="{gx:.1f}" cy="{gy:.1f}" r="4" fill="currentColor"/>',
        _measure("residual", f"M{gx:.1f} {gy:.1f}V{sy:.1f}"),
        _measure("error", f"M{gx:.1f} {sy:.1f}H{sx:.1f}"),
        f'<circle cx="{sx:.1f}" cy="{sy:.1f}" r="4" {ring}/>',
    ]
    foot = top + height + 14
    body = [
        f'<svg y="{top}" width="{WIDTH}" height="{height}">{"".join(plot)}</svg>',
        write(0, top + sy + 14, f"b = {figures(b)}"),
        write(0, top - 5, figures(high), "rl-small rl-quiet"),
        write(WIDTH, top + height - 3, figures(low), "rl-small rl-quiet rl-end"),
        write(sx, top + sy + (17 if gy < sy or abs(gx - sx) < 14 else -9), "x", "rl-middle"),
        write(min(max(gx, 8), WIDTH - 8), foot, "x₀", "rl-middle"),
    ]
    for x, css in ((left, "rl-small rl-quiet"), (right, "rl-small rl-quiet rl-end")):
        if abs(x - x0) > 0.3:
            body.append(write(place(x, b)[0], foot, figures(x), css))
    y = foot + 20
    for what, text in marks:
        body += [_measure(what, f"M0 {y - 4}h28"), write(36, y, text)]
        y += 18
    label = (
        f"At x₀ = {figures(x0)} the residual b − f(x₀) is {figures(r)}, which can be computed; "
        f"the error x − x₀ is {figures(e)}, which needs x"
    )
    return svg(y - 8, label, "".join(body))


def _measure(what: str, path: str) -> str:
    """A path in the style of the residual, the error or the step, the same in the legend."""
    if what == "error":
        style = 'stroke="currentColor" stroke-width="3" stroke-dasharray="5 4" fill="none"'
        return f'<path {style} d="{path}"/>'
    return line(path, "residual", 5) if what == "residual" else line(path, "accent")


def class_fit(
    points: Sequence[float],
    target: Sequence[float],
    fitted: Sequence[float],
    distances: Sequence[float],
    size: int,
    label: str,
) -> str:
    """A target and the best function of one class; below, the distance for every size of class.

    An arrow stands where a smaller class came nearer.

    Args:
        points: where the functions are known, from 0 to 1.
        target: its values.
        fitted: those of the best function of the class.
        distances: of sizes 1, 2, 3 ...
        size: of the class.
        label: the result, in a sentence.
    """
    height, top, foot = 150, 8, 250
    low, high = min([*target, *fitted, 0]), max([*target, *fitted, 1])

    def path(values: Sequence[float]) -> str:
        scale = height / (high - low)
        return polyline(
            [
                (x * WIDTH, top + (high - value) * scale)
                for x, value in zip(points, values, strict=True)
            ]
        )

    body = [
        line(path(target), "muted", 5, 0.5),
        line(path(fitted), "accent", 2),
        line("M0 172h24", "muted", 5, 0.5),
        line("M110 172h24", "accent", 2),
        write(30, 176, "target f*"),
        write(140, 176, "the best of its class"),
        line(f"M0 {foot}H{WIDTH}", "muted", 1),
        write(0, 198, "distance"),
    ]
    pitch, longest = WIDTH / len(distances), max(distances)
    for place, value in enumerate(distances):
        x, tall, chosen = place * pitch + 4, 44 * value / longest, place + 1 == size
        middle = x + pitch / 2 - 4
        body += [
            rect(x, foot - tall, pitch - 8, tall, "accent", 1 if chosen else 0.35),
            write(middle, foot + 13, f"{place + 1}", "rl-middle" + " rl-strong" * chosen),
        ]
        if value > min(distances[: place + 1]) + 1e-9:
            body.append(write(middle, foot - tall - 2, "↑", "rl-small rl-middle rl-strong"))
    body.append(write(0, foot + 31, "size of the class; ↑ a smaller class came nearer"))
    return svg(foot + 36, label, "".join(body))


def class_regions(
    panels: Sequence[tuple[str, Sequence[Form]]], radius: float, point: Point, label: str
) -> str:
    """For every panel, what each class of functions reaches of a plane, and one function.

    Args:
        panels: (heading, forms) each; forms: the quadratic forms (a, b, c) of
            `function_classes.reach` for sizes 1, 2, 3 ...
        radius: the distance to within which a class reaches.
        point: a function of the plane.
        label: the result, in a sentence.
    """
    side = WIDTH / len(panels) - 10
    turns = [(1.0, 0.0)]
    for _ in range(143):
        # The next direction, 2.5 degrees on.
        c, s = turns[-1]
        turns.append((c * 0.9990482216 - s * 0.0436193874, s * 0.9990482216 + c * 0.0436193874))
    body = []
    for place, (heading, forms) in enumerate(panels):
        left = place * (side + 20)
        # A class that holds a direction reaches along it without end; 99 is well outside.
        edges = [
            [
                radius / max(a * x * x + 2 * b * x * y + c * y * y, (radius / 99) ** 2) ** 0.5
                for x, y in turns
            ]
            for a, b, c in forms
        ]
        fx, fy = left + (1 + point[0]) * side / 2, 20 + (1 - point[1]) * side / 2
        body += [
            write(left, 12, heading, "rl-strong"),
            f'<svg x="{left:g}" y="20" width="{side:g}" height="{side:g}" '
            'viewBox="-100 -100 200 200">',
            line("M-100 0H100M0-100V100", "muted", 0.8),
            *[_region(edge, turns) for edge in edges[::-1]],
            f'<circle cx="{100 * point[0]:.1f}" cy="{-100 * point[1]:.1f}" r="3" '
            'fill="currentColor"/></svg>',
            write(fx + 6, fy - 5, "f*", "rl-strong"),
        ]
        for size, (x, y) in enumerate(_inside(edges, turns, point), 1):
            x, y = left + (1 + x) * side / 2, 24 + (1 - y) * side / 2
            body.append(write(x, y, str(size), "rl-middle"))
    return svg(side + 24, label, "".join(body))


def _region(edge: list[float], turns: list[Point]) -> str:
    """What one class reaches: its distance in every direction of `turns`."""
    points = [(100 * r * x, -100 * r * y) for r, (x, y) in zip(edge, turns, strict=True)]
    path = polyline(points) + "z"
    return area(path, "accent", 0.16) + line(path, "accent", 1.2)


def _inside(edges: list[list[float]], turns: list[Point], point: Point) -> list[Point]:
    """For every region a place for its number, where the smaller ones reach least far.

    All stand on the side away from the point.
    """
    free = [turn for turn, (x, y) in enumerate(turns) if x * point[0] + y * point[1] <= 0]
    places = []
    for size, edge in enumerate(edges):
        inner = [max([other[turn] for other in edges[:size]] or [0]) for turn in free]
        spans = [
            (min(edge[turn], 0.9), min(least, 0.9)) for turn, least in zip(free, inner, strict=True)
        ]
        widths = [outer - least for outer, least in spans]
        best = widths.index(max(widths))
        r, (x, y) = sum(spans[best]) / 2, turns[free[best]]
        places.append((r * x, r * y))
    return places
