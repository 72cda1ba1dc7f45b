"""What was said of a session before it began, said anew once its first trials show something else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ragmeter._pytest.session.gate_forecast import effect_of, saved_runs
from ragmeter._pytest.session.reference import judged_figures, reference_of
from ragmeter.core.campaign.events import CampaignPlanned, LevelStarted, RequestEnded, Said, TrialStarted, WarmupEnded
from ragmeter.core.compare.gate_forecast import is_far, needed_by_pairs, pairs_needed
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
"""By how much a predicted duration may be wrong without a word."""


@dataclass(slots=True)
class Revising:
    """Listens to a campaign; between its third block and the fourth it says what has become of the forecast, if much.

    cases: that are measured together.
    """

    session: BenchSession
    cases: Sequence[Case]
    _said: dict[str, list[Needed]] = field(default_factory=dict)
    _samples: dict[str, list[RequestSample]] = field(default_factory=dict)
    _label: str | None = None
    _began_minutes: float | None = None
    _predicted_s: float | None = None
    _is_done: bool = False

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
        if self._is_done:
            return
        match event:
            case CampaignPlanned():
                self._is_done = fewest_trials(event.workload) <= MIN_TO_SHOW
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
        if event.trial < MIN_TO_SHOW:
            return
        self._is_done = True
        took_s = (minutes - self._began_minutes) * 60
        for sentence in (*self._gates(), *self._duration(event, took_s)):
            self.session.emit(Said(sentence))
        self._samples.clear()

    def _gates(self) -> Iterator[str]:
        """A sentence for each case that needs many more or fewer trials than was said."""
        origin, effect = self.session.options.reference, effect_of(self.session.options)
        for case, home, figures in self._judged():
            sides = [sent_by_trial(each.workload, self._samples.get(each.label, []), figures) for each in (home, case)]
            now = needed_by_pairs(sides[0], sides[1], effect)
            if origin is not None and now and is_far(_most(self._said[case.id]), _most(now)):
                yield (
                    f"{origin.origin}: {origin.value!r}: {case.id}: after {MIN_TO_SHOW} trials: needs "
                    f"{needed_words(now, effect)}; {case.workload.trials} are planned"
                )

    def _duration(self, event: TrialStarted, took_s: float) -> Iterator[str]:
        whole_s = took_s / event.trial * fewest_trials(event.workload)
        said_s, usd_per_hr = self._predicted_s, self.session.meter.usd_per_hr
        if said_s is not None and abs(whole_s - said_s) > FORGIVEN_S and is_far(said_s, whole_s):
            usd = "" if usd_per_hr is None else f", {usd_text(usd_per_hr * (whole_s - took_s) / 3600)}"
            yield (
                f"after {event.trial} trials: {span(whole_s - took_s)}{usd} from now on, as a trial takes "
                f"{span(took_s / event.trial)}; {span(said_s)} in all were predicted"
            )


def _most(needed: Sequence[Needed]) -> float | None:
    counts = [each.trials for each in needed]
    return None if None in counts else max((each or 0 for each in counts), default=0)
