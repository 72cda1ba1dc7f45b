"""What can be judged by a result without its requests, and what cannot."""

from dataclasses import replace
from typing import Any

import pytest

from ragmeter.core.errors import ConfigError
from ragmeter.core.result.build import result_of
from ragmeter.core.result.documented import documented, lacking, steps_of
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.slo import parse_slo
from ragmeter.core.verdicts.steps import Step
from tests.saved import saved_run

RUN = saved_run("here", [1.0], requests=200)
RESULT = result_of(RUN.plan, RUN.samples, RUN.ending, raw_samples_path=RUN.path)
STEP = Step(
    step=0,
    rate_per_s=4.0,
    offered_rate_per_s=4.0,
    achieved_rate_per_s=4.0,
    requests=10,
    errors=0,
    requests_per_s=4.0,
    output_tokens_per_s=None,
    ttft_p50_ms=1.0,
    ttft_p95_ms=1.0,
    tpot_p50_ms=None,
    tpot_p95_ms=None,
    latency_p50_ms=1.0,
    latency_p95_ms=1.0,
    peak_concurrency=1,
)
INFINITE = replace(RESULT.estimates["adj_ttft_ms"].p95, value=None, low=None, high=None)


def adjusted() -> RunResult:
    at = replace(RESULT.estimates["adj_ttft_ms"], p95=INFINITE)
    return replace(RESULT, estimates={**RESULT.estimates, "adj_ttft_ms": at})


@pytest.mark.parametrize(
    ("result", "slo", "words"),
    [
        (RESULT, "p95(ttft_ms) <= 5", None),
        (RESULT, "mean(tpot_ms) <= 5", None),
        (RESULT, "max(e2e_ms) <= 5", None),
        (RESULT, "error_ratio <= 0.05", None),
        (RESULT, "p99.9(ttft_ms) <= 5", "the document has mean, p50, p90, p95, p99, min and max of ttft_ms alone"),
        (adjusted(), "p95(adj_ttft_ms) <= 5", "which may be infinite"),
        (replace(RESULT, steps=(STEP,)), "p95(ttft_ms) <= 5", "each step of a sweep is judged by itself"),
        (replace(RESULT, status="interrupted", trials=5), "p95(ttft_ms) <= 5", "the run ended early"),
        (replace(RESULT, status="interrupted"), "p95(ttft_ms) <= 5", None),
    ],
)
def test_what_needs_the_raw_record_says_why(result: RunResult, slo: str, words: str | None) -> None:
    found = lacking(parse_slo(slo, "here"), parse_slo(slo, "here").metric.name, result, documented(result))
    assert found is None if words is None else words in (found or "")


@pytest.mark.parametrize(("metric", "statistic"), [("ttft_ms", "p95"), ("e2e_ms", "max"), ("error_ratio", None)])
def test_an_estimate_is_the_one_that_was_computed_from_the_requests(metric: str, statistic: str | None) -> None:
    found: Any = documented(RESULT).estimate(metric, statistic)
    whole: Any = RESULT.rates[metric] if statistic is None else getattr(RESULT.estimates[metric], statistic)
    assert whole in (found, found.value)


def test_the_steps_of_a_sweep_are_those_of_its_rates() -> None:
    assert steps_of(replace(RESULT, steps=(STEP,))) == [4.0]


def test_a_document_without_its_measured_phase_is_refused() -> None:
    with pytest.raises(ConfigError, match="has no 'measured'"):
        documented(replace(RESULT, phases={}))
