"""What was said of a session before it began, said anew once its first trials show something else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ragmeter._pytest.session.gate_forecast import effect_of, saved_runs
from ragmeter._pytest.session.reference import judged_figures, reference_of
from ragmeter.core.campaign.events import CampaignPlanned, LevelStarted, RequestEnded, Said, TrialStarted, WarmupEnded
from ragmeter.core.compare.gate_forecast import is_outside, most_of, needed_by_pairs, pairs_needed
from ragmeter.core.compare.gate_plan import needed_words
from ragmeter.core.compare.sides import sent_by_trial
from ragmeter.core.money.budget import usd_text
from ragmeter.core.requests.records import Phase
from ragmeter.core.stats.trials import MIN_TO_SHOW
from ragmeter.report.words.format import span
from ragmeter.run.session.forecast import fewest_trials

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ragmeter._pytest.session.session import BenchSession
    from ragmeter.core.campaign.case import Case
    from ragmeter.core.campaign.events import Event
    from ragmeter.core.compare.gate_plan import Needed
    from ragmeter.core.requests.figure import Figure
    from ragmeter.core.requests.records import RequestSample

FORGIVEN_S: Final = 30.0
FORGIVEN_RATIO: Final = 0.2
"""By how much a predicted duration may be wrong without a word; it takes both."""


@dataclass(slots=True)
class Revising:
    """Listens to a campaign; after its third block, and each time their number has doubled, it says what has become of
    the forecast, if that no longer holds.

    cases: that are measured together.
    """

    session: BenchSession
    cases: Sequence[Case]
    _said: dict[str, list[Needed]] = field(default_factory=dict)
    _samples: dict[str, list[RequestSample]] = field(default_factory=dict)
    _label: str | None = None
    _began_minutes: float | None = None
    _predicted_s: float | None = None
    _next: int = MIN_TO_SHOW
    _trials: int = 0

    def __post_init__(self) -> None:
        options = self.session.options
        saved = saved_runs(options, self.cases)
        for case, home, figures in self._judged():
            self._said[case.id] = pairs_needed(saved[home.id], saved[case.id], figures, effect_of(options))

    def _judged(self) -> Iterator[tuple[Case, Case, tuple[Figure, ...]]]:
        """Each case that is judged against another one, that one, and by what."""
        options = self.session.options
        for case in self.cases:
            home = reference_of(case, self.cases, options.reference.value) if options.reference else None
            if home is not None and (figures := judged_figures(case, self.cases, options)):
                yield case, home, figures

    def __call__(self, event: Event) -> None:
        if self._next >= self._trials and not isinstance(event, CampaignPlanned):
            return
        match event:
            case CampaignPlanned():
                self._trials = fewest_trials(event.workload)
            case WarmupEnded():
                self._predicted_s = event.trials_s
            case TrialStarted():
                self._trial(event)
            case LevelStarted():
                self._label = None
            case RequestEnded() if self._label is not None and event.sample.phase is Phase.MEASURED:
                self._samples.setdefault(self._label, []).append(event.sample)

    def _trial(self, event: TrialStarted) -> None:
        self._label = event.label
        minutes = self.session.meter.spent().minutes
        if self._began_minutes is None:
            self._began_minutes = minutes
        if event.trial < self._next:
            return
        self._next *= 2
        took_s = (minutes - self._began_minutes) * 60
        for sentence in (*self._gates(event.trial), *self._duration(event, took_s)):
            self.session.emit(Said(sentence))

    def _gates(self, trials: int) -> Iterator[str]:
        """A sentence for each case for which as many trials as was said will not do, or fewer will."""
        origin, effect = self.session.options.reference, effect_of(self.session.options)
        for case, home, figures in self._judged():
            sides = [sent_by_trial(each.workload, self._samples.get(each.label, []), figures) for each in (home, case)]
            now = needed_by_pairs(sides[0], sides[1], effect)
            said, most = most_of(self._said[case.id]), most_of(now)
            if origin is not None and said is not None and most is not None and is_outside(said, most):
                self._said[case.id] = now
                yield (
                    f"{origin.origin}: {origin.value!r}: {case.id}: after {trials} trials: needs "
                    f"{needed_words(now, effect)}; {case.workload.trials} are planned"
                )

    def _duration(self, event: TrialStarted, took_s: float) -> Iterator[str]:
        whole_s = took_s / event.trial * fewest_trials(event.workload)
        said_s, usd_per_hr = self._predicted_s, self.session.meter.usd_per_hr
        forgiven_s = max(FORGIVEN_S, FORGIVEN_RATIO * whole_s)
        if said_s is not None and abs(whole_s - said_s) > forgiven_s:
            self._predicted_s = whole_s
            usd = "" if usd_per_hr is None else f", {usd_text(usd_per_hr * (whole_s - took_s) / 3600)}"
            yield (
                f"after {event.trial} trials: {span(whole_s - took_s)}{usd} from now on, as a trial takes "
                f"{span(took_s / event.trial)}; {span(said_s)} in all were predicted"
            )
