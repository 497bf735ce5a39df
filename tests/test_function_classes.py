"""Best functions against NumPy's least squares, on the same points and in the limit of many."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_lab.function_classes import (
    FAMILIES,
    LARGEST,
    POINTS,
    TARGETS,
    best,
    distances,
    plane,
    polynomials,
    product,
    reach,
    remainders,
    size_of,
)

X = np.array(POINTS)
sizes = st.integers(1, LARGEST)
some_targets = st.lists(st.floats(-5, 5), min_size=len(POINTS), max_size=len(POINTS))


def least_squares(family, size, target):
    """The best function by NumPy, from a basis unlike ours: one-hot bins, or powers of 2x - 1."""
    columns = (
        np.eye(size)[(X * size).astype(int)] if family == "bins" else np.vander(2 * X - 1, size)
    )
    return columns @ np.linalg.lstsq(columns, target, rcond=None)[0]


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=25)
@given(size=sizes, target=some_targets)
def test_best_is_the_least_squares_fit(family, size, target):
    expected = least_squares(family, size, np.array(target))
    assert best(family, target, size) == pytest.approx(expected, abs=1e-8)
    assert distances(family, target)[size - 1] == pytest.approx(
        np.sqrt(np.mean((target - expected) ** 2)), abs=1e-8
    )


@settings(max_examples=25)
@given(some_targets)
def test_a_larger_nested_class_is_never_further(target):
    reached = distances("polynomials", target)
    assert all(
        after <= before + 1e-12 for before, after in zip(reached[:-1], reached[1:], strict=True)
    )
    of_bins = distances("bins", target)
    for size in (1, 2, 3, 4, 6):
        # Cutting every bin in two keeps the old edges: these classes are nested too.
        assert of_bins[2 * size - 1] <= of_bins[size - 1] + 1e-12


def test_three_bins_lose_to_two():
    """By hand: the middle third of a step at 1/2 is half 0 and half 1, and misses by 1/2."""
    reached = distances("bins", TARGETS["step"])
    assert reached[1] == pytest.approx(0, abs=1e-12)
    assert reached[2] == pytest.approx((1 / 3 * 1 / 4) ** 0.5, abs=1e-12)
    hill = distances("bins", TARGETS["hill"])
    assert hill[3] > 1.3 * hill[2]


def test_polynomials_are_legendres():
    """With many points the discrete polynomials tend to Legendre's of norm 1; 120 are near."""
    for degree, values in enumerate(polynomials(6)):
        legendre = np.polynomial.legendre.Legendre.basis(degree)(2 * X - 1) * np.sqrt(
            2 * degree + 1
        )
        assert values == pytest.approx(legendre, abs=0.02)


def test_reach_is_the_squared_distance_in_the_plane():
    axes = plane(TARGETS["step"], TARGETS["third"])
    assert [product(a, b) for a in axes for b in axes] == pytest.approx([1, 0, 0, 1], abs=1e-12)
    for family in FAMILIES:
        for size in (1, 2, 3, 5):
            a, b, c = reach(family, size, axes)
            for u, v in ((1, 0), (0.3, -0.8), (-2, 1.5)):
                function = u * np.array(axes[0]) + v * np.array(axes[1])
                miss = np.mean((function - least_squares(family, size, function)) ** 2)
                assert a * u * u + 2 * b * u * v + c * v * v == pytest.approx(miss, abs=1e-9)


def test_bad_input_is_named():
    for call, says in [
        (lambda: best("splines", TARGETS["ramp"], 3), "'splines'"),
        (lambda: best("bins", TARGETS["ramp"], 0), "size is 0"),
        (lambda: best("bins", TARGETS["ramp"], 13), "at most 12"),
    ]:
        with pytest.raises(ValueError, match=says):
            call()
    with pytest.raises(TypeError, match="size"):
        remainders("bins", TARGETS["ramp"], 2.5)
    assert size_of(TARGETS["step"]) == pytest.approx(0.5**0.5)
