"""The best function of a class, and how far from a target it stays as the class grows.

Functions live on the interval from 0 to 1 and are lists of their values at `POINTS`. A class of
size k holds the functions with k free numbers of one family. Its best one is the nearest in the
root mean square: the orthogonal projection.
"""

from __future__ import annotations

from .checks import check_choice, check_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Midpoints of equal cells. 120 is divisible by 2, 3, 4, 5, 6, 8, 10 and 12: so many bins hold
# equally many points.
POINTS = [(place + 0.5) / 120 for place in range(120)]
TARGETS = {
    "step": [0.0 if x < 1 / 2 else 1.0 for x in POINTS],
    "third": [1.0 if 1 / 3 < x < 2 / 3 else 0.0 for x in POINTS],
    "ramp": [x for x in POINTS],
    "hill": [1 / (1 + 25 * (2 * x - 1) ** 2) for x in POINTS],
}
FAMILIES = ("bins", "polynomials")
LARGEST = 12


def mean(values: Sequence[float]) -> float:
    total = 0.0
    for value in values:  # from left to right, as in pages; `sum` is exacter since Python 3.12
        total += value
    return total / len(values)


def product(one: Sequence[float], other: Sequence[float]) -> float:
    """The inner product of two functions: the mean of their products over the points."""
    return mean([a * b for a, b in zip(one, other, strict=True)])


def size_of(function: Sequence[float]) -> float:
    """Root mean square over the points, the distance from 0."""
    return float(product(function, function) ** 0.5)


def best(family: str, target: Sequence[float], size: int) -> list[float]:
    """The function nearest to the target in the family's class of this size.

    Args:
        family: "bins", piecewise constant on `size` equal bins: the classes of 2 and 3 bins are
            not nested, a step at 1/2 is no function of 3 bins; or "polynomials" of degree below
            `size`: every class contains the smaller ones, as the highest coefficient may be 0.
        target: its values at `POINTS`.
        size: how many free numbers, from 1 to 12.

    Returns:
        Its values at `POINTS`.

    Raises:
        ValueError: for another family or size.

    Example:
        >>> best("bins", TARGETS["step"], 2) == TARGETS["step"]
        True
    """
    left = remainders(family, target, size)[-1]
    return [value - missing for value, missing in zip(target, left, strict=True)]


def remainders(family: str, target: Sequence[float], largest: int = LARGEST) -> list[list[float]]:
    """What the best function of each size from 1 to `largest` leaves of the target.

    The size of what is left is the distance.
    """
    check_choice("family", family, FAMILIES)
    if check_int("size", largest) > LARGEST:
        raise ValueError(f"size is {largest}; it must be at most {LARGEST}")
    left, found = list(target), []
    for size in range(1, largest + 1):
        if family == "bins":
            # The first point of each bin, and the end.
            edges = [round(each * len(POINTS) / size) for each in range(size + 1)]
            left = []
            for start, end in zip(edges[:-1], edges[1:], strict=True):
                height = mean(target[start:end])
                left += [value - height for value in target[start:end]]
        else:
            function = polynomials(size)[-1]
            share = product(left, function)
            left = [value - share * part for value, part in zip(left, function, strict=True)]
        found.append(left)
    return found


def distances(family: str, target: Sequence[float]) -> list[float]:
    """The distance from the target to the best function of each size.

    Example:
        Three bins are a larger class than two, and further away:

        >>> [round(distance, 3) for distance in distances("bins", TARGETS["step"])][:3]
        [0.5, 0.0, 0.289]
    """
    return [size_of(left) for left in remainders(family, target)]


BASIS: list[list[float]] = []


def polynomials(size: int) -> list[list[float]]:
    """The first `size` orthonormal polynomials over `POINTS`, as lists of values; computed once.

    Source:
        The three-term recurrence; Gautschi, "Orthogonal polynomials" (2004), section 1.3.
    """
    while len(BASIS) < size:
        new = (
            [(x - 0.5) * value for x, value in zip(POINTS, BASIS[-1], strict=True)]
            if BASIS
            else [1.0] * len(POINTS)
        )
        # By symmetry about 1/2 only the last but one has a share in the new one.
        for last_but_one in BASIS[-2:-1]:
            share = product(new, last_but_one)
            new = [a - share * b for a, b in zip(new, last_but_one, strict=True)]
        BASIS.append(scaled(new))
    return BASIS[:size]


def scaled(function: Sequence[float]) -> list[float]:
    """The function divided by its size."""
    size = size_of(function)
    return [value / size for value in function]


def plane(one: Sequence[float], other: Sequence[float]) -> tuple[list[float], list[float]]:
    """Axes for a picture of functions: two orthonormal ones, the first along `one`."""
    across = scaled(one)
    share = product(across, other)
    return across, scaled([b - share * a for a, b in zip(across, other, strict=True)])


def reach(
    family: str, size: int, axes: tuple[Sequence[float], Sequence[float]]
) -> tuple[float, float, float]:
    """The class's squared distance from a function in a plane, as a quadratic form.

    Returns:
        The numbers a, b, c for the function u times the first axis plus v times the second:

        .. math:: a u² + 2 b u v + c v²
    """
    one, other = [remainders(family, axis, size)[-1] for axis in axes]
    return product(one, one), product(one, other), product(other, other)
