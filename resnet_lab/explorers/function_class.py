"""Function classes: the best function of a class, as the class grows."""

from __future__ import annotations

from .. import draw, function_classes
from .controls import Choice, Range
from .explorer import Explorer, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REMAINDERS: dict[tuple[str, str], Any] = {}


def view(family: str, target: str, size: int) -> str:
    """The target with its best approximation, and the distance of every size."""
    values = function_classes.TARGETS[target]
    if (family, target) not in REMAINDERS:
        left = function_classes.remainders(family, values)
        REMAINDERS[family, target] = left, [function_classes.size_of(each) for each in left]
    left, distances = REMAINDERS[family, target]
    fitted = [value - rest for value, rest in zip(values, left[size - 1], strict=True)]
    now, rows = distances[size - 1], [(f"size {size}", f"{distances[size - 1]:.3f}")]
    sentence = f"The best function of size {size} is {now:.3f} from the target"
    if size > 1:
        before = min(distances[: size - 1])
        rows.append(("best of the smaller sizes", f"{before:.3f}"))
        sentence += (
            f"; a smaller class came as near as {before:.3f}"
            if now > before + 1e-9
            else ", no smaller class nearer"
        )
    return draw.class_fit(
        function_classes.POINTS, values, fitted, distances, size, sentence
    ) + table(("", "distance"), rows)


function_class = Explorer(
    "function-class",
    "The best function of a class, as the class grows",
    [
        Choice("family", "Family", {"bins": "equal bins", "polynomials": "polynomials"}, "bins"),
        Choice(
            "target",
            "Target",
            {"step": "step", "third": "third", "ramp": "ramp", "hill": "hill"},
            "step",
        ),
        Range("size", "Size", 1, 12, 3),
    ],
    view,
    lambda family, target, size: (
        f"function_classes.best({family!r}, function_classes.TARGETS[{target!r}], size={size})"
    ),
    chapter="03-function-classes",
    presets={
        f"a {target}, {family}": {"family": family, "target": target, "size": size}
        for target, family, size in (
            ("step", "bins", 3),
            ("step", "polynomials", 3),
            ("hill", "bins", 5),
            ("hill", "polynomials", 5),
        )
    },
)
