"""Where the time to first token went: a waterfall that adds up to the client's TTFT.

::

    client's TTFT = queue + embedding + retrieval + LLM first token + rest of the backend + network and proxies
                    `-------------- as the backend says ---------'   server TTFT - those    client TTFT - server TTFT

A stage that the backend does not report stays in the rest of the backend; without the server's TTFT, that rest and
the network are one remainder. Remainders are reported as they are: one below 0 (the server's clock reads more than the
client saw) is an error of that server's times, and clipping it would hide it and break the sum.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from ragmeter.core.measures import ttft_ms
from ragmeter.core.records import RequestSample, ServerTimings
from ragmeter.core.result import Attribution, Stage
from ragmeter.core.stats import quantile

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
    "network": "network and proxies",
    "unexplained": "rest of the backend, network and proxies",
}


def attribute(samples: Sequence[RequestSample]) -> Attribution | None:
    """Over the successes whose backend reported its TTFT; where none did, over those with any stage time.

    None without either.
    """
    answered = [(ttft, sample) for sample in samples if sample.ok and (ttft := ttft_ms(sample)) is not None]
    mine = [row for row in answered if row[1].timings.ttft_ms is not None]
    mine = mine or [row for row in answered if _reported_ms(row[1].timings) is not None]
    if not mine:
        return None
    mean_ms, stages = _waterfall(mine)
    tail = _tail(mine)
    tail_mean_ms, tail_stages = _waterfall(tail) if tail else (None, None)
    decodes = [(sample.ended_ns - sample.events_ns[0]) / 1e6 for _, sample in mine]
    return Attribution(
        n=len(mine),
        ttft_mean_ms=mean_ms,
        stages=stages,
        tail=tail_stages,
        tail_ttft_mean_ms=tail_mean_ms,
        decode_mean_ms=_mean(decodes),
        sentence=_sentence(stages),
    )


Measured = Sequence[tuple[float, RequestSample]]
"""(client's TTFT in ms, request)."""


def _tail(mine: Measured) -> Measured:
    bound = quantile([ttft for ttft, _ in mine], TAIL_SHARE)
    if bound is None or len(mine) < TAIL_MIN_REQUESTS:
        return ()
    return [row for row in mine if row[0] >= bound]


def _waterfall(mine: Measured) -> tuple[float, tuple[Stage, ...]]:
    """Mean TTFT and its stages, in the order in which they happen."""
    mean_ms = _mean([ttft for ttft, _ in mine])
    reported: dict[str, float] = {}
    for name, (field, _) in REPORTED.items():
        times = [value for _, sample in mine if (value := getattr(sample.timings, field)) is not None]
        if times:
            reported[name] = sum(times) / len(mine)  # where it is missing, its time stays in the rest
    servers = [sample.timings.ttft_ms for _, sample in mine if sample.timings.ttft_ms is not None]
    known_ms = sum(reported.values())
    rest_ms = {"unexplained": mean_ms - known_ms}
    if servers:
        server_ms = _mean(servers)
        rest_ms = {"backend_rest": server_ms - known_ms, "network": mean_ms - server_ms}
    return mean_ms, (
        *(_stage(name, REPORTED[name][1], ms, mean_ms, "server") for name, ms in reported.items()),
        *(_stage(name, REMAINDERS[name], ms, mean_ms, "remainder") for name, ms in rest_ms.items()),
    )


def _stage(name: str, label: str, stage_ms: float, ttft_mean_ms: float, basis: Literal["server", "remainder"]) -> Stage:
    share = stage_ms / ttft_mean_ms if ttft_mean_ms else 0.0
    return Stage(name=name, label=label, mean_ms=stage_ms, share_ratio=share, basis=basis)


def _reported_ms(timings: ServerTimings) -> float | None:
    """Sum of the reported stages; None when there is none."""
    times = [value for field, _ in REPORTED.values() if (value := getattr(timings, field)) is not None]
    return sum(times) if times else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _sentence(stages: Sequence[Stage]) -> str:
    """The largest stage, and what the network took."""
    largest = max(stages, key=lambda stage: stage.mean_ms)
    text = f"{_percent(largest)} of the mean TTFT is the {largest.label}"
    outside = stages[-1]
    if outside is not largest:
        text += f", {_percent(outside)} {outside.label}"
    negative = [stage for stage in stages if stage.share_ratio < -NOTEWORTHY_SHARE]
    if negative:
        below = min(negative, key=lambda stage: stage.mean_ms)
        text += f"; the server's times exceed what they are part of by {-below.mean_ms:.3g} ms ({below.label})"
    return text


def _percent(stage: Stage) -> str:
    return f"{stage.share_ratio * 100:.0f} %"
