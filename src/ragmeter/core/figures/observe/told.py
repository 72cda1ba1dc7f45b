"""Our quantities in the samples of a metrics page."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ragmeter.core.figures.observe.families import BLOCK_CONFIG, FAMILIES, Family, Series
from ragmeter.core.figures.observe.quantities import QUANTITIES
from ragmeter.core.figures.observe.records import Sample
from ragmeter.core.requests.cache_counts import CacheCounts

_MOST = 2.0**53
"""From here on a float does not hold every whole number: no counter of tokens is so large."""
_RANKS = ("tp_rank", "pp_rank")
"""Labels of processes that work on the same requests, and each tell of all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Observations since the server began. counts: by upper bound, ascending, those at or below it; empty between the
    edges of a phase. The last bound is infinite.
    """

    total: float
    count: float
    counts: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one page tells, by the names of `QUANTITIES`; what it does not tell is missing."""

    family: str
    values: Mapping[str, float]
    histograms: Mapping[str, Histogram]
    block_tokens: int | None = None


def known_names() -> tuple[frozenset[str], frozenset[str]]:
    """The names of samples that are worth keeping, and those of the buckets of histograms."""
    plain, buckets = {BLOCK_CONFIG}, set()
    for family in FAMILIES:
        for name, alternatives in family.rows.items():
            for series in (each for alternative in alternatives for each in alternative):
                if QUANTITIES[name].kind == "histogram":
                    plain |= {f"{series.name}_sum", f"{series.name}_count"}
                    buckets.add(f"{series.name}_bucket")
                else:
                    plain |= {series.name, f"{series.name}_total"}
    return frozenset(plain), frozenset(buckets)


def told_in(samples: Sequence[Sample], *, model_id: str | None = None) -> Told | None:
    """None where the page is of no server that is known.

    model_id: of a server with several models, whose figures are meant; of all, where none is called so.
    """
    own = _of_first_rank(samples)
    for family in FAMILIES:
        values: dict[str, float] = {}
        histograms: dict[str, Histogram] = {}
        for name in family.rows:
            if QUANTITIES[name].kind != "histogram":
                if (value := _value(name, family, own, model_id)) is not None:
                    values[name] = value
            elif (histogram := _histogram(name, family, own, model_id)) is not None:
                histograms[name] = histogram
        if values.keys() - {"started_s"} or histograms:
            return Told(
                family=family.name, values=values, histograms=histograms, block_tokens=_block_tokens(family, own)
            )
    return None


def _of_first_rank(samples: Sequence[Sample]) -> list[Sample]:
    return [sample for sample in samples if all(sample.labels.get(rank, "0") == "0" for rank in _RANKS)]


def _value(name: str, family: Family, samples: Sequence[Sample], model_id: str | None) -> float | None:
    quantity = QUANTITIES[name]
    for alternative in family.rows[name]:
        parts = [_found(series, ("", "_total"), samples, model_id) for series in alternative]
        if all(parts):
            folded = [sum(part) if quantity.fold == "sum" else max(part) for part in parts]
            found = sum(value * series.factor for value, series in zip(folded, alternative, strict=True))
            return found if 0 <= found < _MOST else None
    return None


def _found(series: Series, suffixes: Sequence[str], samples: Sequence[Sample], model_id: str | None) -> list[float]:
    """The values of a series; of the model, where some are of it. Nothing where one of them is no count."""
    names = {f"{series.name}{suffix}" for suffix in suffixes}
    return [each.value for each in _of_model([s for s in samples if s.name in names], series, model_id)]


def _of_model(named: Iterable[Sample], series: Series, model_id: str | None) -> list[Sample]:
    wanted = [each for each in named if series.labels.items() <= each.labels.items()]
    of_model = [each for each in wanted if each.labels.get("model_name") == model_id]
    kept = of_model or wanted
    return kept if all(0 <= each.value < _MOST for each in kept) else []


def _histogram(name: str, family: Family, samples: Sequence[Sample], model_id: str | None) -> Histogram | None:
    for alternative in family.rows[name]:
        (series,) = alternative
        totals = _found(series, ("_sum",), samples, model_id)
        counts = _found(series, ("_count",), samples, model_id)
        if totals and counts:
            buckets = _of_model([s for s in samples if s.name == f"{series.name}_bucket"], series, model_id)
            return Histogram(
                total=sum(totals) * series.factor, count=sum(counts), counts=_counts(buckets, series.factor)
            )
    return None


def _counts(buckets: Sequence[Sample], factor: float) -> tuple[tuple[float, float], ...]:
    """Added up over the engines of a server, which have the same bounds."""
    by_bound: dict[float, float] = {}
    for each in buckets:
        bound = _bound(each.labels.get("le", ""))
        if bound is not None:
            by_bound[bound * factor] = by_bound.get(bound * factor, 0.0) + each.value
    return tuple(sorted(by_bound.items())) if math.inf in by_bound else ()


def _bound(text: str) -> float | None:
    try:
        bound = float(text)
    except ValueError:
        return None
    return None if math.isnan(bound) else bound


def _block_tokens(family: Family, samples: Sequence[Sample]) -> int | None:
    """The cache of prompts keeps whole blocks of so many tokens."""
    if family.name != "vLLM":
        return None
    size = next((each.labels.get("block_size", "") for each in samples if each.name == BLOCK_CONFIG), "")
    return int(size) if size.isascii() and size.isdecimal() and 0 < int(size) < 2**16 else None


def cache_counts_of(told: Told | None) -> CacheCounts | None:
    """What a server's counters say of its cache of prompts; None where it has none."""
    asked = None if told is None else told.values.get("prefix_asked_tokens")
    hit = None if told is None else told.values.get("prefix_hit_tokens")
    if told is None or asked is None or hit is None:
        return None
    return CacheCounts(
        source=told.family,
        asked_tokens=asked,
        hit_tokens=hit,
        block_tokens=told.block_tokens,
        made_tokens=told.values.get("generation_tokens"),
    )
