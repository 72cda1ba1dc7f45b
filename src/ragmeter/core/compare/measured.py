"""One figure a trial for each metric that is compared: what every side of a comparison comes down to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragmeter.core.compare.caveats import Conditions
from ragmeter.core.compare.comparison import Side
from ragmeter.core.requests.figure import Figure

DECLARED: tuple[Figure, ...] = (
    Figure("ttft_ms", "p50"),
    Figure("ttft_ms", "p95"),
    Figure("tpot_ms", "p50"),
    Figure("e2e_ms", "p50"),
    Figure("e2e_ms", "p95"),
    Figure("output_tokens_per_s"),
    Figure("usd_per_1m_tokens"),
    Figure("usd_per_good_request"),
)
"""What is compared, declared before anything is looked at: the correction is over all of these."""
GATED: tuple[Figure, ...] = tuple(key for key in DECLARED if key.metric != "usd_per_good_request")
"""What a gate judges unless it is told otherwise: one price, as two would fail for one reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRun:
    """A run with one figure a trial for each metric that is compared, by the number of the trial.

    enough: whether each trial has the requests that the statistic needs.
    """

    side: Side
    by_trial: Mapping[Figure, Mapping[int, float | None]]
    enough: Mapping[Figure, bool]
    conditions: Conditions
    identity: Mapping[str, Any]

    def figures(self, key: Figure) -> list[float | None]:
        return list(self.by_trial[key].values())


def labels(providers: Sequence[str]) -> list[str]:
    """The provider's name; with a number where two runs have the same."""
    seen: Counter[str] = Counter()
    found = []
    for provider in providers:
        seen[provider] += 1
        found.append(provider if providers.count(provider) == 1 else f"{provider} #{seen[provider]}")
    return found
