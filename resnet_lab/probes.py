"""Jobs that look into networks: the signal before training, paths and lesions, the landscape.

Plain data, as in `jobs`. `probe_runner.py` runs them with PyTorch, `probe_runner.mjs` in a page;
what both need to agree on is here.
"""

from __future__ import annotations

from . import jobs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NOTHING = -99.0  # stands for the logarithm of zero


def signals(
    depth: int = 56,
    activation: str = "ReLU",
    initialisation: str = "He",
    batchnorm: bool = True,
    shortcut: str = "A",
    seed: int = 0,
    seeds: int = 5,
) -> dict[str, Any]:
    """The job of measuring the signal in every layer before training, up and down, seed by seed.

    Args:
        depth, shortcut: of networks of the CIFAR family, as in `jobs.twins`.
        activation, initialisation, batchnorm: as in `gradients.alter`.
        seed: the first of them.
        seeds: how many.

    Example:
        >>> job = signals(8, batchnorm=False)
        >>> job["steps"], job["seeds"], job["measured"][:2]
        (5, [0, 1, 2, 3, 4], ['conv1', 'layer1.0.conv1'])
    """
    graphs = {
        kind: jobs.altered(net.graph().to_dict(), activation, batchnorm)
        for kind, net in jobs.twins("digits", depth, shortcut).items()
    }
    measured = [
        layer["name"] for layer in graphs["plain"]["layers"] if layer["kind"] in ("conv", "linear")
    ]
    return {
        "kind": "signals",
        "data": ["garments"],
        "shape": [1, 28, 28],
        "batch": 32,
        "depth": depth,
        "shortcut": shortcut,
        "activation": activation,
        "initialisation": initialisation,
        "batchnorm": batchnorm,
        "seeds": list(range(seed, seed + seeds)),
        "steps": seeds,
        "measured": measured,
        "graphs": graphs,
    }


# ------------------------------------------------------------------------------- paths and lesions
RECIPES: dict[str, dict[str, Any]] = {
    "spirals": {"lr": 0.05, "steps": 300},
    "digits": {"lr": 0.1, "steps": 200},
}


def training(task: str, depth: int, seed: int) -> dict[str, Any]:
    """The race that comes before a look into its twins."""
    recipe = RECIPES[task]
    job = jobs.race(task, depth, "A", recipe["lr"], recipe["steps"], seed)
    return {**job, "map": 0}


def paths(task: str = "spirals", depth: int = 32, seed: int = 0) -> dict[str, Any]:
    """The job of training twins and looking at the paths through them, and at what each block does.

    Args:
        task, depth: as in `jobs.twins`; all shortcuts are option A's.
        seed: of the training.

    Returns:
        Of the graphs, "residual" serves both: a plain network is one whose shortcuts carry nothing.
    """
    race = training(task, depth, seed)
    layers = race["graphs"]["residual"]["layers"]
    blocks = [layer["name"].removesuffix(".add") for layer in layers if layer["kind"] == "add"]
    return {
        "kind": "paths",
        "data": race["data"],
        "steps": race["steps"] + 1 + len(blocks),
        "race": race,
        "looked_at": 256,
        "sent_back": 256 if task == "spirals" else 32,
        "blocks": blocks,
        "nodes": nodes(len(blocks)),
    }


def nodes(degree: int) -> list[float]:
    """So many points and one between -1 and 1 at which a polynomial is best asked (Chebyshev's)."""
    count = degree + 1
    return [jobs.cosine(jobs.PI * (place + 0.5) / count) for place in range(count)]


def polynomial(points: list[float], values: list[float]) -> list[float]:
    """The coefficients of the polynomial that has these values there, that of power 0 first.

    Source: Björck and Pereyra, "Solution of Vandermonde systems of equations" (1970).

    >>> polynomial([-1.0, 0.0, 1.0], [2.0, 1.0, 4.0])        # 1 + x + 2 x²
    [1.0, 1.0, 2.0]
    """
    found, last = list(values), len(points) - 1
    for k in range(last):
        for i in range(last, k, -1):
            found[i] = (found[i] - found[i - 1]) / (points[i] - points[i - k - 1])
    for k in range(last - 1, -1, -1):
        for i in range(k, last):
            found[i] -= found[i + 1] * points[k]
    return found


def path_counts(blocks: int) -> list[int]:
    """How many paths go through 0, 1 ... all of the branches: the binomial coefficients.

    >>> path_counts(4)
    [1, 4, 6, 4, 1]
    """
    counts = [1]
    for length in range(blocks):
        counts.append(counts[-1] * (blocks - length) // (length + 1))
    return counts


# --------------------------------------------------------------------------------- the landscape
CELLS = 21


def landscape(
    task: str = "spirals", depth: int = 32, seed: int = 0, directions: int = 0, reach: float = 1.0
) -> dict[str, Any]:
    """The job of training twins and computing the loss on a plane through the weights of each.

    Args:
        task, depth: as in `jobs.twins`.
        seed: of the training.
        directions: seed of the two random directions.
        reach: how far the plane goes to each side; at 1 the weights have changed by their own size.
    """
    race = training(task, depth, seed)
    return {
        "kind": "landscape",
        "data": race["data"],
        "steps": race["steps"] + CELLS,
        "race": race,
        "looked_at": 256 if task == "spirals" else 128,
        "cells": CELLS,
        "reach": reach,
        "directions": directions,
    }


def outwards(size: int) -> list[int]:
    """The cells of a square from its middle outwards, ring by ring; row * size + column each.

    >>> outwards(3)
    [4, 0, 1, 2, 3, 5, 6, 7, 8]
    """
    middle = size // 2
    return sorted(
        range(size * size),
        key=lambda cell: max(abs(cell // size - middle), abs(cell % size - middle)),
    )
