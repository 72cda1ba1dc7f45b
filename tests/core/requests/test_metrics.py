import pytest

from ragmeter.core.requests.metric import Metric
from ragmeter.core.requests.metrics import DEFINITIONS_VERSION, METRICS, OF_TOKENS
from tests.core.samples import sample


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_every_metric_says_its_formula_its_meaning_and_its_source(metric: Metric) -> None:
    assert metric.formula
    assert metric.definition.endswith(".")
    assert metric.source


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_the_unit_is_in_the_name(metric: Metric) -> None:
    endings: dict[str, str | tuple[str, ...]] = {
        "ms": "_ms",
        "ratio": ("_ratio", "_at_k", "mrr", "groundedness", "exact_match", "token_f1"),
        "chars": "_chars",
        "tokens/s": "tokens_per_s",
        "1/s": ("_per_s", "_rps"),
        "tokens": "_tokens",
        "requests": ("errors", "success", "_running", "_waiting", "preemptions"),
    }
    assert metric.name.startswith("usd_") if metric.unit == "USD" else metric.name.endswith(endings[metric.unit])


def test_only_per_request_metrics_can_be_measured_on_one_request() -> None:
    for metric in METRICS.values():
        assert (metric.measure is not None) == (metric.kind == "per_request")
        if metric.measure:
            metric.measure(sample())


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        METRICS["mine"] = METRICS["ttft_ms"]  # type: ignore[index]


def test_the_formula_of_tpot_and_the_version_of_all_definitions() -> None:
    assert METRICS["tpot_ms"].formula == "(t_L - t_F) / (N - R - n_F)"
    assert DEFINITIONS_VERSION == "3"


@pytest.mark.parametrize("metric", [m for m in METRICS.values() if m.measure], ids=lambda metric: metric.name)
def test_metrics_of_tokens_are_those_that_change_with_the_count(metric: Metric) -> None:
    assert metric.measure is not None
    few, many = (
        metric.measure(sample(output_tokens=tokens, reasoning_tokens=tokens // 10, gaps_ms=(10.0,) * 9))
        for tokens in (10, 20)
    )
    assert (few != many) == (metric.name in OF_TOKENS)
