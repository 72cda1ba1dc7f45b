"""What the counters of the LLM's caches of prompts grew by over one span, by readings at its edges."""

from collections.abc import Iterable
from dataclasses import replace

from ragmeter.core.figures.observe.records import Reading
from ragmeter.core.figures.observe.told import cache_counts_of
from ragmeter.core.figures.observe.watched import Watched, watched
from ragmeter.core.requests.cache_counts import CacheCounts, grown


def cache_growth(readings: Iterable[Reading], *, model_id: str | None = None) -> CacheCounts | None:
    """Of all servers that have such counters, together; None where there are none, or one of them is not known.

    readings: of one span. model_id: as in `told_in`.
    """
    found = [_growth(each) for each in watched(readings, model_id=model_id) if _has_cache(each)]
    known = [counts for counts in found if counts is not None]
    if not known or len(known) < len(found) or len({counts.source for counts in known}) > 1:
        return None
    made = [counts.made_tokens for counts in known]
    return replace(
        known[0],
        asked_tokens=sum(counts.asked_tokens for counts in known),
        hit_tokens=sum(counts.hit_tokens for counts in known),
        made_tokens=None if None in made else sum(tokens or 0.0 for tokens in made),
    )


def _has_cache(at: Watched) -> bool:
    return any(each is not None and cache_counts_of(each.told) is not None for each in (at.begin, at.end))


def _growth(at: Watched) -> CacheCounts | None:
    if at.uncounted is not None or at.begin is None or at.end is None:
        return None
    return grown(cache_counts_of(at.begin.told), cache_counts_of(at.end.told))
