"""Means of the stages over requests, with what nobody told as remainders: they add up to the mean TTFT."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ragmeter.core.figures.observe.split import Histograms, split
from ragmeter.core.figures.stages import Basis, Part, Stage, label_of, order_of, parts_of
from ragmeter.core.requests.measures import ttft_ms
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.stats.estimate import quantile

TAIL_SHARE: Final = 0.95
TAIL_MIN_REQUESTS: Final = 20

Measured = Sequence[tuple[float, RequestSample]]
"""(client's TTFT in ms, request)."""


def attributable(samples: Sequence[RequestSample], *, told_otherwise: bool = False) -> Measured:
    """The successes whose backend reported its TTFT; where none did, those with any stage time.

    told_otherwise: all where there are none of these either, as the LLM servers' histograms tell of them.
    """
    answered = [(ttft, sample) for sample in samples if sample.ok and (ttft := ttft_ms(sample)) is not None]
    mine = [row for row in answered if row[1].timings.ttft_ms is not None]
    return mine or [row for row in answered if parts_of(row[1].timings)] or (answered if told_otherwise else [])


def tail_of(mine: Measured) -> Measured:
    bound = quantile([ttft for ttft, _ in mine], TAIL_SHARE)
    if bound is None or len(mine) < TAIL_MIN_REQUESTS:
        return ()
    return [row for row in mine if row[0] >= bound]


def waterfall(
    mine: Measured, llm_round_trip_ms: float | None, histograms: Histograms = MappingProxyType({})
) -> tuple[float, tuple[Stage, ...]]:
    """Mean TTFT and its stages. A request without a stage counts with 0 in it: its time is elsewhere, if anywhere.

    histograms: of the LLM servers, which split what they did not tell of each request.
    """
    mean_ms = mean([ttft for ttft, _ in mine])
    told = means((parts_of(sample.timings, llm_round_trip_ms) for _, sample in mine), len(mine))
    told = split(told, histograms, waits=waits_of_llm(mine), requests=len(mine), most_ms=mean_ms)
    rest = _remainders(mine, mean_ms, sum(part.ms for part in told))
    stages = (
        replace(stage_of(part.name, part.ms, mean_ms, part.basis), low_ms=part.low_ms, high_ms=part.high_ms)
        for part in (*told, *rest)
    )
    return mean_ms, tuple(stages)


def waits_of_llm(mine: Measured) -> int:
    """How many of these requests an LLM server answered: all, where nobody tells of such a wait."""
    return sum(sample.timings.inference_ttft_ms is not None for _, sample in mine) or len(mine)


def means(requests: Iterable[Sequence[Part]], n: int) -> list[Part]:
    """Over n requests, in the order of a waterfall."""
    sums: defaultdict[str, float] = defaultdict(float)
    bases: dict[str, Basis] = {}
    for part in (part for parts in requests for part in parts):
        sums[part.name] += part.ms
        bases.setdefault(part.name, part.basis)
    found = (Part(name=name, ms=total_ms / n, basis=bases[name]) for name, total_ms in sums.items())
    return sorted(found, key=lambda part: order_of(part.name))


def _remainders(mine: Measured, mean_ms: float, known_ms: float) -> list[Part]:
    """What the backend does not explain, by name."""
    servers = [sample.timings.ttft_ms for _, sample in mine if sample.timings.ttft_ms is not None]
    round_trips = [sample.rtt_us / 1000 for _, sample in mine if sample.rtt_us]
    client_ms = sum(round_trips) / len(mine)
    found: list[Part] = []
    if servers:
        found.append(Part(name="backend_rest", ms=mean(servers) - known_ms, basis="remainder"))
    if round_trips:
        found.append(Part(name="client_network", ms=client_ms, basis="client"))
    before_ms = (mean(servers) if servers else known_ms) + client_ms
    return [*found, Part(name="unexplained", ms=mean_ms - before_ms, basis="remainder")]


def stage_of(name: str, stage_ms: float, ttft_mean_ms: float, basis: Basis, label: str | None = None) -> Stage:
    share = stage_ms / ttft_mean_ms if ttft_mean_ms else 0.0
    return Stage(name=name, label=label or label_of(name), mean_ms=stage_ms, share_ratio=share, basis=basis)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
