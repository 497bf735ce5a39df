"""BatchNorm and ReLU on the eight values of one channel."""

from __future__ import annotations

from .. import basics
from ..draw.basics import steps
from ..draw.svg import figures
from .controls import Real
from .explorer import Explorer, table


def spread(values: list[float]) -> tuple[float, float]:
    """The mean, and the standard deviation."""
    mean = sum(values) / len(values)
    return mean, (sum([(value - mean) ** 2 for value in values]) / len(values)) ** 0.5


def hundredths(value: float) -> str:
    """With two places; what rounding leaves of 0 has no sign, which another sum might not have."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def view(mean: float, deviation: float, scale: float, shift: float) -> str:
    """The values that come in, after BatchNorm, and after ReLU."""
    values = [mean + deviation * each for each in basics.CHANNEL]
    normal = basics.batch_norm(values, scale, shift)
    out = basics.relu(normal)
    dead = len([value for value in out if value == 0])
    rows = [("in", values), ("after BatchNorm", normal), ("after ReLU", out)]
    label = (
        f"Values of mean {figures(mean)} and standard deviation {figures(deviation)} leave "
        f"BatchNorm with mean {figures(shift)} and deviation {figures(scale)}; "
        f"ReLU sets {dead} of 8 to 0."
    )
    colours = ("muted", "conv", "identity")
    return steps(
        label, [(name, colour, each) for (name, each), colour in zip(rows, colours, strict=True)]
    ) + table(
        ("", "mean", "standard deviation"),
        [(name, *[hundredths(each) for each in spread(row)]) for name, row in rows],
    )


batch_norm = Explorer(
    "batch-norm",
    "BatchNorm, then ReLU",
    [
        Real("mean", "Mean of what comes in", -3, 3, 2.0, 0.5),
        Real("deviation", "Its standard deviation", 0.2, 3, 0.4, 0.2),
        Real("scale", "Learned scale", 0, 2, 1.0, 0.25),
        Real("shift", "Learned shift", -2, 2, 0.0, 0.25),
    ],
    view,
    lambda mean, deviation, scale, shift: (
        f"basics.relu(basics.batch_norm([{mean} + {deviation} * each for each in "
        f"basics.CHANNEL], {scale}, {shift}))"
    ),
    chapter="what-you-need-to-know",
)
