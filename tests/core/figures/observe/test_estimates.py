"""Figures of the servers, as SLOs ask for them: of gauges, of histograms, of counters; and what is withheld."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ragmeter.clients.observe.page import samples_of
from ragmeter.core.client.harness import harness_of
from ragmeter.core.figures.observe.estimates import (
    GaugeFigure,
    HistogramFigure,
    gauge_figures,
    growths,
    histogram_figures,
)
from ragmeter.core.figures.observe.records import Reading, Span
from ragmeter.core.figures.observe.served import cost_of_observing, served_trial
from ragmeter.core.figures.observe.told import Histogram
from ragmeter.core.figures.observe.watched import Watched, watched
from ragmeter.core.figures.summary import summarise
from ragmeter.core.requests.records import Phase
from ragmeter.core.verdicts.judge import judge
from ragmeter.core.verdicts.records import Outcome
from ragmeter.core.verdicts.slo import parse_slo

ONE, OTHER = "http://one/metrics", "http://other/metrics"
SECONDS = 12


def page(second: int, *, kv: float = 0.5, requests: int = 0) -> str:
    return (
        f"vllm:num_requests_running {second % 3}\nvllm:num_requests_waiting 4\nvllm:kv_cache_usage_perc {kv}\n"
        f"vllm:prompt_tokens_total {100 * second}\nvllm:generation_tokens_total {10 * second}\n"
        f"vllm:prefix_cache_queries_total {100 * second}\nvllm:prefix_cache_hits_total {25 * second}\n"
        f"vllm:num_preemptions_total {second // 6}\n"
        f'vllm:request_queue_time_seconds_bucket{{le="0.3"}} {requests * 0.9:g}\n'
        f'vllm:request_queue_time_seconds_bucket{{le="0.5"}} {requests}\n'
        f'vllm:request_queue_time_seconds_bucket{{le="+Inf"}} {requests}\n'
        f"vllm:request_queue_time_seconds_sum {requests * 0.2}\nvllm:request_queue_time_seconds_count {requests}\n"
    )


def trial(
    number: int = 0,
    source: str = ONE,
    *,
    kv: Sequence[float] = (0.5,) * SECONDS,
    lost: Sequence[int] = (),
    requests: int = 200,
) -> list[Reading]:
    """Readings of a trial of twelve seconds. lost: seconds whose reading failed."""
    span = Span(phase=Phase.MEASURED, trial=number)

    def at(at_s: float, tick: int, text: str | None, edge: str | None = None) -> Reading:
        return Reading(
            source=source,
            span=span,
            at_ns=int(at_s * 1e9),
            took_ns=2_000_000,
            cpu_ns=6_000_000,
            edge=edge,  # type: ignore[arg-type]
            tick=tick,
            samples=() if text is None else samples_of(text, buckets=True),
            failure="no answer within 3 s" if text is None else None,
        )

    ticks = [at(i + 0.5, i + 1, None if i in lost else page(i, kv=kv[i], requests=requests)) for i in range(SECONDS)]
    return [at(0, 0, page(0), "begin"), *ticks, at(SECONDS, 0, page(SECONDS, requests=requests), "end")]


def seen(*trials: list[Reading]) -> tuple[Watched, ...]:
    return watched([reading for each in trials for reading in each])


def test_one_server_in_one_trial() -> None:
    (found,) = (served_trial(at) for at in seen(trial()))
    assert (found.server, found.readings, found.failed, found.gaps) == ("vLLM", 12, 0, ())
    assert (found.running_mean, found.running_max, found.waiting_mean) == (1.0, 2.0, 4.0)
    assert (found.kv_cache_usage_mean_ratio, found.prefix_hit_ratio, found.preemptions) == (0.5, 0.25, 2.0)
    assert (found.prompt_tokens_per_s, found.output_tokens_per_s) == (100.0, 10.0)
    assert found.queue_mean_ms == pytest.approx(200.0)
    assert found.prefill_mean_ms is None


def test_what_a_gap_hides_is_not_known_and_what_counters_tell_is() -> None:
    (found,) = (served_trial(at) for at in seen(trial(lost=(3, 4, 5, 6))))
    assert (found.running_mean, found.kv_cache_usage_max_ratio) == (None, None)
    assert found.output_tokens == 120
    assert found.gaps == ("not read for 5.0 s from 2.5 s on: no answer within 3 s",)
    assert found.failed == 4


def test_replicas_add_up_at_each_second_and_the_fullest_cache_counts() -> None:
    spans = seen(trial(kv=(0.2,) * SECONDS), trial(source=OTHER, kv=(0.9, *(0.1,) * 11), lost=(2,)))
    found = gauge_figures(spans)
    assert len(found["llm_waiting"].trials[0]) == 11, "a second in which one of them was not read is left out"
    assert set(found["llm_waiting"].trials[0]) == {8.0}
    assert found["kv_cache_usage_ratio"].estimate("max").value == 0.9
    assert found["kv_cache_usage_ratio"].estimate("min").value == 0.2
    assert growths("generation_tokens", spans) == ([240.0], [12.0])
    assert growths("service_running", spans) == (None, [])
    assert histogram_figures(spans)["llm_queue_ms"].estimate("mean").n == 400


@pytest.mark.parametrize(
    ("slo", "readings", "outcome", "words"),
    [
        ("max(kv_cache_usage_ratio) <= 0.9", [trial()], Outcome.PASS, ""),
        ("max(kv_cache_usage_ratio) <= 0.4", [trial()], Outcome.FAIL, ""),
        ("max(kv_cache_usage_ratio) <= 0.4", [trial(lost=(3, 4, 5, 6))], Outcome.FAIL, ""),
        ("max(kv_cache_usage_ratio) <= 0.9", [trial(lost=(3, 4, 5, 6))], Outcome.NO_DATA, "not read for 5.0 s"),
        ("mean(llm_waiting) <= 5", [trial()], Outcome.PASS, ""),
        (
            "mean(llm_waiting) <= 5",
            [trial(lost=(3, 4, 5, 6))],
            Outcome.NO_DATA,
            "no data: http://one/metrics: not read",
        ),
        ("p95(llm_waiting) <= 5", [trial()], Outcome.NO_DATA, "n=12 is too small for p95"),
        ("mean(llm_waiting) <= 5", [trial(number) for number in range(5)], Outcome.PASS, ""),
        ("mean(llm_waiting) <= 5", [trial(number) for number in range(3)], Outcome.INCONCLUSIVE, "too few to conclude"),
        ("p95(llm_queue_ms) <= 600", [trial()], Outcome.PASS, ""),
        ("p95(llm_queue_ms) <= 200", [trial()], Outcome.FAIL, ""),
        ("p95(llm_queue_ms) <= 400", [trial()], Outcome.INCONCLUSIVE, "lies inside the interval"),
        ("p50(llm_queue_ms) <= 200", [trial()], Outcome.INCONCLUSIVE, "lies inside the interval"),
        ("mean(llm_queue_ms) <= 250", [trial()], Outcome.PASS, ""),
        ("max(llm_queue_ms) <= 600", [trial()], Outcome.NO_DATA, "no data"),
        ("mean(llm_prefill_ms) <= 600", [trial()], Outcome.NO_DATA, "no data"),
        ("mean(llm_waiting) <= 5", [], Outcome.NO_DATA, "no data"),
    ],
)
def test_slos_of_servers_have_the_verdicts_of_all_others(
    slo: str, readings: list[list[Reading]], outcome: Outcome, words: str
) -> None:
    spans = seen(*readings)
    gauges = gauge_figures(spans)
    unknown = {name: figure.gap for name, figure in gauges.items() if figure.gap is not None}
    figures = summarise([], Phase.MEASURED).with_served({**gauges, **histogram_figures(spans)}, unknown)
    harness = harness_of([], clock="user", open_loop=False, client_cpu_ratio=None)
    found = judge(parse_slo(slo, "here"), replace(figures, trials=max(1, len(readings))), harness, "w @ p")
    assert found.outcome is outcome, found.sentence
    assert words in found.sentence


def test_a_percentile_of_a_histogram_lies_between_the_bounds_of_its_bucket() -> None:
    whole = Histogram(
        total=100.0, count=1000, counts=((10.0, 100.0), (20.0, 900.0), (40.0, 1000.0), (math.inf, 1000.0))
    )
    at = HistogramFigure(trials=(whole,)).estimate("p50")
    assert (at.low, at.value, at.high, at.n, at.enough) == (10.0, 15.0, 20.0, 1000, True)
    last = HistogramFigure(trials=(Histogram(total=1.0, count=100, counts=((10.0, 0.0), (math.inf, 100.0))),))
    assert (last.estimate("p50").low, last.estimate("p50").high) == (10.0, None), "the last bucket has no end"
    assert HistogramFigure(trials=(whole, None)).estimate("p50").value is None
    assert HistogramFigure(trials=(Histogram(total=0.0, count=0),)).estimate("mean").value is None


def test_nothing_seen_is_no_figure() -> None:
    assert gauge_figures(()) == {}
    assert histogram_figures(()) == {}
    assert GaugeFigure(trials=((),)).estimate("mean").value is None
    assert cost_of_observing([], ()) is None


def test_observing_has_its_cost() -> None:
    readings = trial()
    cost = cost_of_observing(readings, seen(readings))
    assert cost is not None
    assert (cost.sources, cost.readings, cost.failed, cost.took_mean_ms) == (1, 14, 0, 2.0)
    assert cost.cpu_ratio == pytest.approx(14 * 0.006 / 12, rel=1e-3)
