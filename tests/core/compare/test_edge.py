"""What an edge of a known size is said to add."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ragmeter.core.compare.edge import Edge, EdgeMetric, edge_of
from ragmeter.core.requests.records import ErrorClass, RequestSample, ServerTimings
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.schedule.vantage import vantages_of
from tests.core.samples import sample
from tests.run.cases import plan, workload

COMPLETE = RunEnding(status="complete")
PLAN = plan(vantages=vantages_of(1), workload=workload(concurrency=None, rate_per_s=10.0, shape="constant"))


def drawn(trials: int, adds_ms: float, rng: np.random.Generator, each: int = 24) -> list[RequestSample]:
    """Trials of very different levels, as services have them; outside, every request takes so much longer."""
    made = []
    for trial in range(trials):
        level = 200 * rng.lognormal(0, 0.3)
        for index, ttft in enumerate(level * rng.lognormal(0, 0.2, 2 * each)):
            outside = index % 2
            longer = ttft + adds_ms * outside
            rtt = 200 + round(adds_ms * 750) * outside
            made.append(sample(index=index, ttft_ms=longer, trial=trial, clock_id=outside, rtt_us=rtt))
    return made


def found(samples: Sequence[RequestSample], ending: RunEnding = COMPLETE, **changes: Any) -> Edge:
    edge = edge_of(samples, replace(PLAN, **changes), ending)
    assert edge is not None
    return edge


def of(edge: Edge, metric: str, statistic: str | None = "p50") -> EdgeMetric:
    (only,) = [at for at in edge.metrics if (at.metric, at.statistic) == (metric, statistic)]
    return only


@pytest.mark.parametrize("trials", [3, 5])
def test_interval_holds_what_the_edge_adds_as_often_as_it_says(trials: int) -> None:
    """Levels of trials differ by 30 %, which is 60 ms; the edge adds 12."""
    rng = np.random.default_rng(trials)
    runs, covered, widths = 100, 0, []
    for _ in range(runs):
        at = of(found(drawn(trials, 12, rng)), "ttft_ms").difference
        assert at.low is not None
        assert at.high is not None
        covered += at.low <= 12 <= at.high
        widths.append(at.high - at.low)
    assert covered >= 89, "95 of 100, less three standard errors"
    assert np.median(widths) < 2 * 60, "no level of a trial is in it"


def test_sentence_says_how_much_is_round_trip() -> None:
    edge = found(steady((11, 12, 13)))
    assert edge.sentence == (
        "the edge (load balancer, ingress, internet) adds 12 ms [9.52, 14.5] to p50 TTFT, of which 9 ms is round trip"
    )
    assert (edge.trials, edge.inside_requests, edge.outside_requests) == (3, 12, 12)
    assert of(edge, "ttft_ms").inside == 100
    assert of(edge, "ttft_ms").outside == 112
    assert of(edge, "round_trip_ms").difference.value == 9
    assert of(edge, "itl_ms", "p99").difference.value == 0
    assert of(edge, "error_ratio", None).difference.value == 0


def steady(adds_ms: Sequence[float], rtt_us: int = 9_200) -> list[RequestSample]:
    """One trial for each, without any scatter."""
    return [
        sample(
            index=index,
            ttft_ms=100 + adds * (index % 2),
            trial=trial,
            clock_id=index % 2,
            rtt_us=rtt_us if index % 2 else 200,
        )
        for trial, adds in enumerate(adds_ms)
        for index in range(8)
    ]


@pytest.mark.parametrize(
    ("adds_ms", "sentence"),
    [
        ((-1, 0, 2), r"no difference is shown in p50 TTFT: what the edge adds lies in \[-3.*, 4.*\] ms"),
        ((7, 8, 9), r"the edge \(.*\) adds 8 ms \[5.*, 10.*\] to p50 TTFT; the round trip by itself is 9 ms longer"),
        ((-30, -31, -32), r"p50 TTFT is 31 ms shorter from outside: \[-33.*, -28.*\] ms"),
        (
            (12, 12),
            "the edge adds 12 ms to p50 TTFT, of which 9 ms is round trip, without an interval: 2 of the 3 trials",
        ),
    ],
)
def test_no_more_is_said_than_is_shown(adds_ms: Sequence[float], sentence: str) -> None:
    assert re.match(sentence, found(steady(adds_ms)).sentence)


def test_clocks_of_the_two_sides_are_never_compared() -> None:
    """An hour apart: nothing changes."""
    samples = steady((11, 12, 13))
    hour_ns = 3_600_000_000_000
    late = [
        s
        if s.clock_id == 0
        else replace(
            s,
            scheduled_ns=s.scheduled_ns + hour_ns,
            sent_ns=(s.sent_ns or 0) + hour_ns,
            events_ns=tuple(at + hour_ns for at in s.events_ns),
            ended_ns=s.ended_ns + hour_ns,
        )
        for s in samples
    ]
    assert found(late) == found(samples)


def test_what_one_side_did_not_see_is_left_out() -> None:
    assert edge_of(steady((1, 2)), replace(PLAN, vantages=()), COMPLETE) is None
    assert edge_of([s for s in steady((1, 2)) if s.clock_id], PLAN, COMPLETE) is None
    names = {at.metric for at in found([replace(s, rtt_us=None) for s in steady((1, 2))]).metrics}
    assert not names & {"round_trip_ms", "connect_ms"}
    failed = [replace(s, error=ErrorClass.TIMEOUT) if s.clock_id and s.trial else s for s in steady((1, 2))]
    edge = found(failed)
    assert edge.sentence == "what the edge adds to the TTFT is not known: not every trial has an answer on both sides"
    assert of(edge, "error_ratio", None).outside == 0.5


def test_trial_that_was_cut_short_does_not_count() -> None:
    ending = RunEnding(status="interrupted", reason="Ctrl-C")
    assert found(steady((1, 2, 3)), ending).trials == 2
    assert found(steady((1,)), ending).trials == 1


def test_side_that_was_alone_at_the_end_of_a_closed_loop_is_told() -> None:
    samples = [
        sample(index=index, at_ms=index * (100 + 30 * (index % 2)), clock_id=index % 2, trial=trial)
        for trial in range(3)
        for index in range(20)
    ]
    _, caveat = found(samples, workload=workload()).caveats
    assert caveat.startswith("the requests from outside took 28 % longer in all")
    assert "in an open loop (load.shape) both sides meet the same load" in caveat
    assert len(found(samples).caveats) == 1


def test_what_the_service_reports_of_itself_is_no_edge() -> None:
    """The requests from outside wait 30 ms longer in the service, and 5 ms on their way."""
    samples = [
        replace(each, timings=ServerTimings(ttft_ms=80.0 + 30 * each.clock_id, total_ms=100.0 + 30 * each.clock_id))
        for each in steady((34, 35, 36), rtt_us=3_200)
    ]
    edge = found(samples)
    assert edge.sentence == (
        "the edge (load balancer, ingress, internet) adds 5 ms [2.52, 7.48] to p50 TTFT, of which 3 ms is round trip"
    )
    assert of(edge, "unreported_ttft_ms").difference.value == 5
    assert of(edge, "ttft_ms").difference.value == 35
    assert edge.caveats == ()


def test_a_service_that_does_not_report_is_told() -> None:
    (caveat,) = found(steady((11, 12, 13))).caveats
    assert caveat.startswith("the service did not report its own part of every TTFT")
