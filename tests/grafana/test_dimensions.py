"""The judge of units must itself say no."""

import pytest

from tests.grafana.dimensions import dimension_of, fits, metrics

FITTING = (
    ("DCGM_FI_DEV_FB_USED", "mbytes"),
    ("histogram_quantile(0.9, sum by (le) (rate(rag_ttft_seconds_bucket[1m])))", "s"),
    ("rate(rag_errors_total[1m]) / rate(rag_requests_total[1m])", "percentunit"),
    ("vector(0.5) / rate(rag_tokens_total[1m]) / 3600 * 1e6", "currencyUSD"),
    ("DCGM_FI_DEV_POWER_USAGE / rate(rag_tokens_total[1m])", "joule"),
    ("vllm:kv_cache_usage_perc or vllm:gpu_cache_usage_perc", "percentunit"),
    ("rate(rag_latency_seconds_sum[1m]) / rate(rag_latency_seconds_count[1m])", "s"),
    ("avg_over_time((rag_inflight_requests == bool 0)[5m:])", "percentunit"),
)
UNFITTING = (
    ("DCGM_FI_DEV_FB_USED", "bytes"),
    ("DCGM_FI_DEV_GPU_UTIL", "percentunit"),
    ("vllm:kv_cache_usage_perc", "percent"),
    ("rag_requests_total", "reqps"),
    ("rate(rag_tokens_total[1m])", "reqps"),
    ("histogram_quantile(0.9, rate(rag_tokens_per_second_bucket[1m]))", "s"),
    ("ragmeter_run_cost_usd", "s"),
    ("rate(rag_latency_seconds_sum[1m])", "s"),
)


@pytest.mark.parametrize(("expr", "unit"), FITTING)
def test_a_unit_that_fits_the_names_is_accepted(expr: str, unit: str) -> None:
    assert fits(expr, unit)


@pytest.mark.parametrize(("expr", "unit"), UNFITTING)
def test_a_unit_that_does_not_fit_the_names_is_refused(expr: str, unit: str) -> None:
    assert not fits(expr, unit)


@pytest.mark.parametrize("expr", ["rag_tokens_total or rag_requests_total", "rag_tokens_total + process_open_bytes"])
def test_terms_of_different_units_are_an_error(expr: str) -> None:
    with pytest.raises(ValueError, match="token"):
        dimension_of(expr)


def test_a_name_that_tells_no_unit_is_an_error() -> None:
    with pytest.raises(ValueError, match="something: its name tells no unit"):
        dimension_of("rate(something[1m])")


def test_metrics_are_named_once_and_in_order() -> None:
    assert metrics("rate(b[1m]) / rate(a[1m]) or b") == ["b", "a"]
