import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.stats import student

TABLE = [(1, 0.975, 12.7062), (2, 0.975, 4.30265), (4, 0.975, 2.77645), (4, 0.9995, 8.6103), (9, 0.95, 1.83311)]


@pytest.mark.parametrize(("df", "share", "t"), TABLE)
def test_quantiles_are_those_of_printed_tables(df: int, share: float, t: float) -> None:
    assert student.quantile(share, df) == pytest.approx(t, rel=1e-5)
    assert student.quantile(1 - share, df) == pytest.approx(-t, rel=1e-5)


def test_many_degrees_of_freedom_are_the_normal_distribution() -> None:
    assert student.quantile(0.975, 5000) == pytest.approx(1.95996, abs=5e-4)


@given(t=st.floats(-50, 50), df=st.integers(1, 200))
def test_the_distribution_is_symmetric_and_within_0_to_1(t: float, df: int) -> None:
    assert 0 <= student.cdf(t, df) <= 1
    assert student.cdf(t, df) + student.cdf(-t, df) == pytest.approx(1)


@given(share=st.floats(0.5001, 0.9999), df=st.integers(1, 100))
def test_the_quantile_is_the_inverse_of_the_distribution(share: float, df: int) -> None:
    assert student.cdf(student.quantile(share, df), df) == pytest.approx(share, abs=1e-9)


def test_an_infinite_t_has_no_chance() -> None:
    assert student.two_sided_p(math.inf, 4) == 0.0


@pytest.mark.parametrize(("share", "df"), [(0.0, 4), (1.0, 4), (0.9, 0)])
def test_what_cannot_be_is_refused(share: float, df: int) -> None:
    with pytest.raises(ValueError, match="Student's t needs"):
        student.quantile(share, df)


@pytest.mark.parametrize(
    ("df", "shift", "expected"),
    [
        (1, 3.0, 0.735036),
        (2, 0.5, 0.155592),
        (4, 3.0, 0.694397),
        (9, 1.5, 0.211030),
        (38, 3.0, 0.690340),
        (500, 6.0, 0.999759),
    ],
)
def test_the_power_is_that_of_the_noncentral_t(df: int, shift: float, expected: float) -> None:
    """With a critical value of 2.5, as scipy.stats.nct gives it."""
    assert student.power(shift, 2.5, df) == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("df", [2, 4, 9, 38])
def test_the_detectable_shift_has_the_power_that_was_wanted(df: int) -> None:
    critical = student.quantile(0.975, df)
    assert student.power(student.detectable(0.8, critical, df), critical, df) == pytest.approx(0.8, abs=1e-5)
    assert student.power(0.0, critical, df) == pytest.approx(0.05, abs=1e-6)
