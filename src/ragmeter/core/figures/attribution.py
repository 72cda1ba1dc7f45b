"""TTFT breakdown: a waterfall that adds up to the client's TTFT.

::

    client's TTFT = queue + embedding + retrieval + further stages + LLM + rest of the backend + unexplained
                    `-------------------- as the backend says ------'   server TTFT - those    client TTFT - server TTFT

The LLM's part is split where its server tells how long it queued and read the prompt: see `core.figures.stages`; where
it tells that in histograms alone: see `core.figures.observe.split`. Two parts are known better where somebody measured
them. The client's kernel knows the round trip of the very connection (TCP_INFO), which is then a part of its own: the
client network. The backend's kernel knows that of its connection to the LLM server, or an east-west probe knows the
round trip between two pods: one of it, of the request that the first token answers, is taken out of the LLM's part.

What is left is called unexplained and not ingress or network: nobody has measured what it is. A stage that the backend
does not report stays in the rest of the backend; without the server's TTFT, that rest is unexplained, too. Remainders
are reported as they are: one below 0 (the server's clock reads more than the
client saw) is an error of that server's times, and clipping it would hide it and break the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ragmeter.core.figures.advice import Advice, advice_of
from ragmeter.core.figures.observe.split import Histograms, StageBounds, how_split, stage_bounds
from ragmeter.core.figures.stages import OF_NETWORKS, Part, Stage, parts_of
from ragmeter.core.figures.waterfall import (
    Measured,
    attributable,
    mean,
    means,
    stage_of,
    tail_of,
    waits_of_llm,
    waterfall,
)
from ragmeter.core.formatting import number_text
from ragmeter.core.requests.measures import stalled_ms, ttft_ms
from ragmeter.core.requests.records import RequestSample


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Where the client's TTFT went: the stages add up to ``ttft_mean_ms``.

    Computed over the ``n`` successes whose server reported its stage times; ``tail`` over those of them whose TTFT is
    at or above the 95th percentile (None below 20 requests, and where histograms alone told). measured_ratio: share of
    the mean TTFT in stages that somebody measured; bounded_ratio: in stages of which a server's histogram gives bounds
    alone; the rest is inferred by subtraction. llm_split: how histograms split the LLM's part, or why they do not;
    None where they are not asked. tail_bounds: what they say of the tail, whose requests are among all that they
    counted. llm_network: which round trip of a probe is taken for the network to the LLM, and why; None where none is.
    llm_decode_mean_ms: what of ``decode_mean_ms`` the LLM server itself says that it decoded; None where it does not.
    stalled_mean_ms: what of it were stalls, gaps longer than 5 times the request's median, as the client saw them;
    None where a request has too few gaps to tell. later: stages that the service told without saying that they come
    before the first text: they are no part of the TTFT, and their shares are of it for comparison. advice: what would
    make it shorter; None where nobody can say.
    """

    n: int
    ttft_mean_ms: float
    stages: tuple[Stage, ...]
    tail: tuple[Stage, ...] | None
    tail_ttft_mean_ms: float | None
    decode_mean_ms: float | None
    measured_ratio: float
    sentence: str
    tail_sentence: str | None
    llm_network: str | None = None
    llm_decode_mean_ms: float | None = None
    stalled_mean_ms: float | None = None
    later: tuple[Stage, ...] = ()
    advice: Advice | None = None
    bounded_ratio: float = 0.0
    llm_split: str | None = None
    tail_bounds: tuple[StageBounds, ...] = ()


BY_HISTOGRAM = frozenset({"histogram", "bounded"})

NOTEWORTHY_SHARE = 0.001
"""Remainders below 0 by less than this are the rounding of the server's times."""

DECODE = "decode"


