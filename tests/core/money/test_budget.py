import pytest

from ragmeter.core.money.budget import Limits, Spent, exceeded, rate_of, usd_text
from tests.saved import PRICES


@pytest.mark.parametrize(
    ("limits", "spent", "sentence"),
    [
        (Limits(), Spent(minutes=1e9, usd=1e9), None),
        (Limits(max_usd=1), Spent(minutes=9, usd=0.99), None),
        (Limits(max_usd=1), Spent(minutes=9, usd=1.0), "1.00 USD of at most 1.00 USD"),
        (Limits(max_usd=1), Spent(minutes=9, usd=None), None),
        (Limits(max_minutes=10), Spent(minutes=9.9, usd=None), None),
        (Limits(max_minutes=10), Spent(minutes=10.02, usd=None), "10 of at most 10 minutes"),
        (Limits(max_usd=0.01, max_minutes=10), Spent(minutes=11, usd=0.012), "0.012 USD of at most 0.01 USD"),
    ],
)
def test_a_limit_is_reached_or_not(limits: Limits, spent: Spent, sentence: str | None) -> None:
    assert exceeded(limits, spent) == sentence


def test_what_was_spent_since_is_a_difference() -> None:
    since = Spent(minutes=5, usd=3.0) - Spent(minutes=2, usd=1.0)
    assert (since.minutes, since.usd) == (3, 2.0)
    assert (Spent(minutes=5, usd=3.0) - Spent(minutes=2, usd=None)).usd is None


def test_a_cluster_costs_what_its_sheet_says() -> None:
    rate = rate_of({**PRICES, "egress_usd_per_gb": 0.09})
    assert rate.usd_per_hr == pytest.approx(0.52 + 2 * 0.036)
    assert rate.usd_per_byte == pytest.approx(0.09e-9)
    assert rate.unknown == ()


def test_a_sheet_with_a_hole_has_no_rate_and_says_what_is_missing() -> None:
    rate = rate_of({name: value for name, value in PRICES.items() if name != "gpu_node_count"})
    assert rate.usd_per_hr is None
    assert "give gpu_node_usd_per_hr and gpu_node_count" in rate.unknown[0]


def test_no_sheet_has_no_rate() -> None:
    assert rate_of(None).usd_per_hr is None


@pytest.mark.parametrize(("usd", "text"), [(0, "0.00 USD"), (12.345, "12.35 USD"), (0.000123, "0.00012 USD")])
def test_dollars_show_two_digits_that_say_something(usd: float, text: str) -> None:
    assert usd_text(usd) == text
