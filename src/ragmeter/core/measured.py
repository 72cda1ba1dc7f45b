"""One figure a trial for each metric that is compared: what every side of a comparison comes down to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragmeter.core.caveats import Conditions
from ragmeter.core.comparison import Side

Key = tuple[str, str | None]
DECLARED: tuple[Key, ...] = (
    ("ttft_ms", "p50"),
    ("ttft_ms", "p95"),
    ("tpot_ms", "p50"),
    ("e2e_ms", "p50"),
    ("e2e_ms", "p95"),
    ("output_tokens_per_s", None),
    ("usd_per_1m_tokens", None),
)
"""What is compared, declared before anything is looked at: the correction is over all of these."""


def written(key: Key) -> str:
    """``p95(ttft_ms)``, ``output_tokens_per_s``: as an SLO writes it."""
    metric, statistic = key
    return f"{statistic}({metric})" if statistic else metric


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRun:
    """A run with one figure a trial for each metric that is compared, by the number of the trial.

    enough: whether each trial has the requests that the statistic needs.
    """

    side: Side
    by_trial: Mapping[Key, Mapping[int, float | None]]
    enough: Mapping[Key, bool]
    conditions: Conditions
    identity: Mapping[str, Any]

    def figures(self, key: Key) -> list[float | None]:
        return list(self.by_trial[key].values())


def labels(providers: Sequence[str]) -> list[str]:
    """The provider's name; with a number where two runs have the same."""
    seen: Counter[str] = Counter()
    found = []
    for provider in providers:
        seen[provider] += 1
        found.append(provider if providers.count(provider) == 1 else f"{provider} #{seen[provider]}")
    return found