def attribute(
    samples: Sequence[RequestSample],
    llm_round_trip_ms: float | None = None,
    *,
    llm_network: str | None = None,
    is_valid: bool = True,
    histograms: Histograms = MappingProxyType({}),
) -> Attribution | None:
    """Over the successes whose backend reported its TTFT; where none did, over those with any stage time.

    llm_round_trip_ms: between the pods of backend and LLM, by an east-west probe; llm_network: which it is, in words.
    None without either kind of success. is_valid: of a measurement that is not, nothing is advised. histograms: of the
    LLM servers over the phase, by quantity.
    """
    mine = attributable(samples, told_otherwise=bool(histograms))
    if not mine:
        return None
    mean_ms, stages = waterfall(mine, llm_round_trip_ms, histograms)
    waits = waits_of_llm(mine)
    split_by = how_split(stages, histograms, waits)
    is_split = any(stage.basis in BY_HISTOGRAM for stage in stages)
    is_told = bool(attributable(samples))
    if not is_split and not is_told:
        return None
    tail = tail_of(mine)
    # Where only histograms told, the slowest requests have bounds and no waterfall: all of one would be unexplained.
    tail_mean_ms, tail_stages = waterfall(tail, llm_round_trip_ms) if tail and is_told else (None, None)
    decodes = [(sample.ended_ns - sample.events_ns[0]) / 1e6 for _, sample in mine]
    return Attribution(
        n=len(mine),
        ttft_mean_ms=mean_ms,
        stages=stages,
        tail=tail_stages,
        tail_ttft_mean_ms=tail_mean_ms,
        decode_mean_ms=mean(decodes),
        measured_ratio=_measured_ratio(stages),
        bounded_ratio=sum(stage.share_ratio for stage in stages if stage.basis == "bounded"),
        sentence=_sentence(stages, "the mean TTFT"),
        tail_sentence=_sentence(tail_stages, "the TTFT of the slowest 5 %") if tail_stages else None,
        llm_network=llm_network if any(stage.basis == "probe" for stage in stages) else None,
        llm_decode_mean_ms=_mean_of_all([sample.timings.llm_decode_ms for _, sample in mine]),
        stalled_mean_ms=_mean_of_all([stalled_ms(sample) for _, sample in mine]),
        later=_later(mine, mean_ms),
        advice=advice_of(samples, llm_round_trip_ms) if is_valid else None,
        llm_split=split_by,
        tail_bounds=_tail_bounds(tail, llm_round_trip_ms, histograms) if tail and is_split else (),
    )


def elapsed_stages(sample: RequestSample, elapsed_ms: float, llm_round_trip_ms: float | None) -> tuple[Stage, ...]:
    """Where one request's time went, until its end: the waterfall of its TTFT, and what came after.

    Without a first token: the stages that the backend told, and the rest. Shares are of ``elapsed_ms``.
    """
    first_ms = ttft_ms(sample)
    if first_ms is None:
        parts = parts_of(sample.timings)
        stages = [stage_of(part.name, part.ms, elapsed_ms, part.basis) for part in parts]
        left_ms = elapsed_ms - sum(part.ms for part in parts)
        stages.append(stage_of("no_first_token", left_ms, elapsed_ms, "remainder", "no token came"))
        return tuple(stages)
    before = waterfall([(first_ms, sample)], llm_round_trip_ms)[1]
    after = stage_of(DECODE, elapsed_ms - first_ms, elapsed_ms, "client", "decoding after the first token")
    return (*(stage_of(at.name, at.mean_ms, elapsed_ms, at.basis) for at in before), after)


def _tail_bounds(tail: Measured, llm_round_trip_ms: float | None, histograms: Histograms) -> tuple[StageBounds, ...]:
    """Neither is longer than the wait for the LLM, or than all of the TTFT where nobody tells of such a wait."""
    mean_ms, stages = waterfall(tail, llm_round_trip_ms)
    whole = [stage.mean_ms for stage in stages if stage.name == "llm_first_token"]
    most_ms = whole[0] if whole else mean_ms
    return stage_bounds(histograms, waits_of_llm(tail), most_ms=most_ms)


def _later(mine: Measured, mean_ms: float) -> tuple[Stage, ...]:
    told = ([Part(name=name, ms=ms, basis="server") for name, ms in sample.timings.later] for _, sample in mine)
    return tuple(stage_of(part.name, part.ms, mean_ms, part.basis) for part in means(told, len(mine)))


def _mean_of_all(values: Sequence[float | None]) -> float | None:
    """None unless all are known: a mean over some would not be of the same requests."""
    known = [value for value in values if value is not None]
    return mean(known) if len(known) == len(values) else None


def _measured_ratio(stages: Sequence[Stage]) -> float:
    """Share of the TTFT in stages that somebody measured; the rest is bounded, or inferred by subtraction."""
    return 1 - sum(abs(stage.share_ratio) for stage in stages if stage.basis in {"remainder", "bounded"})


def _sentence(stages: Sequence[Stage], of: str) -> str:
    """The largest stage, and what the network took."""
    largest = max(stages, key=lambda stage: stage.mean_ms)
    article = "" if largest.name == "unexplained" else "the "
    text = f"{_percent(largest.share_ratio)} of {of} is {article}{largest.label}"
    network = [stage for stage in stages if stage.name in OF_NETWORKS and stage is not largest]
    if network:
        text += f", {_percent(sum(stage.share_ratio for stage in network))} network"
    outside = stages[-1]
    if outside is not largest:
        text += f", {_percent(outside.share_ratio)} {outside.label}"
    negative = [stage for stage in stages if stage.share_ratio < -NOTEWORTHY_SHARE]
    if negative:
        below = min(negative, key=lambda stage: stage.mean_ms)
        beyond = number_text(-below.mean_ms, 3)
        text += f"; the server's times exceed what they are part of by {beyond} ms ({below.label})"
    return text


def _percent(share_ratio: float) -> str:
    return f"{round(share_ratio * 100)} %"
