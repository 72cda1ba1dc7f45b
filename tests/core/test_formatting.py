import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.formatting import distinct_text, number_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1843.27, "1843"),
        (37.914, "37.91"),
        (0.156582, "0.1566"),
        (0.00025, "0.00025"),
        (0.0, "0"),
        (100.0, "100"),
        (99.996, "100"),
        (123456.7, "123457"),
        (-2.5, "-2.5"),
        (1e-9, "1e-09"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
    ],
)
def test_numbers_read_without_exponent_and_with_four_digits(value: float, text: str) -> None:
    assert number_text(value) == text


@given(value=st.floats(1e-6, 1e14))
def test_text_is_within_a_thousandth_of_the_number(value: float) -> None:
    assert float(number_text(value)) == pytest.approx(value, rel=5.1e-4)


@pytest.mark.parametrize(
    ("value", "bound", "text"),
    [(1500.0, 1500.0, "1500"), (1500.02, 1500.0, "1500.02"), (1842.9, 1500.0, "1843"), (0.0100001, 0.01, "0.0100001")],
)
def test_a_value_never_looks_like_the_bound_it_differs_from(value: float, bound: float, text: str) -> None:
    assert distinct_text(value, bound) == text
