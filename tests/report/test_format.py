import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.words.format import (
    Unit,
    figure,
    interval,
    moment,
    money,
    number,
    percent,
    quantity,
    span,
    unit_of,
    unit_of_all,
)
from tests.report.figures import distribution


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (0.4123, "0.412"),
        (4.1234, "4.12"),
        (41.234, "41.2"),
        (412.34, "412"),
        (1843.2, "1,843"),
        (-4.1234, "-4.12"),
    ],
)
def test_a_number_has_three_digits_or_its_whole_integer_part(value: float, expected: str) -> None:
    assert number(value) == expected


@given(st.floats(min_value=1e-6, max_value=1e9))
def test_a_written_number_is_within_half_a_percent_of_the_value(value: float) -> None:
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.00001, "< 0.01 %"),
        (0.99999, "> 99.99 %"),
        (0.0012, "0.12 %"),
        (0.082, "8.2 %"),
        (0.5, "50 %"),
        (0.9987, "99.87 %"),
    ],
)
def test_a_share_says_none_or_all_only_when_it_is(ratio: float, expected: str) -> None:
    assert percent(ratio) == expected


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_a_share_between_none_and_all_never_reads_like_either(ratio: float) -> None:
    assert percent(ratio) not in ("0 %", "100 %")


@pytest.mark.parametrize(
    ("usd", "expected"),
    [(0.0, "$0.00"), (432.16, "$432.16"), (1234.5, "$1,234.50"), (0.156582, "$0.1566"), (0.0000123456, "$0.00001235")],
)
def test_money_keeps_four_digits_below_a_hundred_dollars(usd: float, expected: str) -> None:
    assert money(usd) == expected


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("ttft_ms", "ms"),
        ("output_tokens_per_s", "tokens/s"),
        ("requests_per_s", "/s"),
        ("goodput_rps", "/s"),
        ("good_ratio", "ratio"),
        ("recall_at_k", "ratio"),
        ("usd_per_request", "usd"),
        ("benchmark_run_cost_usd", "usd"),
        ("duration_seconds", "s"),
        ("concurrency", "plain"),
    ],
)
def test_the_unit_of_a_figure_comes_from_its_name(name: str, unit: Unit) -> None:
    assert unit_of(name) == unit


def test_every_metric_is_written_in_the_unit_of_its_definition() -> None:
    written = {"1/s": "/s", "USD": "usd", "requests": "plain", "tokens": "plain", "chars": "plain"}
    assert METRICS
    for metric in METRICS.values():
        assert unit_of(metric.name) == written.get(metric.unit, metric.unit)


def test_an_unknown_figure_is_a_dash_and_not_zero() -> None:
    assert figure("ttft_ms", None) == "\N{EN DASH}"
    assert figure("usd_per_request", None) == "\N{EN DASH}"
    assert figure("ttft_ms", 0) == "0 ms"


def test_a_distribution_with_a_median_of_seconds_is_written_in_seconds_throughout() -> None:
    assert unit_of_all(distribution([4_999.0])) == "ms"
    assert unit_of_all(distribution([5_000.0])) == "ms as s"
    assert quantity(8_846, "ms as s") == "8.85 s"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1790.0, 1902.0, "1,790\N{EN DASH}1,902 ms"),
        (1790.0, None, "≥ 1,790 ms, no upper bound"),
        (None, 1902.0, "≤ 1,902 ms, no lower bound"),
        (None, None, "no interval"),
    ],
)
def test_an_interval_names_its_open_side(low: float | None, high: float | None, expected: str) -> None:
    at = Estimate(value=1843.0, low=low, high=high, n=200, enough=True)
    assert interval(at, "ms") == expected


def test_a_bare_interval_leaves_its_unit_to_the_value_before_it() -> None:
    at = Estimate(value=0.08, low=0.061, high=0.109, n=500, enough=True)
    assert interval(at, "ratio", bare=True) == "6.1\N{EN DASH}10.9"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(None, "\N{EN DASH}"), (41.23, "41.2 s"), (125.0, "2 min 5 s"), (3_725.0, "1 h 2 min")]
)
def test_a_span_is_written_as_people_plan_with_it(seconds: float | None, expected: str) -> None:
    assert span(seconds) == expected


def test_a_moment_in_utc_is_written_without_letters_and_fractions() -> None:
    assert moment("2026-02-22T10:11:12.345Z") == "2026-02-22 10:11:12 UTC"
    assert moment("2026-11-23T23:45:40.978902+00:00") == "2026-11-23 23:45:40 UTC"
    assert moment("2026-11-23T23:45:40+01:00") == "2026-11-23T23:45:40+01:00"
    assert moment("yesterday") == "yesterday"
