"""Months whose hours are not alike, against sheets computed by hand."""

from decimal import Decimal
from typing import Any

import pytest

from ragmeter.core.errors import ConfigError
from ragmeter.core.money.economics import Terms, economics
from ragmeter.core.money.month import Hours, Month, month_of, month_profile
from tests.core.money.sheets import api, cents, cost, measured, rate

Load = tuple[tuple[float, float], ...]
Three = tuple[Any, Any, Any]
OFFICE: Load = ((176.0, 20_000.0),)
"""22 days of 8 hours, with 2.8 times what one cluster serves in an hour (7,200)."""


def month(hours: Load, kept: int = 1, *, received_bytes: int = 0, sheet: Any = None, **run: Any) -> Month | None:
    found = measured(**run)
    profile = month_profile([Hours(hours=h, requests_per_hour=n) for h, n in hours], kept)
    priced = cost(found, received_bytes, **(sheet or {}))
    return month_of(profile, priced, found.rates["goodput_rps"], found.good, None)


SHEETS: dict[str, tuple[Load, dict[str, Any], Three, Three]] = {
    # three replicas of 0.52 USD an hour, and 0.072 * 730 = 52.56 for the rest:
    # 2,190 hours always on, 528 switched off while idle, 528 and 554 scaled
    "office hours": (OFFICE, {}, ("1191.36", "327.12", "615.20"), (2190, 528, 1082)),
    # without a replica while nobody asks, scaling is switching off
    "scaled to none": (OFFICE, {"kept": 0}, ("1191.36", "327.12", "327.12"), (2190, 528, 528)),
    # someone asks in every hour, so nothing is switched off; one replica is enough at night
    "day and night": (
        ((176, 20_000), (554, 200)), {}, ("1191.36", "1191.36", "615.20"), (2190, 2190, 1082),
    ),
    # scaled: 300 and 200 and 530 hours
    "three loads": (
        ((100, 20_000), (100, 10_000), (530, 1)), {}, ("1191.36", "1191.36", "588.16"), (2190, 2190, 1030),
    ),
    "the same hour after hour": (((730, 7_200),), {}, ("432.16", "432.16", "432.16"), (730, 730, 730)),
    "one request in a month": (((1, 1),), {}, ("432.16", "53.08", "432.16"), (730, 1, 730)),
    "hours told as idle": (((176, 20_000), (554, 0)), {}, ("1191.36", "327.12", "615.20"), (2190, 528, 1082)),
    # 3.52 million requests of 2 MB at 0.10 USD a GB: 704 USD more
    "traffic": (
        OFFICE, {"received_bytes": 2_000_000_000, "sheet": {"egress_usd_per_gb": 0.1}},
        ("1895.36", "1031.12", "1319.20"), (2190, 528, 1082),
    ),
    # two CPU nodes are the replica: (3 * 176 + 554) * 0.072
    "without GPU nodes": (
        OFFICE, {"sheet": {"gpu_node_count": 0}}, ("157.68", "38.02", "77.90"), (2190, 528, 1082),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("hours", "given", "usd", "replica_hours"), SHEETS.values(), ids=SHEETS)
def test_each_way_to_run_a_month_costs_what_the_sheet_says(
    hours: Load,
    given: dict[str, Any],
    usd: tuple[str, ...],
    replica_hours: tuple[int, ...],
) -> None:
    found = month(hours, **given)
    assert found is not None
    assert [way.name for way in found.ways] == ["always on", "off while idle", "autoscaled"]
    assert tuple(cents(way.usd_per_month.value) for way in found.ways) == tuple(map(Decimal, usd))
    assert tuple(way.replica_hours.value for way in found.ways) == replica_hours


def test_idle_is_what_is_paid_and_serves_nobody() -> None:
    found = month(OFFICE)
    assert found is not None
    busy = 176 * 20_000 / 7_200
    assert [way.idle_ratio for way in found.ways] == pytest.approx([1 - busy / paid for paid in (2190, 528, 1082)])
    assert (found.serving_hours, found.idle_hours, found.requests_per_month) == (176, 554, 3_520_000)
    full = month(((730, 7_200),))
    assert full is not None
    assert [way.idle_ratio for way in full.ways] == pytest.approx([0, 0, 0])


def test_an_uncertain_goodput_makes_replicas_and_dollars_uncertain() -> None:
    found = month(OFFICE, goodput=rate(2.0, 1.6, 3.0))
    assert found is not None
    peak = found.peak_replicas
    assert (peak.value, peak.low, peak.high) == (3, 2, 4)
    always = found.ways[0].usd_per_month
    assert (cents(always.low), cents(always.high)) == (Decimal("811.76"), Decimal("1570.96"))
    open_ended = month(OFFICE, goodput=rate(2.0, 0.0, 3.0))
    assert open_ended is not None
    assert open_ended.ways[0].usd_per_month.high is None


@pytest.mark.parametrize(
    "given",
    [{"sheet": {"gpu_node_count": None}}, {"goodput": rate(0.0)}, {"goodput": rate(None)}, {"requests": 0}],
)
def test_a_month_that_cannot_be_priced_is_none(given: dict[str, Any]) -> None:
    assert month(OFFICE, **given) is None


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (((731, 1),), "--hours: 731 hours are more than a month has, 730"),
        (((700, 1), (30.5, 0)), "--hours: 730.5 hours are more than a month has, 730"),
        (((730, 0),), "--hours: no hour has a request"),
        ((), "--hours: no hour has a request"),
    ],
)
def test_hours_that_are_no_month_are_refused(hours: Load, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        month(hours)


def test_a_demand_and_a_month_have_the_bill_of_the_api_beside_them() -> None:
    found = measured()
    profile = month_profile([Hours(hours=176, requests_per_hour=20_000)], 1)
    at = economics(cost(found), found, Terms(good_requests_per_month=1_000_000, api=api(), month=profile))
    assert at.at_demand is not None
    assert at.month is not None
    assert at.at_demand.api_usd_per_month is not None
    assert at.month.api_usd_per_month is not None
    assert cents(at.at_demand.api_usd_per_month.value) == Decimal("1220.00")
    assert cents(at.month.api_usd_per_month.value) == Decimal("4294.40")
