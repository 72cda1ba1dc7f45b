"""What would make the TTFT shorter, in one sentence, where the shares of its stages allow to say so.

A cause is named if the lower end of the 95 % interval of its share of the TTFT is at least a half, over at least 10
requests: of the slowest 5 % where these allow it, else of all. The interval is over trials from three on, otherwise
over requests. Nothing is said of a wait that its server did not split, nor where the server's times contradict
themselves by more than a twentieth of the TTFT. A faster network is ruled out where the upper end of the share of the
networks that were measured is below a twentieth.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ragmeter.core.figures.stages import OF_NETWORKS, Stage, label_of
from ragmeter.core.figures.waterfall import Measured, attributable, tail_of, waterfall
from ragmeter.core.formatting import number_text
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.stats.pooled import ratio_of_sums
from ragmeter.core.stats.trials import MIN_TO_SHOW, quotient_over_trials

DOMINANT_SHARE: Final = 0.5
NEGLIGIBLE_SHARE: Final = 0.05
LEAST_REQUESTS: Final = 10
ALONE_BELOW: Final = 2.0
"""With fewer requests of this run in flight on average, a queue at the LLM is not of its making."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """cause: the stage that dominates, ``network`` or ``search`` for several. share_ratio: of the TTFT of the ``n``
    requests, low and high its 95 % interval. inferred: whether it was got by subtraction. in_flight: requests of this
    run that were, on average, when those were sent; None where several machines sent them.
    """

    cause: str
    sentence: str
    share_ratio: float
    low: float
    high: float
    n: int
    inferred: bool
    in_flight: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """is_: what the share of the TTFT is, in words. helps: what would make it shorter; empty where that is open."""

    stages: frozenset[str]
    is_: str
    helps: str = ""


_CAUSES: Final[Mapping[str, _Cause]] = {
    "llm_queue": _Cause(stages=frozenset({"llm_queue"}), is_="queueing at the LLM", helps="a second replica"),
    "llm_prefill": _Cause(
        stages=frozenset({"llm_prefill"}), is_="LLM prefill", helps="shorter contexts or a faster GPU"
    ),
    "llm_first_decode": _Cause(
        stages=frozenset({"llm_first_decode"}),
        is_="decoding before the first text, such as reasoning",
        helps="less of it or a faster GPU",
    ),
    "queue": _Cause(
        stages=frozenset({"queue"}),
        is_="the queue of the backend",
        helps="more places in it or another replica of the backend",
    ),
    "search": _Cause(
        stages=frozenset({"embedding", "retrieval"}),
        is_="embedding and retrieval",
        helps="a faster embedder or index",
    ),
    "network": _Cause(stages=OF_NETWORKS, is_="network", helps="a shorter way to the service"),
    "backend_rest": _Cause(
        stages=frozenset({"backend_rest"}), is_="time in the backend that none of its stages explains"
    ),
    "unexplained": _Cause(
        stages=frozenset({"unexplained"}), is_="unexplained: nobody measured what lies between client and service"
    ),
}
_NEVER: Final = frozenset({"llm_rest", "llm_first_token"})
"""Waits of several causes, of which nobody told which it was."""


def advice_of(samples: Sequence[RequestSample], llm_round_trip_ms: float | None = None) -> Advice | None:
    """Of the requests of a valid run; None where nothing can be said.

    llm_round_trip_ms: see `ragmeter.core.figures.attribution.attribute`.
    """
    mine = attributable(samples)
    for rows, whose in ((tail_of(mine), "the TTFT of the slowest 5 %"), (mine, "the mean TTFT")):
        found = _advice(rows, whose, samples, llm_round_trip_ms)
        if found is not None:
            return found
    return None


def _advice(
    rows: Measured, whose: str, samples: Sequence[RequestSample], llm_round_trip_ms: float | None
) -> Advice | None:
    if len(rows) < LEAST_REQUESTS:
        return None
    requests = [waterfall([row], llm_round_trip_ms)[1] for row in rows]
    causes = _causes({stage.name for stages in requests for stage in stages})
    shares = {name: _share(rows, requests, cause) for name, cause in causes.items()}
    if any(at.value is not None and at.value < -NEGLIGIBLE_SHARE for at in shares.values()):
        return None
    name = max(shares, key=lambda each: shares[each].value or 0.0)
    share, cause = shares[name], causes[name]
    if share.value is None or share.low is None or share.high is None or share.low < DOMINANT_SHARE:
        return None
    if cause.stages & _NEVER:
        return None
    in_flight = _in_flight(rows, samples)
    network = None if name == "network" else shares.get("network")
    return Advice(
        cause=name,
        sentence=_sentence(cause, whose, share, in_flight, network),
        share_ratio=share.value,
        low=share.low,
        high=share.high,
        n=len(rows),
        inferred=any(at.basis == "remainder" for stages in requests for at in stages if at.name in cause.stages),
        in_flight=in_flight,
    )


def _causes(names: set[str]) -> dict[str, _Cause]:
    """Those that have a stage; stages with names of their own are each one."""
    known = {name: cause for name, cause in _CAUSES.items() if cause.stages & names}
    left = names - {stage for cause in known.values() for stage in cause.stages}
    return {**known, **{name: _Cause(stages=frozenset({name}), is_=f"the stage {label_of(name)}") for name in left}}


def _share(rows: Measured, requests: Sequence[Sequence[Stage]], cause: _Cause) -> Estimate:
    """Of the TTFT of all rows together, with its interval where they are enough."""
    of_cause = [sum(at.mean_ms for at in stages if at.name in cause.stages) for stages in requests]
    by_trial: defaultdict[int, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for (ttft, sample), own in zip(rows, of_cause, strict=True):
        top, bottom = by_trial[sample.trial]
        by_trial[sample.trial] = top + own, bottom + ttft
    tops, bottoms = zip(*by_trial.values(), strict=True)
    if not all(bottoms):
        return Estimate(value=None, low=None, high=None, n=len(rows), enough=False)
    if len(by_trial) >= MIN_TO_SHOW:
        return quotient_over_trials(tops, bottoms, n=len(rows))
    low, high = ratio_of_sums(of_cause, [ttft for ttft, _ in rows])
    return Estimate(value=sum(tops) / sum(bottoms), low=low, high=high, n=len(rows), enough=low is not None)


def _in_flight(rows: Measured, samples: Sequence[RequestSample]) -> float | None:
    """Requests in flight, the own one included, when each of the rows was sent; their mean."""
    if len({sample.clock_id for sample in samples}) != 1:
        return None
    sent = sorted(sample.sent_ns for sample in samples if sample.sent_ns is not None)
    ended = sorted(sample.ended_ns for sample in samples if sample.sent_ns is not None)
    then = [at_ns for _, sample in rows if (at_ns := sample.sent_ns) is not None]
    return sum(bisect_right(sent, at_ns) - bisect_left(ended, at_ns) for at_ns in then) / len(then)


def _sentence(cause: _Cause, whose: str, share: Estimate, in_flight: float | None, network: Estimate | None) -> str:
    of = f"{round((share.value or 0.0) * 100)} % of {whose} is {cause.is_}"
    helps = f": {cause.helps} would help" if cause.helps else ""
    if "llm_queue" in cause.stages and in_flight is not None:
        running = number_text(in_flight, 2)
        if in_flight < ALONE_BELOW:
            return f"{of}, although this run had {running} in flight on average: others use the LLM server"
        of += f", at {running} requests in flight"
    if helps and network is not None and network.high is not None and network.high < NEGLIGIBLE_SHARE:
        helps += ", a faster network would not"
    return f"{of}{helps}"
