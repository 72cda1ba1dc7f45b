"""TTFT breakdown: a waterfall that adds up to the client's TTFT.

::

    client's TTFT = queue + embedding + retrieval + LLM first token + rest of the backend + unexplained
                    `-------------- as the backend says ---------'   server TTFT - those    client TTFT - server TTFT

Two parts of it are known better where somebody measured them. The client's kernel knows the round trip of the very
connection (TCP_INFO), which is then a part of its own: the client network. An east-west probe knows the
round trip between two pods: one of it, of the request that the first token answers, is taken out of the LLM's part.

What is left is called unexplained and not ingress or network: nobody has measured what it is. A stage that the backend
does not report stays in the rest of the backend; without the server's TTFT, that rest is unexplained, too. Remainders
are reported as they are: one below 0 (the server's clock reads more than the
client saw) is an error of that server's times, and clipping it would hide it and break the sum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ragmeter.core.formatting import number_text
from ragmeter.core.requests.measures import ttft_ms
from ragmeter.core.requests.records import RequestSample, ServerTimings
from ragmeter.core.stats.estimate import quantile

Basis: TypeAlias = Literal["server", "client", "probe", "remainder"]
"""The server reported it, the client's kernel measured it, an east-west probe measured it, or it is what remains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One part of the time to first token."""

    name: str
    label: str
    mean_ms: float
    share_ratio: float
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Where the client's TTFT went: the stages add up to ``ttft_mean_ms``.

    Computed over the ``n`` successes whose server reported its stage times; ``tail`` over those of them whose
    TTFT is at or above the 95th percentile (None below 20 requests). measured_ratio: share of the mean TTFT in stages
    that somebody measured; the rest is inferred by subtraction. llm_network: which round trip is taken for the network
    to the LLM, and why; None where none is.
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


TAIL_SHARE = 0.95
TAIL_MIN_REQUESTS = 20
NOTEWORTHY_SHARE = 0.001
"""Remainders below 0 by less than this are the rounding of the server's times."""

REPORTED: Mapping[str, tuple[str, str]] = {
    "queue": ("queue_ms", "queue of the backend"),
    "embedding": ("embedding_ms", "embedding"),
    "retrieval": ("retrieval_ms", "retrieval"),
    "llm_first_token": ("inference_ttft_ms", "LLM (queue and prefill)"),
}
"""Stage name: field of `ServerTimings`, label."""
REMAINDERS: Mapping[str, str] = {
    "backend_rest": "rest of the backend",
    "unexplained": "unexplained",
}
CLIENT_NETWORK, LLM_NETWORK, DECODE = "client_network", "llm_network", "decode"


def attribute(
    samples: Sequence[RequestSample], llm_round_trip_ms: float | None = None, *, llm_network: str | None = None
) -> Attribution | None:
    """Over the successes whose backend reported its TTFT; where none did, over those with any stage time.

    llm_round_trip_ms: between the pods of backend and LLM, by an east-west probe; llm_network: which it is, in words.
    None without either kind of success.
    """
    answered = [(ttft, sample) for sample in samples if sample.ok and (ttft := ttft_ms(sample)) is not None]
    mine = [row for row in answered if row[1].timings.ttft_ms is not None]
    mine = mine or [row for row in answered if _reported_ms(row[1].timings) is not None]
    if not mine:
        return None
    mean_ms, stages = _waterfall(mine, llm_round_trip_ms)
    tail = _tail(mine)
    tail_mean_ms, tail_stages = _waterfall(tail, llm_round_trip_ms) if tail else (None, None)
    decodes = [(sample.ended_ns - sample.events_ns[0]) / 1e6 for _, sample in mine]
    return Attribution(
        n=len(mine),
        ttft_mean_ms=mean_ms,
        stages=stages,
        tail=tail_stages,
        tail_ttft_mean_ms=tail_mean_ms,
        decode_mean_ms=_mean(decodes),
        measured_ratio=_measured_ratio(stages),
        sentence=_sentence(stages, "the mean TTFT"),
        tail_sentence=_sentence(tail_stages, "the TTFT of the slowest 5 %") if tail_stages else None,
        llm_network=llm_network if any(stage.name == LLM_NETWORK for stage in stages) else None,
    )


def elapsed_stages(sample: RequestSample, elapsed_ms: float, llm_round_trip_ms: float | None) -> tuple[Stage, ...]:
    """Where one request's time went, until its end: the waterfall of its TTFT, and what came after.

    Without a first token: the stages that the backend told, and the rest. Shares are of ``elapsed_ms``.
    """
    first_ms = ttft_ms(sample)
    if first_ms is None:
        stages = _reported(sample.timings)
        known_ms = sum(stage.mean_ms for stage in stages)
        stages.append(_stage("no_first_token", "no token came", elapsed_ms - known_ms, 0, "remainder"))
    else:
        stages = list(_waterfall([(first_ms, sample)], llm_round_trip_ms)[1])
        stages.append(_stage(DECODE, "decoding after the first token", elapsed_ms - first_ms, 0, "client"))
    return tuple(_stage(at.name, at.label, at.mean_ms, elapsed_ms, at.basis) for at in stages)


