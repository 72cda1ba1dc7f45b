"""When a campaign whose trials go on until an interval is narrow enough has enough of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ragmeter.core.figures.summary import summarise
from ragmeter.core.formatting import percent
from ragmeter.core.inputs.until import Until
from ragmeter.core.money.budget import Limits, Spent, exceeded
from ragmeter.core.requests.records import Phase
from ragmeter.core.verdicts.precision import is_known, trials_wanted, widest
from ragmeter.run.session.meter import Meter
from ragmeter.run.session.variant import Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Enough blocks were run. undecided: why, although the intervals are not as narrow as they were to become."""

    undecided: str | None = None


@dataclass(slots=True, kw_only=True)
class Stopping:
    """Asked after each block."""

    until: Until
    meter: Meter
    _began: Spent = field(init=False)
    _block_began: Spent = field(init=False)
    _narrow: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._began = self._block_began = self.meter.spent()

    def after(self, variants: Sequence[Variant]) -> Stop | None:
        """None while another block is wanted. variants: those that ran it."""
        width, whose = self._widest(variants)
        self._narrow.append(width <= self.until.ci_width)
        wanted = trials_wanted(self._narrow, self.until.max_trials)
        if wanted is not None and len(self._narrow) >= wanted:
            return Stop() if is_known(self._narrow) else Stop(undecided=self._open(f"{wanted} trials", width, whose))
        spent = self._over_budget()
        if spent is None:
            return None
        ended = f"{len(self._narrow)} trials, as another block would have cost {spent}"
        return Stop(undecided=self._open(ended, width, whose))

    def _widest(self, variants: Sequence[Variant]) -> tuple[float, str]:
        found = []
        for each in variants:
            figures = summarise(each.samples, Phase.MEASURED, goodput=each.workload.goodput, seed=each.workload.seed)
            width, figure = widest(each.watched, figures)
            found.append((width, f"{figure} of {each.label}"))
        return max(found)

    def _over_budget(self) -> str | None:
        """What will have been spent by the end of another block that takes as long as the last."""
        now = self.meter.spent()
        ahead_s = (now - self._block_began).minutes * 60
        self._block_began = now
        limits = Limits(max_usd=self.until.max_usd, max_minutes=self.until.max_minutes)
        return exceeded(limits, self.meter.spent(ahead_s) - self._began)

    def _open(self, after: str, width: float, whose: str) -> str:
        wide = "there is no" if math.isinf(width) else f"{percent(width)} % wide is the"
        return f"after {after}: {wide} interval of {whose}, and not {percent(self.until.ci_width)} %"
