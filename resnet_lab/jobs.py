"""What explorers have computed: jobs as plain dicts, run by the page's engine or by PyTorch alike.

A job is what `Explorer.job(**values)` returns, plain data that JSON can hold, with at least

    "kind"   the function that runs it: in a page one of JOBS in `job_runner.mjs`, a generator
             function of (job, data, options); in a notebook one of RUNNERS in `job_runner.py`, of
             (job, dtype). Both yield equal results within rounding.
    "steps"  how many steps there are. Each result is a dict with "step"; the view gets the latest
             one whole, as `results`. The one with step == steps ends the work.
    "data"   names of files that it needs, if any: a page loads NAME.js when the job starts and
             gives its content as data.NAME; `DATA` in `_ext/job_scripts.py` says how it is made.

A control that leaves this dict as it is leaves the job alone; any other ends it. An explorer with
`question=` goes on after the last step: when a control moves, `question(**values)`, plain data too,
is sent to the runner (`question = yield result`), and what that yields is the next result, with
step == steps again. Questions that come faster than answers are left out, but never the last one.

What a run starts from is made here and, equal to the last bit, in `job_runner.mjs`: random numbers,
start weights, points, the order of the batches. The network of `engine/network.mjs` gives outputs
and gradients of every layer, of any scalar; it scales branches, forward, backward or both; it takes
weights as numbers or as int8 with scales, and evaluates a data set.
"""

from __future__ import annotations

from .architecture import ResNet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MOST = 1e9  # stands for a loss that is no number any more
PI = 3.141592653589793
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
        from math import sqrt  # pages have no `math`, and draw nothing normal

        value, self.spare = self.spare, None
        if value is not None:
            return value
        s = 0.0
        while s >= 1 or s == 0:
            u, v = 2 * self.uniform() - 1, 2 * self.uniform() - 1
            s = u * u + v * v
        factor = sqrt(-2 * log(s) / s)
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
    shapes: dict[str, Any], kinds: dict[str, str], seed: int, scheme: str = "He"
) -> dict[str, list[float]]:
    """A start as the engine's `initialise(seed, scheme)` draws it: {parameter: flat list}.

    Args:
        shapes: {parameter: shape}, in the order of the layers.
        kinds: {layer: kind}.
        seed: of the generator.
        scheme: "He", "Xavier" or "small", as in `gradients.alter`.
    """
    from math import prod, sqrt

    draw, weights = Generator(seed), {}
    for name, shape in shapes.items():
        layer, part = name.rsplit(".", 1)
        size = prod(shape)
        if kinds[layer] == "linear":
            bound = 1 / sqrt(shapes[f"{layer}.weight"][1])
            weights[name] = [(2 * draw.uniform() - 1) * bound for _ in range(size)]
        elif kinds[layer] == "conv" and part == "weight":
            fans = shape[0] + (shape[1] if scheme == "Xavier" else 0)
            deviation = 0.01 if scheme == "small" else sqrt(2 / (prod(shape[2:]) * fans))
            weights[name] = [draw.normal() * deviation for _ in range(size)]
        else:
            weights[name] = [1.0 if part in ("weight", "running_var") else 0.0] * size
    return weights


# -------------------------------------------------------------------------------------- the race
TASKS: dict[str, dict[str, Any]] = {
    "spirals": {"batch": 256, "shape": [2, 1, 1], "examples": 1024, "data": []},
    "digits": {"batch": 64, "shape": [1, 8, 8], "examples": 1797, "data": ["digits"]},
}


