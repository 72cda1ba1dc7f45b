"""The rule of a capacity search, as a manifest states it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from ragmeter.core.errors import ConfigError
from ragmeter.core.stats.estimate import wilson

TRIES = 3
"""How often a load is tried that is not decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """metric: ``good_ratio``. at_least: what it must reach. resolution: by how much the lowest load that did not hold
    may exceed the highest that did. max_usd, max_minutes: of the search; no step is begun beyond.
    """

    metric: str
    at_least: float
    resolution: float
    max_steps: int
    max_usd: float | None
    max_minutes: float | None


def search_from(section: Mapping[str, Any]) -> Search:
    """From the section ``load.search`` of a valid manifest."""
    return Search(
        metric=section["metric"],
        at_least=section["at_least"],
        resolution=section.get("resolution", 0.1),
        max_steps=section.get("max_steps", 20),
        max_usd=section.get("max_usd"),
        max_minutes=section.get("max_minutes"),
    )


def requests_needed(at_least: float) -> int:
    """How many requests, all of them good, show that a load holds."""
    return next(n for n in count(1) if (wilson(n, n)[0] or 0.0) >= at_least)


def check_search(search: Search, requests: int, where: str) -> None:
    """Raise ConfigError when no load could be shown to hold, whatever it is."""
    needed = requests_needed(search.at_least)
    if requests * TRIES < needed:
        raise ConfigError(
            f"{where}: $.benchmark.requests: {requests}: a search for {search.metric} of at least {search.at_least:g} "
            f"needs {needed} requests in {TRIES} tries, so {-(-needed // TRIES)} or more in each step"
        )
