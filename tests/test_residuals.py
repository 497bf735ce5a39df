"""Residuals against mpmath and NumPy: slopes, Newton's steps, first order, refinement."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resnet_lab.residuals import (
    FUNCTIONS,
    SOLUTION,
    E,
    error,
    euler,
    newton,
    refine,
    residual,
    smooth_path,
    tanh,
)

WITH_MPMATH = {
    "line": lambda x: 2 * x,
    "square": lambda x: x**2,
    "cube": lambda x: (x - mpmath.mpf("1.5")) ** 3,
    "tanh": mpmath.tanh,
    "exponential": mpmath.exp,
}
guesses = st.floats(-2, 4)


def test_e_is_eulers_number():
    assert E == math.e


@pytest.mark.parametrize("name", FUNCTIONS)
@given(x=guesses)
def test_functions_and_slopes_are_mpmaths(name, x):
    function = FUNCTIONS[name]
    assert function.value(x) == pytest.approx(float(WITH_MPMATH[name](x)), rel=1e-12, abs=1e-12)
    assert function.slope(x) == pytest.approx(
        float(mpmath.diff(WITH_MPMATH[name], x)), rel=1e-9, abs=1e-9
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_hidden_solution_is_the_one_a_root_finder_finds(name):
    f = FUNCTIONS[name].value
    b = f(SOLUTION)
    root = mpmath.findroot(
        lambda x: WITH_MPMATH[name](x) - b, (0.3, 4), solver="bisect", tol=1e-20, verify=False
    )
    assert float(root) == pytest.approx(SOLUTION)


def test_signs_of_residual_and_error_agree_where_the_function_rises():
    f = FUNCTIONS["line"].value
    assert residual(f, 3, 1) == 1 and error(1.5, 1) == 0.5
    assert residual(f, 3, 2) == -1 and error(1.5, 2) == -0.5


@pytest.mark.parametrize("name", ["square", "tanh", "exponential"])
def test_the_error_is_residual_over_slope_up_to_the_second_order(name):
    """Taylor: residual / f' = e + f''/(2f') e² + O(e³), with the derivatives from mpmath."""
    function, exact = FUNCTIONS[name], WITH_MPMATH[name]
    second = float(mpmath.diff(exact, SOLUTION, 2) / mpmath.diff(exact, SOLUTION) / 2)
    for e in (1e-2, -1e-2, 1e-3, -1e-3):
        guess = SOLUTION - e
        estimate = residual(function.value, function.value(SOLUTION), guess) / function.slope(guess)
        assert (estimate - e) / e**2 == pytest.approx(second, rel=0.05)


@pytest.mark.parametrize(
    "name, start",
    [
        ("line", 4),
        ("square", 4),
        ("square", -0.5),
        ("exponential", 3),
        ("tanh", 1.2),
        ("tanh", 2),
        ("cube", 3),
    ],
)
def test_newtons_steps_are_those_of_mpmaths_derivative(name, start):
    f, exact = FUNCTIONS[name], WITH_MPMATH[name]
    x, b = mpmath.mpf(start), exact(mpmath.mpf(SOLUTION))
    for guess in refine(f.value, f.value(SOLUTION), start, newton(f.slope), 2):
        assert guess == pytest.approx(float(x), rel=1e-7)
        x += (b - exact(x)) / mpmath.diff(exact, x)


def test_newton_refuses_a_level_tangent():
    with pytest.raises(ValueError, match="slope at 0 is 0"):
        refine(FUNCTIONS["square"].value, 2.25, 0, newton(FUNCTIONS["square"].slope), 1)


def test_iterative_refinement_wins_back_the_digits_that_float32_lost():
    """A system of six unknowns with condition number 1e3; NumPy's solver in float64 judges."""
    random = np.random.default_rng(0)
    left, right = (np.linalg.qr(random.normal(size=(6, 6)))[0] for _ in range(2))
    a = left @ np.diag(np.logspace(0, -3, 6)) @ right
    b = a @ np.ones(6)

    def roughly(residual, guess):
        return np.linalg.solve(a.astype(np.float32), residual.astype(np.float32)).astype(np.float64)

    solution, guesses = np.linalg.solve(a, b), refine(lambda x: a @ x, b, np.zeros(6), roughly, 4)
    errors = [np.abs(error(solution, guess)).max() for guess in guesses]
    assert 1e-6 < errors[1] < 1e-3
    # The second step gains as much again. Then only float64's own rounding is left.
    assert errors[2] < errors[1] / 500
    assert max(errors[3:]) < 1e-12


@given(st.floats(-1000, 1000))
def test_tanh_is_maths(x):
    assert tanh(x) == pytest.approx(math.tanh(x), abs=1e-12)


def test_part_of_a_step_leaves_the_rest_of_a_straight_lines_error():
    """On a line each step removes the part h of the error: what is left is (1 - h)^n."""
    for step, guess in enumerate(euler(FUNCTIONS["line"], 3.0, 0.1, steps=40)):
        assert guess - SOLUTION == pytest.approx(1.5 * 0.9**step)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(guess=guesses, time=st.floats(0.01, 100))
def test_on_the_smooth_path_the_residual_falls_as_the_exponential_does(name, guess, time):
    f, solution = FUNCTIONS[name], FUNCTIONS[name].value(SOLUTION)
    assume(abs(f.slope(guess)) > 1e-6)
    path = smooth_path(f, guess, time, 9)
    start = solution - f.value(guess)
    for place, x in enumerate(path):
        assert solution - f.value(x) == pytest.approx(start * math.exp(-time * place / 8), abs=1e-8)


@pytest.mark.parametrize("name, guess", [("tanh", 3.0), ("square", 4.0), ("cube", 3.0)])
def test_half_the_step_is_half_as_far_from_the_smooth_path(name, guess):
    """Euler's method is of the first order."""
    end = smooth_path(FUNCTIONS[name], guess, 2, 2)[-1]
    missed = [
        euler(FUNCTIONS[name], guess, 2 / steps, steps)[-1] - end for steps in (400, 800, 1600)
    ]
    for longer, shorter in zip(missed, missed[1:], strict=False):
        assert longer / shorter == pytest.approx(2, rel=0.05)


def test_the_steps_end_where_the_slope_is_zero():
    assert len(euler(FUNCTIONS["tanh"], 3.0, 1.0, steps=40)) == 3
    assert euler(FUNCTIONS["square"], 0.0, 0.5, steps=3) == [0.0]
