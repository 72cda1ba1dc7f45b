"""Figures that a document has, with the prices that can still be put on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from ragmeter.core.figures.series import Distribution
from ragmeter.core.figures.summary import PhaseFigures
from ragmeter.core.money.cost import Cost, cost_of, cost_rates, price_sheet_from
from ragmeter.core.stats.estimate import Estimate, estimate_exact

WITH_INTERVAL = ("mean", "p50", "p90", "p95", "p99")
"""The statistics that a document has with their intervals."""
_EXTREMES = ("min", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """good, good_tokens, unknown: as in `summary.Figures`."""

    phase: PhaseFigures
    rates: Mapping[str, Estimate]
    trials: int
    good: int
    good_tokens: int | None
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)

    def estimate(self, metric: str, statistic: str | None) -> Estimate | None:
        if statistic is None:
            return self.rates.get(metric)
        at = self.distributions.get(metric)
        if at is None or statistic not in (*WITH_INTERVAL, *_EXTREMES):
            return None
        found: Estimate | float | None = getattr(at, statistic)
        return found if isinstance(found, Estimate) else estimate_exact(found, at.n)

    def cost(self, sheet: Mapping[str, Any], *, today: date) -> Cost:
        """By a price sheet. A document does not say how many bytes left the cluster."""
        found = cost_of(
            price_sheet_from(sheet),
            self.phase,
            good=self.good,
            good_tokens=self.good_tokens,
            received_bytes=None,
            today=today,
        )
        return replace(found, warnings=(*found.warnings, _NO_BYTES)) if sheet.get("egress_usd_per_gb") else found

    def priced(self, cost: Cost | None) -> "Documented":
        """With the costs as rates, so that they can be judged."""
        rates = {name: at for name, at in self.rates.items() if not name.startswith("usd_")}
        return replace(self, rates={**rates, **(cost_rates(cost, self.phase, rates) if cost else {})})


UNKNOWN = estimate_exact(None, 0)


_NO_BYTES = "egress: needs the raw record, which says how many bytes came; the document does not"
