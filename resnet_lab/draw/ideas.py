"""The ideas behind residual networks: a guess and its residual, classes of functions."""

from __future__ import annotations

from .svg import WIDTH, figures, polyline, svg, write


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
