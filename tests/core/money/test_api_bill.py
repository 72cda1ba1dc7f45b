"""What an API would bill, and the break-even with it, against sheets computed by hand."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ragmeter.core.money.api_bill import ApiBill, api_bill
from ragmeter.core.stats.estimate import Estimate
from tests.core.money.sheets import api, cents, cost, measured, rate


def bill(prices: dict[str, Any] | None = None, *, received_bytes: int = 0, sheet: Any = None, **run: Any) -> ApiBill:
    found = measured(**run)
    return api_bill(api(**(prices or {})), cost(found, received_bytes, **(sheet or {})), found)


NO_CACHE = {"usd_per_1m_cached_input_tokens": None}
SHEETS: dict[str, tuple[dict[str, Any], dict[str, Any], str, dict[str, str]]] = {
    # 2000 * 0.40 + 1000 * 0.10 + 200 * 1.60 = 800 + 100 + 320 USD for a million requests
    "input, cached and output": ({}, {}, "1220.00", {"input": "800", "cached input": "100", "output": "320"}),
    # 3000 * 0.40 + 200 * 1.60
    "nothing cached": ({}, {"cached": 0}, "1520.00", {"input": "1200", "output": "320"}),
    "all of it cached": ({}, {"cached": 3_000_000}, "620.00", {"cached input": "300", "output": "320"}),
    "an API without a discount": (NO_CACHE, {}, "1520.00", {"input": "1200", "output": "320"}),
    "cached for nothing": (
        {"usd_per_1m_cached_input_tokens": 0.0}, {}, "1120.00", {"input": "800", "output": "320"},
    ),
    # ... + 1,000 * 2.50
    "a search each": (
        {"usd_per_1k_searches": 2.5}, {}, "3720.00",
        {"input": "800", "cached input": "100", "output": "320", "search": "2500"},
    ),
    "output alone": ({"usd_per_1m_input_tokens": 0.0, **NO_CACHE}, {}, "320.00", {"output": "320"}),
    "one request": (
        {}, {"requests": 1, "input_tokens": 3000, "cached": 1000, "output": 200}, "1220.00",
        {"input": "800", "cached input": "100", "output": "320"},
    ),
    # 1 * 0.40 + 1 * 1.60
    "one token in and one out": (
        {}, {"requests": 1, "input_tokens": 1, "cached": 0, "output": 1}, "2.00", {"input": "0.40", "output": "1.60"},
    ),
    # 3.333 tokens in and 0.333 out of each of three requests: 10 * 0.40 / 3 + 1 * 1.60 / 3
    "means that are no whole numbers": (
        {}, {"requests": 3, "input_tokens": 10, "cached": 0, "output": 1}, "1.87", {"input": "1.33", "output": "0.53"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("prices", "run", "total", "parts"), SHEETS.values(), ids=SHEETS)
def test_the_bill_of_a_million_requests_is_that_of_the_sheet_to_the_cent(
    prices: dict[str, Any], run: dict[str, Any], total: str, parts: dict[str, str]
) -> None:
    found = bill(prices, **run)
    assert found.usd_per_request.value is not None
    assert cents(found.usd_per_request.value * 1e6) == Decimal(total)
    assert {name: cents(usd * 1e6) for name, usd in found.parts.items()} == {
        name: Decimal(usd).quantize(Decimal("0.01")) for name, usd in parts.items()
    }


BREAK_EVENS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    # 0.592 / 0.00122 = 485.2459, of 7,200 an hour
    "whole": ({}, {}, "485.25", "6.74"),
    # 0.592 / 0.00152
    "nothing cached": ({}, {"cached": 0}, "389.47", "5.41"),
    # 0.592 / 0.00032: what output tokens alone would say is 4.75 times as much
    "output alone": ({"usd_per_1m_input_tokens": 0.0, **NO_CACHE}, {}, "1850.00", "25.69"),
    # 1,000 requests of 2 MB at 0.10 USD a GB: 0.592 / (0.00122 - 0.0002)
    "traffic": ({}, {"received_bytes": 2_000_000_000, "sheet": {"egress_usd_per_gb": 0.10}}, "580.39", "8.06"),
    # 0.592 / 0.00122 of 360 an hour
    "above what the cluster serves": ({}, {"goodput": rate(0.1)}, "485.25", "134.79"),
}


@pytest.mark.parametrize(("prices", "run", "per_hour", "percent"), BREAK_EVENS.values(), ids=BREAK_EVENS)
def test_the_break_even_is_that_of_the_sheet(
    prices: dict[str, Any], run: dict[str, Any], per_hour: str, percent: str
) -> None:
    found = bill(prices, **run).break_even
    assert found is not None
    assert found.of_capacity_ratio.value is not None
    assert cents(found.requests_per_hour.value) == Decimal(per_hour)
    assert cents(found.of_capacity_ratio.value * 100) == Decimal(percent)


def test_ends_of_the_three_means_are_added_up_and_those_of_the_goodput_divide() -> None:
    means = {
        "prompt_tokens": rate(3000, 2700, 3300),
        "cached_tokens": rate(1000, 900, 1100),
        "output_tokens": rate(200, 190, 210),
    }
    found = bill(means=means, goodput=rate(2.0, 1.6, 2.5))
    usd, at = found.usd_per_request, found.break_even
    assert at is not None
    # (2700 - 1100) * 0.4 + 1100 * 0.1 + 190 * 1.6 = 1054; (3300 - 900) * 0.4 + 900 * 0.1 + 210 * 1.6 = 1386
    assert (usd.low, usd.high) == pytest.approx((1054e-6, 1386e-6))
    assert (at.requests_per_hour.low, at.requests_per_hour.high) == pytest.approx((0.592 / 1386e-6, 0.592 / 1054e-6))
    ratio = at.of_capacity_ratio
    assert (ratio.low, ratio.high) == pytest.approx((0.592 / 1386e-6 / 9000, 0.592 / 1054e-6 / 5760))


@pytest.mark.parametrize("goodput", [rate(2.0), rate(2.0, 0.0, 4.0)])
def test_an_end_that_is_not_known_leaves_the_share_open(goodput: Estimate) -> None:
    means = {name: rate(1.0, 1.0, 1.0) for name in ("prompt_tokens", "cached_tokens", "output_tokens")}
    at = bill(means=means, goodput=goodput).break_even
    assert at is not None
    assert at.requests_per_hour.high == pytest.approx(0.592 / 1220e-6)
    assert at.of_capacity_ratio.high is None


def test_without_means_there_is_a_bill_and_no_interval() -> None:
    usd = bill().usd_per_request
    assert usd.value == pytest.approx(1220e-6)
    assert usd.low is usd.high is None


@pytest.mark.parametrize(
    ("prices", "run", "words", "is_billed"),
    [
        ({}, {"requests": 0}, "no request succeeded", False),
        ({}, {"input_tokens": None}, "the prompt tokens of some responses are unknown", False),
        ({}, {"output": None}, "the output tokens of some responses are unknown", False),
        ({}, {"sheet": {"gpu_node_count": None}}, "the cost of the cluster is not known", True),
        ({}, {"goodput": rate(0.0)}, "no request was good", True),
        ({}, {"goodput": rate(None)}, "no request was good", True),
        (
            {"usd_per_1m_input_tokens": 0.0, "usd_per_1m_output_tokens": 0.0, **NO_CACHE}, {},
            "the API bills nothing: it is cheaper at any load", True,
        ),
        (
            {}, {"received_bytes": 10**12, "sheet": {"egress_usd_per_gb": 0.1}},
            "bills less than the traffic of a request costs", True,
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_withheld_with_its_reason(
    prices: dict[str, Any], run: dict[str, Any], words: str, is_billed: bool
) -> None:
    found = bill(prices, **run)
    assert found.break_even is None
    assert words in (found.withheld or "")
    assert (found.usd_per_request.value is not None) == is_billed == (found.tokens is not None)


def test_cached_tokens_that_nobody_tells_are_billed_as_input_and_a_warning_says_so() -> None:
    found = bill(cached=None)
    assert found.usd_per_request.value == pytest.approx(1520e-6)
    assert found.warnings == ("the cached tokens of responses are unknown: all input is billed as not cached",)
    assert bill(NO_CACHE, cached=None).warnings == ()


def test_prices_of_two_seasons_are_no_comparison() -> None:
    found = bill({"as_of": "2026-01-30"})
    assert found.warnings == (
        "the prices of the API (2026-01-30) and of the cluster (2026-06-30) are 151 days apart: read both again on one "
        "day",
    )
    run = measured()
    assert api_bill(api(as_of="2020-01-01"), replace(cost(run), as_of=None), run).warnings == ()
