from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.stats.binomial import bracketing_counts, cdf


def exact_cdf(k: int, n: int, p: float) -> float:
    return sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


@pytest.mark.parametrize("n", [1, 2, 7, 30, 200])
@pytest.mark.parametrize("p", [0.001, 0.05, 0.5, 0.95, 0.999])
def test_cdf_is_that_of_the_sum_of_its_terms(n: int, p: float) -> None:
    for k in range(-1, n + 1):
        assert cdf(k, n, p) == pytest.approx(exact_cdf(k, n, p), abs=1e-13)


def test_a_million_trials_have_the_known_central_counts() -> None:
    assert bracketing_counts(1_000_000, 0.5, 0.025) == (499_020, 500_981)


@given(n=st.integers(1, 3000), p=st.floats(0.001, 0.999), tail=st.floats(0.001, 0.1))
def test_bracketing_counts_leave_at_most_the_tail_on_either_side_and_no_tighter_ones_do(
    n: int, p: float, tail: float
) -> None:
    lower, upper = bracketing_counts(n, p, tail)
    slack = 1e-12
    if lower is not None:
        assert cdf(lower - 1, n, p) <= tail + slack
    assert cdf(lower or 0, n, p) >= tail - slack
    if upper is not None:
        assert 1 - cdf(upper - 1, n, p) <= tail + slack
    assert 1 - cdf((upper or n + 1) - 2, n, p) >= tail - slack


@pytest.mark.parametrize("p", [-0.1, 0.0, 1.0, 1.1])
def test_a_probability_that_decides_nothing_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        cdf(1, 10, p)
