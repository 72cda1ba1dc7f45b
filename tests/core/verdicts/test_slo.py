import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.errors import ConfigError
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.verdicts.slo import check_step, parse_goodput, parse_slo


@pytest.mark.parametrize(
    ("expression", "metric", "statistic", "operator", "bound"),
    [
        ("p95(ttft_ms) <= 1500", "ttft_ms", "p95", "<=", 1500.0),
        ("p50(itl_ms)<40", "itl_ms", "p50", "<", 40.0),
        (" p99.9( e2e_ms ) <= 1.5e4 ", "e2e_ms", "p99.9", "<=", 15000.0),
        ("mean(tokens_per_s) >= 20", "tokens_per_s", "mean", ">=", 20.0),
        ("p5(tokens_per_s) > .5", "tokens_per_s", "p5", ">", 0.5),
        ("max(max_gap_ms) <= 2000", "max_gap_ms", "max", "<=", 2000.0),
        ("p95(adj_ttft_ms) <= 1500", "adj_ttft_ms", "p95", "<=", 1500.0),
        ("error_ratio <= 0.01", "error_ratio", None, "<=", 0.01),
        ("errors <= 0", "errors", None, "<=", 0.0),
        ("good_ratio >= 0.99", "good_ratio", None, ">=", 0.99),
        ("output_tokens_per_s >= 100", "output_tokens_per_s", None, ">=", 100.0),
        ("usd_per_1m_tokens <= 0.5", "usd_per_1m_tokens", None, "<=", 0.5),
        ("recall_at_k >= 0.8", "recall_at_k", None, ">=", 0.8),
        ("mean(output_tokens) >= 100", "output_tokens", "mean", ">=", 100.0),
        ("mean(output_tokens) <= 300", "output_tokens", "mean", "<=", 300.0),
        ("p95(ttft_ms) <= 1.5s", "ttft_ms", "p95", "<=", 1500.0),
        ("p95(ttft_ms) <= 500 ms", "ttft_ms", "p95", "<=", 500.0),
        ("p99(e2e_ms)<2m", "e2e_ms", "p99", "<", 120000.0),
        ("error_ratio <= 0.1%", "error_ratio", None, "<=", 0.001),
        ("good_ratio >= 95 %", "good_ratio", None, ">=", 0.95),
        ("usd_per_1m_tokens <= 0.5 USD", "usd_per_1m_tokens", None, "<=", 0.5),
    ],
)
def test_expressions_that_are_understood(
    expression: str, metric: str, statistic: str | None, operator: str, bound: float
) -> None:
    slo = parse_slo(expression, "--bench-slo")
    assert (slo.metric.name, slo.statistic, slo.operator, slo.bound) == (metric, statistic, operator, bound)
    assert parse_slo(slo.expression, "again").expression == slo.expression


