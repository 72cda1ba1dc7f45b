"""Prices at a demand and against an API, from figures whose throughput and interval are known."""

import math
from dataclasses import replace
from datetime import date

import pytest

from ragmeter.core.errors import ConfigError
from ragmeter.core.figures.summary import Figures, summarise
from ragmeter.core.money.cost import cost_of, offered, price_sheet_from
from ragmeter.core.money.economics import SECONDS_PER_MONTH, Economics, Terms, economics
from ragmeter.core.requests.records import Phase
from ragmeter.core.stats.estimate import Estimate

SHEET = {
    "as_of": "2026-01-30",
    "source": "list prices",
    "gpu_node_usd_per_hr": 0.9,
    "gpu_node_count": 1,
    "cpu_node_usd_per_hr": 0.05,
    "cpu_node_count": 2,
    "cluster_mgmt_usd_per_hr": 0,
    "offers": {"spot": {"as_of": "2026-02-20", "source": "spot page", "gpu_node_usd_per_hr": 0.3}},
}
"""1 USD an hour, 730 a month."""


def rate(value: float, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=100, enough=True)


def figures(goodput: Estimate, tokens: Estimate) -> Figures:
    empty = summarise([], Phase.MEASURED)
    phase = replace(empty.phase, requests=1000, success=1000, total_tokens=100_000, duration_seconds=100.0)
    rates = {**empty.rates, "goodput_rps": goodput, "good_tokens_per_s": tokens, "output_tokens_per_s": tokens}
    return replace(empty, phase=phase, good=1000, good_tokens=100_000, rates=rates)


def priced(terms: Terms, goodput: Estimate, tokens: Estimate | None = None) -> Economics:
    found = figures(goodput, tokens or rate(1000, 800, 1250))
    cost = cost_of(
        price_sheet_from(SHEET), found.phase, good=1000, good_tokens=100_000, received_bytes=0, today=date(2026, 2, 22)
    )
    return economics(cost, found, terms)


def demand(per_s: float, goodput: Estimate) -> tuple[float | None, ...]:
    at = priced(Terms(good_requests_per_month=per_s * SECONDS_PER_MONTH), goodput).at_demand
    assert at is not None
    return (
        at.clusters.value,
        at.clusters.low,
        at.clusters.high,
        at.idle_ratio.value,
        at.idle_ratio.low,
        at.idle_ratio.high,
    )


def test_a_demand_is_served_by_whole_clusters_and_the_rest_is_idle() -> None:
    assert demand(5, rate(10, 8, 12.5)) == pytest.approx((1, 1, 1, 0.5, 1 - 5 / 8, 0.6))
    assert demand(10, rate(10)) == (1, None, None, 0, None, None)


def test_an_uncertain_throughput_makes_the_number_of_clusters_uncertain() -> None:
    """At 10/s one cluster is just enough; at 8/s it takes two, which are then 37.5 % idle, and up to half."""
    clusters, low, high, _, least, most = demand(10, rate(10, 8, 12.5))
    assert (clusters, low, high) == (1, 1, 2)
    assert least == 0.0
    assert most == pytest.approx(0.5)


def test_a_month_costs_the_clusters_that_are_needed() -> None:
    at = priced(Terms(good_requests_per_month=25 * SECONDS_PER_MONTH), rate(10, 8, 12.5)).at_demand
    assert at is not None
    found = (at.usd_per_month.value, at.usd_per_month.low, at.usd_per_month.high)
    assert found == pytest.approx((3 * 730, 2 * 730, 4 * 730))


def test_a_million_good_tokens_carry_the_interval_of_the_good_throughput() -> None:
    at = priced(Terms(), rate(10)).usd_per_1m_good_tokens
    assert at.value == pytest.approx(1 / 36 / 0.1)
    assert (at.low, at.high) == pytest.approx((1 / 36 / 0.1 / 1.25, 1 / 36 / 0.1 * 1.25))


def test_nothing_that_was_not_asked_for_is_answered_and_nothing_good_serves_no_demand() -> None:
    at = priced(Terms(), rate(10))
    assert (at.at_demand, at.api, at.month) == (None, None, None)
    traffic = at.warnings
    at = priced(Terms(good_requests_per_month=1), rate(0))
    assert at.at_demand is None
    assert at.warnings == (
        *traffic,
        "the demand cannot be priced: the cost of the cluster is unknown or nothing, or it served no good request",
    )


def test_a_lower_end_of_0_leaves_the_price_without_an_upper_bound() -> None:
    at = priced(Terms(), rate(10), rate(100, 0, 500)).usd_per_1m_good_tokens
    assert at.high is None
    assert math.isfinite(at.low or math.inf)


def test_an_offer_replaces_its_prices_and_its_date_and_says_its_name() -> None:
    sheet = price_sheet_from(offered(SHEET, "spot", "here.yaml"))
    assert (sheet.gpu_node_usd_per_hr, sheet.cpu_node_usd_per_hr, sheet.as_of, sheet.offer) == (
        0.3,
        0.05,
        "2026-02-20",
        "spot",
    )


@pytest.mark.parametrize(
    ("sheet", "words"), [(SHEET, "no offer 'free'; known: spot"), ({}, "no offer 'free'; it has list prices only")]
)
def test_an_offer_that_is_not_there_is_refused(sheet: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        offered(sheet, "free", "here.yaml")
