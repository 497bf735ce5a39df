"""What explorers have computed: jobs as plain dicts, run by the page's engine or by PyTorch alike.

What a run starts from is made here and, equal to the last bit, in `engine.js`: random numbers,
start weights, the order of the batches.
"""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LN2_HIGH, LN2_LOW = 6.93147180369123816490e-1, 1.90821492927058770002e-10


def log(x: float) -> float:
    """The engine's logarithm: `math.log` may differ from machine to machine in the last bit."""
    k, total = 0, 0.0
    while x > 1.4142135623730951:
        x, k = x / 2, k + 1
    while x < 0.7071067811865476:
        x, k = x * 2, k - 1
    z = (x - 1) / (x + 1)
    for i in range(21, 0, -2):
        total = total * z * z + 1 / i
    return k * LN2_HIGH + (2 * z * total + k * LN2_LOW)


class Generator:
    """mulberry32, a random generator, and draws from it. The engine has its twin.

    >>> Generator(1).uniform()
    0.6270739405881613
    """

    def __init__(self, seed: int) -> None:
        self.state, self.spare = seed & 0xFFFFFFFF, None  # type: int, float | None

    def uniform(self) -> float:
        """From 0 up to, not including, 1."""
        self.state = (self.state + 0x6D2B79F5) & 0xFFFFFFFF
        t = self.state
        t = ((t ^ t >> 15) * (t | 1)) & 0xFFFFFFFF
        t ^= (t + (t ^ t >> 7) * (t | 61)) & 0xFFFFFFFF
        return (t ^ t >> 14) / 4294967296

    def normal(self) -> float:
        """Standard normal, by Marsaglia's polar method: a point in the unit disc gives two."""
        value, self.spare = self.spare, None
        if value is not None:
            return value
        s = 0.0
        while s >= 1 or s == 0:
            u, v = 2 * self.uniform() - 1, 2 * self.uniform() - 1
            s = u * u + v * v
        factor = math.sqrt(-2 * log(s) / s)
        self.spare = v * factor
        return u * factor

    def below(self, n: int) -> int:
        """A whole number from 0 up to, not including, n."""
        return int(self.uniform() * n)

    def shuffled(self, n: int) -> list[int]:
        """0 to n - 1 in random order."""
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order


def start_weights(
    shapes: dict[str, Any], kinds: dict[str, str], seed: int
) -> dict[str, list[float]]:
    """He's start as the engine's `initialise(seed)` draws it: {parameter: flat list}.

    Args:
        shapes: {parameter: shape}, in the order of the layers.
        kinds: {layer: kind}.
        seed: of the generator.
    """
    draw, weights = Generator(seed), {}
    for name, shape in shapes.items():
        layer, part = name.rsplit(".", 1)
        size = math.prod(shape)
        if kinds[layer] == "linear":
            bound = 1 / math.sqrt(shapes[f"{layer}.weight"][1])
            weights[name] = [(2 * draw.uniform() - 1) * bound for _ in range(size)]
        elif kinds[layer] == "conv" and part == "weight":
            deviation = math.sqrt(2 / (math.prod(shape[2:]) * shape[0]))
            weights[name] = [draw.normal() * deviation for _ in range(size)]
        else:
            weights[name] = [1.0 if part in ("weight", "running_var") else 0.0] * size
    return weights
