"""Arithmetic for agents: exact, bounded, and total."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.world.calculate import calculate

NUMBERS = st.integers(0, 999).map(str) | st.sampled_from(["0.5", ".25", "12.", "3.14"])
EXPRESSIONS = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"-{one}"),
    ),
    max_leaves=6,
)


@given(expression=EXPRESSIONS)
def test_arithmetic_is_exact(expression: str) -> None:
    """The value is that of exact fractions, to 12 digits after the point."""
    spelled = "".join(
        part if part in "+-*/" or not part.strip("()-") else _as_fraction(part)
        for part in expression.replace("(", " ( ").replace(")", " ) ").replace("-", " - ").split()
    )
    try:
        exact = Fraction(eval(spelled, {"Fraction": Fraction}))
    except ZeroDivisionError:
        with pytest.raises(ValueError, match="divisor"):
            calculate(expression)
        return
    found = calculate(expression)
    assert abs(Fraction(found) - exact) <= Fraction(1, 2 * 10**12)


def _as_fraction(part: str) -> str:
    return f"Fraction('{part}')" if part[0] in ".0123456789" else part


@given(text=st.text(max_size=30) | st.text("0123456789+-*/(),. roundmix", max_size=30))
def test_arithmetic_is_total(text: str) -> None:
    """Any text gives a number or says what was expected."""
    said = ""
    try:
        found: object = calculate(text)
    except ValueError as error:
        found, said = None, str(error)
    assert said if found is None else isinstance(found, (int, Decimal))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2*3", "7"),
        ("10/4", "2.5"),
        ("1/3", "0.333333333333"),
        ("2/3", "0.666666666667"),
        ("0.1+0.2", "0.3"),
        ("round(2.345, 2)", "2.35"),
        ("round(-2.5)", "-3"),
        ("min(1, 2.5, 3) - max(4, -5)", "-3"),
        ("-(3-5)*--2", "4"),
        ("1.50*2", "3"),
    ],
)
def test_arithmetic_by_example(expression: str, expected: str) -> None:
    """Values are exact where they end, else rounded half up to 12 digits."""
    assert str(calculate(expression)) == expected


@pytest.mark.parametrize(
    "expression",
    [
        *("", "2**3", "1/0", "((1)", "abs(1)", "1 2", "max()", "1" * 40, "9" * 2000, "1e5"),
        *("(" * 99 + "1" + ")" * 99, "0x1", "__import__", "round(1, 99)", "round(1, 2, 3)"),
        *("1,2", "\u0663", "1;2", "'1'", "round", "1." + "3" * 500),
    ],
)
def test_what_is_no_arithmetic_says_so(expression: str) -> None:
    """Powers, names, unknown characters and values out of bounds are refused in words."""
    with pytest.raises(ValueError, match=r"\w+ .*\w"):
        calculate(expression)