def twins(task: str, depth: int, shortcut: str) -> dict[str, ResNet]:
    """Two networks of the same layers, the residual one with shortcuts.

    Args:
        task: "spirals", where an image is one pixel, a point's two coordinates; or "digits".
        depth: weight layers: 2n + 2 for spirals, 6n + 2 for digits.
        shortcut: of the residual one, "A" or "B"; with "none" it is the plain one once more.
    """
    depths: tuple[int, ...]
    widths: tuple[int, ...]
    if task == "spirals":
        depths, widths, kernel, channels, classes = ((depth - 2) // 2,), (8,), 1, 2, 2
    else:
        depths, widths, kernel, channels, classes = ((depth - 2) // 6,) * 3, (8, 16, 32), 3, 1, 10
    return {
        kind: ResNet(
            "basic",
            depths,
            widths,
            shortcut=option,
            stem="3x3",
            kernel=kernel,
            in_channels=channels,
            classes=classes,
        )
        for kind, option in (("plain", "none"), ("residual", shortcut))
    }


def altered(
    graph: dict[str, Any], activation: str = "ReLU", batchnorm: bool = True
) -> dict[str, Any]:
    """A graph as plain data with every ReLU exchanged and, unless `batchnorm`, without BatchNorm.

    Args:
        graph: of `Graph.to_dict`.
        activation: "ReLU", "tanh" or "sigmoid".
        batchnorm: False leaves it out.

    Example:
        >>> graph = twins("digits", 8, "A")["plain"].graph().to_dict()
        >>> [layer["kind"] for layer in altered(graph, "tanh", False)["layers"]][:4]
        ['conv', 'tanh', 'conv', 'tanh']
    """
    if batchnorm and activation == "ReLU":
        return graph
    layers: list[dict[str, Any]] = []
    stands_for: dict[str, str] = {}
    for layer in graph["layers"]:
        inputs = [stands_for.get(name, name) for name in layer["inputs"]]
        if layer["kind"] == "batchnorm" and not batchnorm:
            stands_for[layer["name"]] = inputs[0]
            continue
        kind = activation.lower() if layer["kind"] == "relu" else layer["kind"]
        layers.append({**layer, "inputs": inputs, "kind": kind})
    return {**graph, "layers": layers}


def race(
    task: str = "spirals",
    depth: int = 32,
    shortcut: str = "B",
    lr: float = 0.05,
    steps: int = 300,
    seed: int = 0,
    batchnorm: bool = True,
) -> dict[str, Any]:
    """The job of training twins from the same start with the same batches.

    `job_runner.run` runs it with PyTorch, `job_runner.mjs` in a page.

    Args:
        task, depth, shortcut: as in `twins`.
        lr: the highest learning rate; it falls to 0 along half a cosine.
        steps: of SGD with momentum 0.9 and weight decay 0.0001.
        seed: of the start weights, the order of the examples and, for spirals, the points.
        batchnorm: False leaves it out of both.

    Returns:
        Plain data; "every": after how many steps there is a result.

    Example:
        >>> job = race(steps=100)
        >>> job["batch"], job["every"], sorted(job["graphs"])
        (256, 5, ['plain', 'residual'])
    """
    nets = twins(task, depth, shortcut)
    return {
        "kind": "race",
        "task": task,
        "depth": depth,
        "shortcut": shortcut,
        "batchnorm": batchnorm,
        **TASKS[task],
        "lr": lr,
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "steps": steps,
        "seed": seed,
        "every": steps // 20,
        "graphs": {
            kind: altered(net.graph().to_dict(), batchnorm=batchnorm) for kind, net in nets.items()
        },
        "map": 32 if task == "spirals" else 0,
    }


def cosine(x: float) -> float:
    """The runner's cosine: `math.cos` may differ from machine to machine in the last bit."""
    total, term, square = 1.0, 1.0, x * x
    for i in range(1, 40, 2):
        term = -term * square / (i * (i + 1))
        total += term
    return total


def spirals(count: int, seed: int) -> list[tuple[float, float, int]]:
    """Two spirals in each other: (x, y, class), x and y from -1 to 1.

    >>> [label for x, y, label in spirals(4, 0)]
    [0, 1, 0, 1]
    """
    draw, points = Generator(seed), []
    for i in range(count):
        way = max(draw.uniform(), draw.uniform())  # as the root of one, exactly
        angle, label = way * 8 - 4, i % 2
        side = way * (0.95 - 1.9 * label)
        x = side * cosine(angle) + 0.03 * (2 * draw.uniform() - 1)
        y = side * cosine(angle - PI / 2) + 0.03 * (2 * draw.uniform() - 1)
        points.append((x, y, label))
    return points


def rate(job: dict[str, Any], step: int) -> float:
    """The learning rate of a step, of which the first is 0."""
    return float(job["lr"] * (1 + cosine(PI * step / job["steps"])) / 2)


def batches(job: dict[str, Any]) -> Iterator[list[int]]:
    """Which examples each step sees: all of them in random order, then in another."""
    draw, order = Generator(job["seed"] + 1), []  # type: Generator, list[int]
    for _ in range(job["steps"]):
        if len(order) < job["batch"]:
            order = draw.shuffled(job["examples"])
        yield order[: job["batch"]]
        order = order[job["batch"] :]