def _reported(timings: ServerTimings) -> list[Stage]:
    told = ((name, label, getattr(timings, field)) for name, (field, label) in REPORTED.items())
    return [_stage(name, label, ms, 0, "server") for name, label, ms in told if ms is not None]


Measured = Sequence[tuple[float, RequestSample]]
"""(client's TTFT in ms, request)."""


def _tail(mine: Measured) -> Measured:
    bound = quantile([ttft for ttft, _ in mine], TAIL_SHARE)
    if bound is None or len(mine) < TAIL_MIN_REQUESTS:
        return ()
    return [row for row in mine if row[0] >= bound]


def _waterfall(mine: Measured, llm_round_trip_ms: float | None) -> tuple[float, tuple[Stage, ...]]:
    """Mean TTFT and its stages."""
    mean_ms = _mean([ttft for ttft, _ in mine])
    reported: dict[str, float] = {}
    for name, (field, _) in REPORTED.items():
        times = [value for _, sample in mine if (value := getattr(sample.timings, field)) is not None]
        if times:
            reported[name] = sum(times) / len(mine)  # where it is missing, its time stays in the rest
    rest_ms = _remainders(mine, mean_ms, sum(reported.values()))
    stages = [_stage(name, REPORTED[name][1], ms, mean_ms, "server") for name, ms in reported.items()]
    stages += [_stage(name, label, ms, mean_ms, basis) for name, (label, ms, basis) in rest_ms.items()]
    if llm_round_trip_ms is not None and "llm_first_token" in reported:
        asked = sum(sample.timings.inference_ttft_ms is not None for _, sample in mine)
        stages = _apart(stages, llm_round_trip_ms * asked / len(mine), mean_ms)
    return mean_ms, tuple(stages)


def _remainders(mine: Measured, mean_ms: float, known_ms: float) -> dict[str, tuple[str, float, Basis]]:
    """What the backend does not explain: label, mean in ms and basis, by name."""
    servers = [sample.timings.ttft_ms for _, sample in mine if sample.timings.ttft_ms is not None]
    round_trips = [sample.rtt_us / 1000 for _, sample in mine if sample.rtt_us]
    client_ms = sum(round_trips) / len(mine)
    found: dict[str, tuple[str, float, Basis]] = {}
    if servers:
        found["backend_rest"] = (REMAINDERS["backend_rest"], _mean(servers) - known_ms, "remainder")
    if round_trips:
        found[CLIENT_NETWORK] = ("client network", client_ms, "client")
    before_ms = (_mean(servers) if servers else known_ms) + client_ms
    return {**found, "unexplained": (REMAINDERS["unexplained"], mean_ms - before_ms, "remainder")}


def _apart(stages: Sequence[Stage], round_trip_ms: float, mean_ms: float) -> list[Stage]:
    """The network between backend and LLM, taken out of what the backend waited for the LLM."""
    found = []
    for stage in stages:
        if stage.name == "llm_first_token":
            found.append(_stage(LLM_NETWORK, "network to the LLM", round_trip_ms, mean_ms, "probe"))
            stage = _stage(stage.name, stage.label, stage.mean_ms - round_trip_ms, mean_ms, "server")  # noqa: PLW2901
        found.append(stage)
    return found


def _stage(name: str, label: str, stage_ms: float, ttft_mean_ms: float, basis: Basis) -> Stage:
    share = stage_ms / ttft_mean_ms if ttft_mean_ms else 0.0
    return Stage(name=name, label=label, mean_ms=stage_ms, share_ratio=share, basis=basis)


def _measured_ratio(stages: Sequence[Stage]) -> float:
    """Share of the TTFT in stages that somebody measured; the rest is inferred by subtraction."""
    return 1 - sum(abs(stage.share_ratio) for stage in stages if stage.basis == "remainder")


def _reported_ms(timings: ServerTimings) -> float | None:
    """Sum of the reported stages; None when there is none."""
    stages = _reported(timings)
    return sum(stage.mean_ms for stage in stages) if stages else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _sentence(stages: Sequence[Stage], of: str) -> str:
    """The largest stage, and what the network took."""
    largest = max(stages, key=lambda stage: stage.mean_ms)
    article = "" if largest.name == "unexplained" else "the "
    text = f"{_percent(largest.share_ratio)} of {of} is {article}{largest.label}"
    measured = [stage for stage in stages if stage.basis in {"client", "probe"} and stage is not largest]
    if measured:
        text += f", {_percent(sum(stage.share_ratio for stage in measured))} network"
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
