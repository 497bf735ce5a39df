"""The curves of a training run, while it runs and afterwards."""

from __future__ import annotations

from .charts import chart, ticks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .charts import Point, Series


def training_curves(
    history: dict[str, Any],
    step: int | None = None,
    recent: Sequence[tuple[int, float]] = (),
    speed: float | None = None,
) -> str:
    """Loss and errors of a training run, in two charts beside each other where there is room.

    The axis of steps grows with the run, doubling. A few values far above the training's own, such
    as the first validations', are cut off and written at the upper edge.

    Args:
        history: as `training.fit` records it; its curve may still be empty.
        step: the last one taken; by default the last that is known.
        recent: (step, training loss) since the last point of the curve.
        speed: images per second, for the time left.

    Returns:
        HTML: the charts, and their numbers as a line of text.

    >>> history = {"curve": [], "recipe": {"steps": 100, "batch": 128}}
    >>> picture = training_curves(history, recent=[(1, 2.3), (2, 2.2)])
    >>> "step 2 of 100 · training loss 2.25" in picture
    True
    """
    curve, steps = history["curve"], history["recipe"]["steps"]
    if step is None:
        step = recent[-1][0] if recent else curve[-1]["step"] if curve else 0
    end = steps
    while end > 2 * max(step, 8):
        end /= 2
    numbers: dict[str, list[str]] = {"training": [], "validation": []}
    charts = []
    for key, scale, unit in (("loss", 1, ""), ("error", 100, " %")):
        lines = {
            name: [
                (point["step"], scale * point[prefix + key])
                for point in curve
                if _finite(point[prefix + key])
            ]
            for name, prefix in (("training", ""), ("validation", "validation_"))
        }
        fresh = _means([pair for pair in recent if _finite(pair[1])], 60) if key == "loss" else []
        now = {name: points[-1][1] for name, points in lines.items() if points}
        if fresh:
            last = [loss for _, loss in recent[-50:] if _finite(loss)]
            now["training"] = sum(last) / len(last) if last else fresh[-1][1]
        for name, value in now.items():
            numbers[name].append(f"{key} {value:.3g}{unit}")
        what = key + ("," + unit if unit else "")
        said = ", ".join([f"{name} {value:.3g}" for name, value in now.items()])
        label = f"{what} after {step:,} of {steps:,} steps: {said or 'nothing yet'}"
        charts.append(_training_chart(label, what, lines, fresh, end))
    state = [f"step {step:,} of {steps:,}"]
    state += [f"{name} {', '.join(said)}" for name, said in numbers.items() if said]
    state += _pace(history, step, speed)
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:1rem">'
        + "".join([f'<div style="flex:1 1 18rem">{picture}</div>' for picture in charts])
        + '</div><p style="margin:.5rem 0 0;font-variant-numeric:tabular-nums">'
        + f"{' · '.join(state)}</p>"
    )


def _training_chart(
    label: str, what: str, lines: dict[str, list[Point]], fresh: list[Point], end: float
) -> str:
    """One chart of a run. lines: by name; fresh: training losses since their last point."""
    limit, top = _limit([y for _, y in lines["training"] + fresh], lines), 1e-6
    series: list[Series] = []
    above = []
    for name, css, opacity, points in (
        ("" if fresh else "training", "accent", 1, lines["training"]),
        ("validation", "muted rl-dashed", 1, lines["validation"]),
        ("training", "accent", 0.5 if lines["training"] else 1, fresh),
    ):
        if points:
            series.append((name, css, opacity, points))
            top = max([top] + [y for _, y in points if y <= limit])
            highest, x = max([(y, x) for x, y in points])
            if highest > limit:
                above.append((x, f"↑ {highest:.3g}"))
    y_ticks = ticks(top if series else 100 if "%" in what else 1)
    return chart(label, series, "step", what, ticks(end), y_ticks, above=above)


def _limit(training: list[float], lines: dict[str, list[Point]]) -> float:
    """What is higher is cut off: the start of a run may be wild, its later half is always shown.

    So is twice the highest loss in training that is no outlier itself.
    """
    later = [y for points in lines.values() for _, y in points[(len(points) + 1) // 2 :]]
    if training:
        usual = 4 * sorted(training)[len(training) * 9 // 10]
        later.append(2 * max([y for y in training if y <= usual]))
    return max(later) if later else float("inf")


def _finite(number: float | None) -> bool:
    return number is not None and number - number == 0


def _means(pairs: Sequence[Point], most: int) -> list[Point]:
    """`pairs` thinned out to at most so many, each the mean of its neighbours."""
    size = -(-len(pairs) // most)
    parts = [pairs[start : start + size] for start in range(0, len(pairs), size or 1)]
    return [(part[-1][0], sum([y for _, y in part]) / len(part)) for part in parts]


def _pace(history: dict[str, Any], step: int, speed: float | None) -> list[str]:
    """The speed and the time left, or the time that the whole run took."""
    left = history["recipe"]["steps"] - step
    if left > 0:
        if not speed:
            return []
        wait = _duration(left * history["recipe"]["batch"] / speed)
        return [f"{speed:,.0f} images/s", f"{wait} left"]
    return [f"finished in {_duration(seconds)}" for seconds in history.get("seconds", [])[-1:]]


def _duration(seconds: float) -> str:
    """A time in words: 40 s, 1 min 20 s, 2 h 5 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
