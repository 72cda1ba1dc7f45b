"""When a campaign whose trials go on until an interval is narrow enough has enough of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ragmeter.core.budget import Limits, Spent, exceeded
from ragmeter.core.decide import percent
from ragmeter.core.records import Phase
from ragmeter.core.summary import summarise
from ragmeter.core.until import Subject, Until, is_known, trials_wanted, widest
from ragmeter.run.campaign import Arm, Stop
from ragmeter.run.meter import Meter


@dataclass(slots=True, kw_only=True)
class Stopping:
    """Asked after each block. subjects: of each arm, by its label: the figures whose intervals have to be narrow."""

    until: Until
    subjects: Mapping[str, Sequence[Subject]]
    meter: Meter
    _began: Spent = field(init=False)
    _block_began: Spent = field(init=False)
    _narrow: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._began = self._block_began = self.meter.spent()

    def after(self, arms: Sequence[Arm]) -> Stop | None:
        """None while another block is wanted. arms: those that ran it."""
        width, whose = self._widest(arms)
        self._narrow.append(width <= self.until.ci_width)
        wanted = trials_wanted(self._narrow, self.until.max_trials)
        if wanted is not None and len(self._narrow) >= wanted:
            return Stop() if is_known(self._narrow) else Stop(undecided=self._open(f"{wanted} trials", width, whose))
        spent = self._over_budget()
        if spent is None:
            return None
        ended = f"{len(self._narrow)} trials, as another block would have cost {spent}"
        return Stop(undecided=self._open(ended, width, whose))

    def _widest(self, arms: Sequence[Arm]) -> tuple[float, str]:
        found = []
        for arm in arms:
            figures = summarise(arm.samples, Phase.MEASURED, goodput=arm.workload.goodput, seed=arm.workload.seed)
            width, (metric, statistic) = widest(self.subjects[arm.label], figures)
            found.append((width, f"{f'{statistic}({metric})' if statistic else metric} of {arm.label}"))
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
