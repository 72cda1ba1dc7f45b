"""How much longer a campaign takes, by what it has shown of itself so far. Pure: the clock is its caller's."""

from dataclasses import dataclass, field

from ragmeter.core.campaign.events import CampaignPlanned, Event, PhaseStarted, TrialStarted, WarmupEnded


@dataclass(slots=True)
class Pace:
    """Listens to the events of a campaign. Times are seconds of one monotonic clock."""

    _trials: int = 1
    _began_s: list[float] = field(default_factory=list)
    _ends_s: float | None = None
    _phase_s: float = 0.0
    _lasts_s: float | None = None
    _steps: int = 1

    def hear(self, event: Event, now_s: float) -> None:
        """Take note of what begins."""
        match event:
            case CampaignPlanned():
                workload = event.workload
                each = workload.trials if workload.until is None else event.min_trials
                self._trials, self._began_s, self._ends_s = event.runs * each, [], None
            case WarmupEnded():
                self._ends_s = None if event.trials_s is None else now_s + event.trials_s
            case TrialStarted():
                self._began_s.append(now_s)
                self._steps = max(len(event.workload.rates_per_s), 1)
            case PhaseStarted():
                self._phase_s, self._lasts_s = now_s, event.lasts_s

    def left_s(self, now_s: float, *, done: int, total: int | None) -> float | None:
        """Seconds until the last trial ends; None while nothing tells it, as in a warm-up or a search."""
        if not self._began_s:
            return None
        phase = self._phase_left_s(now_s, done, total)
        further = max(self._trials - len(self._began_s), 0)
        if len(self._began_s) > 1:
            mean_s = (self._began_s[-1] - self._began_s[0]) / (len(self._began_s) - 1)
            current = max(mean_s - (now_s - self._began_s[-1]), phase or 0.0) if self._steps > 1 else phase
            return None if current is None else current + further * mean_s
        if self._ends_s is not None and further:
            return max(self._ends_s - now_s, phase or 0.0)
        if self._steps > 1 or phase is None:
            return None
        return phase + further * (now_s - self._began_s[-1] + phase)

    def _phase_left_s(self, now_s: float, done: int, total: int | None) -> float | None:
        elapsed_s = now_s - self._phase_s
        if self._lasts_s is not None:
            return max(self._lasts_s - elapsed_s, 0.0)
        return elapsed_s * max(total - done, 0) / done if total and done else None
