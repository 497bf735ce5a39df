"""Numbers as people write them: how the answers of exercises are read."""

import ast
import operator
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_lab.exercises.forms import Number
from resnet_lab.exercises.numbers import read_number


@pytest.mark.parametrize(
    "text, value",
    [
        ("112", 112),
        ("1,179,648", 1179648),
        ("1 179 648", 1179648),
        ("1_179_648", 1179648),
        ("1\u202f179\u202f648", 1179648),
        ("1.18e6", 1180000),
        ("3/4", 0.75),
        ("2**10", 1024),
        ("2^10", 1024),
        (" -3 ", -3),
        ("−3", -3),
        (".5", 0.5),
        ("1,234.5", 1234.5),
        ("3*3*256*256*2", 1179648),
        ("1.8 × 10^9", 1.8e9),
        ("2**-1", 0.5),
        ("-2**2", -4),
        ("2**3**2", 512),
        ("(1+2)*3 - 4", 5),
        ("6/3", 2),
    ],
)
def test_numbers_as_people_write_them(text, value):
    assert read_number(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "text, says",
    [
        ("?", "number such as"),
        ("abc", "'abc'"),
        ("2 10", "'2 10'"),
        ("112 x 112", "'112 x 112'"),
        ("(1+2", "'(1+2'"),
        ("1 MB", "without a unit"),
        ("3,5", "decimals with a point"),
        ("1234,567", "groups of three"),
        ("1/0", "divides by zero"),
        ("0**-1", "divides by zero"),
        ("9**9**9", "too large"),
        ("10**400", "too large"),
        ("(((2**64)**64)**64)", "too large"),
        ("1e999", "too large"),
        ("(-8)**0.5", "too large"),
        ("1" * 200, "long"),
        ("__import__('os')", "cannot read"),
        ("nan", "cannot read"),
        ("inf", "cannot read"),
    ],
)
def test_what_is_no_number_gets_a_sentence(text, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        read_number(text)
    result = Number(112, hint="h", solution="s").check(text)
    assert result.state == "unread" and str(result).endswith(".")


OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
formulas = st.recursive(
    st.integers(0, 999).map(str) | st.decimals(0, 99, places=2).map(str),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", " * ", "/"]), inner).map("".join)
        | inner.map(lambda text: f"({text})")
        | inner.map(lambda text: f"({text})**2")
    ),
    max_leaves=5,
)


@given(formulas)
def test_small_formulas_mean_what_python_makes_of_them(text):
    """Python's own parser and operators are the reference."""

    def value(node):
        if isinstance(node, ast.Constant):
            return node.value
        return OPERATORS[type(node.op)](value(node.left), value(node.right))

    try:
        expected = value(ast.parse(text, mode="eval").body)
    except ZeroDivisionError:
        return
    if len(text) <= 80:
        assert read_number(text) == pytest.approx(expected, rel=1e-9, abs=1e-9)
