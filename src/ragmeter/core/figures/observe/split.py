"""The LLM's part of the TTFT, split by its servers' histograms where they tell nothing of single requests.

A histogram has the sum of what it counted, so the mean over exactly the requests of this run is known, and no bucket
matters. Where it counted more than these, by somebody else or for several calls of one request, the mean of these lies
between bounds. Where it counted fewer, a replica is not observed, and nothing is split.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ragmeter.core.figures.observe.mean_bounds import MeanBounds, mean_bounds
from ragmeter.core.figures.observe.told import Histogram
from ragmeter.core.figures.stages import Part, Stage, label_of

Histograms: TypeAlias = Mapping[str, Histogram]
"""By quantity, over all trials and replicas."""
TTFT: Final = "llm_ttft_ms"
QUANTITIES: Final = {"llm_queue": "llm_queue_ms", "llm_prefill": "llm_prefill_ms"}
"""The quantities that are stages."""


def split(told: Sequence[Part], histograms: Histograms, *, waits: int, requests: int, most_ms: float) -> list[Part]:
    """Means of the stages with the LLM's wait split, or with its parts where it has none.

    told: means over so many ``requests``, of which the LLM answered ``waits``. most_ms: their mean TTFT.
    """
    names = {part.name for part in told}
    if names & {*QUANTITIES, "llm_rest", "llm_first_decode"}:
        return list(told)
    whole_ms = next((part.ms for part in told if part.name == "llm_first_token"), None)
    share = waits / requests
    most_ms = most_ms if whole_ms is None else whole_ms
    own = [
        _part(name, found, share, most_ms)
        for name, quantity in QUANTITIES.items()
        if (found := mean_bounds(histograms.get(quantity), waits)) is not None
    ]
    if not own:
        return list(told)
    ttft = mean_bounds(histograms.get(TTFT), waits)
    ttft_ms = ttft.mean * share if ttft is not None and ttft.is_exact else None
    parts = [*own, *_left(sum(part.ms for part in own), whole_ms, ttft_ms, is_whole=len(own) == len(QUANTITIES))]
    place = next((at for at, part in enumerate(told) if part.name == "llm_first_token"), len(told))
    return [*told[:place], *parts, *told[place + 1 :]]


def _part(name: str, at: MeanBounds, share: float, most_ms: float) -> Part:
    if at.is_exact:
        return Part(name=name, ms=at.mean * share, basis="histogram")
    low_ms = min(at.low * share, most_ms)
    high_ms = most_ms if at.high is None else min(at.high * share, most_ms)
    return Part(
        name=name, ms=min(at.mean * share, high_ms), basis="bounded", low_ms=low_ms, high_ms=max(low_ms, high_ms)
    )


def _left(own_ms: float, whole_ms: float | None, ttft_ms: float | None, *, is_whole: bool) -> Iterator[Part]:
    """What nobody told: of the server until its first token, and of the wait until the first text."""
    if ttft_ms is not None:
        yield Part(name="llm_rest", ms=ttft_ms - own_ms, basis="remainder")
    if whole_ms is not None:
        name = "llm_first_decode" if is_whole or ttft_ms is not None else "llm_rest"
        yield Part(name=name, ms=whole_ms - (own_ms if ttft_ms is None else ttft_ms), basis="remainder")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBounds:
    """Between which the mean of a stage lies, over some of the requests that the servers counted."""

    name: str
    label: str
    low_ms: float
    high_ms: float


def stage_bounds(histograms: Histograms, waits: int, *, most_ms: float) -> tuple[StageBounds, ...]:
    """Over any so many of the requests that were counted, which waited ``most_ms`` for the LLM on average."""
    found = ((name, mean_bounds(histograms.get(quantity), waits)) for name, quantity in QUANTITIES.items())
    parts = [_part(name, at, 1.0, most_ms) for name, at in found if at is not None]
    return tuple(
        StageBounds(
            name=part.name,
            label=label_of(part.name),
            low_ms=part.ms if part.low_ms is None else part.low_ms,
            high_ms=part.ms if part.high_ms is None else part.high_ms,
        )
        for part in parts
    )


def how_split(stages: Sequence[Stage], histograms: Histograms, waits: int) -> str | None:
    """What the parts of the LLM are known by, in words, or why its wait is whole; None where no histogram was asked."""
    counts = [round(histograms[quantity].count) for quantity in QUANTITIES.values() if quantity in histograms]
    bases = {stage.basis for stage in stages}
    if "bounded" in bases:
        return (
            f"the LLM servers' histograms have {max(counts)} requests, of which these {waits} are a part: the means "
            "of its stages lie between the bounds of their buckets"
        )
    if "histogram" in bases:
        return f"the LLM servers' histograms have exactly these {waits} requests: the means of its stages are exact"
    if counts and min(counts) < waits and any(stage.name == "llm_first_token" for stage in stages):
        return (
            f"the LLM's part is not split: its servers' histograms have {min(counts)} requests of {waits}, so a "
            "replica is not observed"
        )
    return None
