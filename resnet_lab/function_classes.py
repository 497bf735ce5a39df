"""The best function of a class, and how far from a target it stays as the class grows.

Functions live on the interval from 0 to 1 and are lists of their values at `POINTS`. A class of size k holds the
functions with k free numbers of one family. Its best one is the nearest in the root mean square: the orthogonal
projection.
"""

from __future__ import annotations

from .checks import check_choice, check_int

# Midpoints of equal cells. 120 is divisible by 2, 3, 4, 5, 6, 8, 10 and 12: so many bins hold equally many points.
POINTS = [(place + 0.5) / 120 for place in range(120)]
TARGETS = {
    "step": [0.0 if x < 1 / 2 else 1.0 for x in POINTS],
    "third": [1.0 if 1 / 3 < x < 2 / 3 else 0.0 for x in POINTS],
    "ramp": [x for x in POINTS],
    "hill": [1 / (1 + 25 * (2 * x - 1) ** 2) for x in POINTS],
}
FAMILIES = ("bins", "polynomials")
LARGEST = 12


def mean(values) -> float:
    return sum(values) / len(values)


def product(one, other) -> float:
    """The inner product of two functions: the mean of their products over the points."""
    return mean([a * b for a, b in zip(one, other)])


def size_of(function) -> float:
    """Root mean square over the points, the distance from 0."""
    return product(function, function) ** 0.5


def best(family: str, target, size: int) -> list:
    """The values at `POINTS` of the function nearest to the target in the family's class of this size.

    "bins": piecewise constant on `size` equal bins. The classes of 2 and 3 bins are not nested: a step at 1/2 is no
    function of 3 bins. "polynomials": of degree below `size`. Every class contains the smaller ones, because the
    highest coefficient may be 0.
    Raises ValueError for another family or a size outside 1 to 12.

    >>> best("bins", TARGETS["step"], 2) == TARGETS["step"]
    True
    """
    return [value - left for value, left in zip(target, remainders(family, target, size)[-1])]


def remainders(family: str, target, largest: int = LARGEST) -> list:
    """What the best function of each size from 1 to `largest` leaves of the target. Its size is the distance."""
    check_choice("family", family, FAMILIES)
    if check_int("size", largest) > LARGEST:
        raise ValueError(f"size is {largest}; it must be at most {LARGEST}")
    left, found = target, []
    for size in range(1, largest + 1):
        if family == "bins":
            # The first point of each bin, and the end.
            edges = [round(each * len(POINTS) / size) for each in range(size + 1)]
            left = []
            for start, end in zip(edges, edges[1:]):
                height = mean(target[start:end])
                left += [value - height for value in target[start:end]]
        else:
            function = polynomials(size)[-1]
            share = product(left, function)
            left = [value - share * part for value, part in zip(left, function)]
        found.append(left)
    return found


def distances(family: str, target) -> list:
    """The distance from the target to the best function of each size.

    >>> [round(distance, 3) for distance in distances("bins", TARGETS["step"])][:3]        # larger, and further away
    [0.5, 0.0, 0.289]
    """
    return [size_of(left) for left in remainders(family, target)]


BASIS = []


def polynomials(size: int) -> list:
    """The first `size` orthonormal polynomials over `POINTS`, as lists of values; computed once.

    Source: the three-term recurrence; Gautschi, "Orthogonal polynomials" (2004), section 1.3.
    """
    while len(BASIS) < size:
        new = (
            [(x - 0.5) * value for x, value in zip(POINTS, BASIS[-1])]
            if BASIS
            else [1.0] * len(POINTS)
        )
        # By symmetry about 1/2 only the last but one has a share in the new one.
        for last_but_one in BASIS[-2:-1]:
            share = product(new, last_but_one)
            new = [a - share * b for a, b in zip(new, last_but_one)]
        BASIS.append(scaled(new))
    return BASIS[:size]


def scaled(function) -> list:
    """The function divided by its size."""
    size = size_of(function)
    return [value / size for value in function]


def plane(one, other) -> tuple:
    """Two orthonormal functions that span `one` and `other`, the first along `one`: axes for a picture of functions."""
    across = scaled(one)
    share = product(across, other)
    return across, scaled([b - share * a for a, b in zip(across, other)])


def reach(family: str, size: int, axes) -> tuple:
    """(a, b, c): the class's squared distance from the function u * axes[0] + v * axes[1] is a u² + 2 b u v + c v²."""
    one, other = [remainders(family, axis, size)[-1] for axis in axes]
    return product(one, one), product(one, other), product(other, other)