@pytest.mark.parametrize("text", ["at 8/s", "at 8.0 / s", " at 8e0/s "])
def test_expression_may_name_the_step_of_a_sweep(text: str) -> None:
    slo = parse_slo(f"p95(ttft_ms) <= 1500 {text}", "here")
    assert slo.at_rate_per_s == 8
    assert slo.expression == "p95(ttft_ms) <= 1500 at 8/s"
    assert parse_slo("p95(ttft_ms) <= 1500", "here").at_rate_per_s is None
    check_step(slo, (2, 8))
    with pytest.raises(
        ConfigError, match=r"here: SLO 'p95.*': there is no step at 8/s: the steps of the sweep offer 2/s, 4/s"
    ):
        check_step(slo, (2, 4))


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("p95(ttft_ms) <= 1500 at 8", "not understood"),
        ("p95(ttft_ms) <= 1500 at -8/s", "not understood"),
        ("", "not understood; write it like 'p95(ttft_ms) <= 1500'"),
        ("p95(ttft_ms) = 1500", "operators: <= < >= >"),
        ("p95(ttft_ms) <= 1500 kg", "ttft_ms is in ms and not in 'kg'; a bound may be in us, µs, ms, s, m, min, h, d"),
        ("p95(ttft_ms) <= 1%", "ttft_ms is in ms and not in '%'"),
        ("error_ratio <= 1s", "error_ratio is in ratio and not in 's'; a bound may be in %"),
        ("error_ratio <= 300%", "must be between 0 and 1 (1 % is 0.01), not 3"),
        ("p95(ttft_ms) <= 1e9999999999s", "must be finite"),
        ("ttft_p95_ms <= 1500", "unknown metric 'ttft_p95_ms'; did you mean p95(ttft_ms)?"),
        ("latency_p50_ms <= 1500", "did you mean p50(e2e_ms)?"),
        ("tpot_p95_ms <= 50", "did you mean p95(tpot_ms)?"),
        ("avg_tokens_per_sec >= 3", "did you mean mean(tokens_per_s)?"),
        ("avg_output_tokens >= 3", "did you mean mean(output_tokens)?"),
        ("p95(ttft) <= 1500", "did you mean ttft_ms?"),
        ("p95(latency) <= 10s", "did you mean e2e_ms?"),
        ("throughput >= 10", "did you mean output_tokens_per_s?"),
        ("success_rate >= 99%", "did you mean error_ratio?"),
        ("p95(ttft_ms) <= fast", "not understood"),
        ("p95 ttft_ms <= 1500", "not understood"),
        ("p95(ttf_ms) <= 1500", "unknown metric 'ttf_ms'; did you mean ttft_ms or"),
        ("error_rate <= 0.01", "unknown metric 'error_rate'; did you mean error_ratio"),
        ("zzz <= 1", "unknown metric 'zzz'; known: ttft_ms, "),
        ("ttft_ms <= 1500", "ttft_ms has many values; write a statistic of it: p95(ttft_ms)"),
        ("p95(error_ratio) <= 0.01", "error_ratio is one figure for the whole phase; write error_ratio alone"),
        ("median(ttft_ms) <= 1500", "unknown statistic 'median'; allowed: mean, min, max and percentiles"),
        ("p0(ttft_ms) <= 1500", "unknown statistic 'p0'"),
        ("p100(ttft_ms) <= 1500", "unknown statistic 'p100'"),
        ("p95(ttft_ms) >= 1500", "lower ttft_ms is better, so the bound is <= and not >="),
        ("output_tokens_per_s < 100", "higher output_tokens_per_s is better, so the bound is >= and not <"),
        ("error_ratio <= 3", "must be between 0 and 1 (1 % is 0.01), not 3"),
        ("p95(ttft_ms) <= -1", "must be finite and not below 0, not -1"),
        ("p95(ttft_ms) <= 1e999", "must be finite and not below 0, not inf"),
        ("p95(ttft_ms) <= 0", "no value of ttft_ms can meet it"),
        ("error_ratio <= 1", "holds for every value of error_ratio, so it judges nothing"),
        ("good_ratio >= 0", "holds for every value of good_ratio"),
        ("good_ratio > 1", "no value of good_ratio can meet it"),
        ("errors < 0", "no value of errors can meet it"),
        ("error_ratio <= 0", "no number of requests can show a ratio to be exactly 0; write errors <= 0"),
        (
            "good_ratio >= 1",
            "no number of requests can show a ratio to be exactly 1; write good_ratio >= a bound below",
        ),
    ],
)
def test_expressions_that_are_refused_say_why_and_how_to_write_it(expression: str, reason: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_slo(expression, "workloads/mine.yaml")
    assert str(raised.value).startswith(f"workloads/mine.yaml: SLO {expression!r}: ")
    assert reason in str(raised.value)


@given(text=st.text(max_size=40).filter(lambda text: "<" not in text and ">" not in text))
def test_text_without_an_operator_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_slo(text, "here")
    assert str(raised.value).startswith("here: SLO ")


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_can_be_judged(name: str) -> None:
    metric = METRICS[name]
    subject = name if metric.kind in {"rate", "count"} else f"p95({name})"
    slo = parse_slo(f"{subject} {'>=' if metric.better == 'higher' else '<='} 0.5", "here")
    assert slo.holds(1.0 if metric.better == "higher" else 0.1)


@pytest.mark.parametrize(
    ("operator", "at", "below", "above"),
    [("<=", True, True, False), ("<", False, True, False), (">=", True, False, True), (">", False, False, True)],
)
def test_operators_at_below_and_above_the_bound(operator: str, at: bool, below: bool, above: bool) -> None:
    slo = parse_slo(f"mean(output_tokens) {operator} 100", "here")
    assert (slo.holds(100), slo.holds(99), slo.holds(101)) == (at, below, above)


def test_goodput_bounds_are_kept() -> None:
    assert parse_goodput({"ttft_ms": 1500, "tokens_per_s": 10}, "here") == {"ttft_ms": 1500, "tokens_per_s": 10}


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ({"ttft": 1500}, "goodput ttft: 1500: unknown metric 'ttft'; did you mean ttft_ms"),
        ({"error_ratio": 0.1}, "goodput error_ratio: 0.1: no bound for one request; metrics that can be: ttft_ms, "),
        ({"itl_ms": 50}, "no bound for one request"),
        ({"output_tokens": 50}, "no bound for one request"),
        ({"ttft_ms": -5}, "must be finite and not below 0"),
        ({"stall_ratio": 2}, "must be between 0 and 1"),
    ],
)
def test_goodput_bounds_that_are_refused_say_why(bounds: dict[str, float], reason: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_goodput(bounds, "workloads/mine.yaml")
    assert str(raised.value).startswith("workloads/mine.yaml: goodput ")
    assert reason in str(raised.value)
