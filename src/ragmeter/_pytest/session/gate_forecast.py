"""What the gates of a session can decide, how long it takes and what it costs, before its first request."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ragmeter._pytest.session.reference import judged_figures, reference_of
from ragmeter.core.campaign.case import campaigns
from ragmeter.core.compare.compare import MIN_EFFECT_RATIO
from ragmeter.core.compare.gate_plan import (
    ASSUMED_SPREAD,
    Decided,
    Needed,
    decided_words,
    needed_words,
    smallest_decided,
    spread_of,
    trials_to_decide,
)
from ragmeter.core.compare.sides import figures_by_trial
from ragmeter.core.errors import RagmeterError
from ragmeter.core.formatting import percent
from ragmeter.core.money.budget import usd_text
from ragmeter.core.requests.records import Phase
from ragmeter.core.stats.sessions import MIN_SESSIONS
from ragmeter.core.stats.trials import MIN_TO_CLAIM
from ragmeter.run.plan.baseline import LAST, load_baselines
from ragmeter.run.session.forecast import campaign_s, least_s

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragmeter._pytest.options.asked import BenchOptions
    from ragmeter.core.campaign.case import Case
    from ragmeter.core.requests.figure import Figure
    from ragmeter.core.requests.records import RequestSample
    from ragmeter.core.run.saved import SavedRun
    from ragmeter.run.session.meter import Meter


def cannot_pass(options: BenchOptions, cases: Sequence[Case]) -> list[str]:
    """A sentence for each gate that can fail and cannot pass, with what mends it."""
    found = []
    for case in cases:
        saved = 1 + len(case.earlier)
        if case.gated and options.baseline is not None and saved < MIN_SESSIONS:
            found.append(
                f"{options.baseline.origin}: {case.id}: {_many(saved, 'saved session')} cannot show that nothing is "
                f"worse; {MIN_SESSIONS} can"
            )
    trials = min((case.workload.trials for case in cases), default=MIN_TO_CLAIM)
    if options.reference is not None and trials < MIN_TO_CLAIM:
        found.append(
            f"{options.reference.origin}: {options.reference.value!r}: {_many(trials, 'trial')} cannot show that "
            f"nothing is worse; --bench-trials {MIN_TO_CLAIM} can"
        )
    return found


def gate_forecasts(options: BenchOptions, cases: Sequence[Case], meter: Meter) -> list[str]:
    """A sentence for each gate, and what the session will take; none without a gate."""
    effect = options.min_effect_ratio or MIN_EFFECT_RATIO
    saved = {case.id: _saved(options, case) for case in cases} if options.reference or options.baseline else {}
    of_baselines = (_of_baseline(options, case, saved[case.id], effect) for case in cases if case.gated)
    of_references = (
        _of_reference(options, case, cases, saved, effect) for case in cases if judged_figures(case, cases, options)
    )
    found = [words for words in (*of_baselines, *of_references) if words is not None]
    return [*found, _duration(options, cases, saved, meter)] if found else []


def _saved(options: BenchOptions, case: Case) -> tuple[SavedRun, ...]:
    """Runs that sent the same, the newest first: the baselines, else the last one in the report folder."""
    if case.baseline is not None:
        return tuple(run for run in (case.baseline, *case.earlier) if run.samples)
    folder, names = options.report_dir / "ns" / case.provider.name, (case.provider.name, case.workload.name)
    try:
        (last,) = load_baselines(LAST, last_in=folder, provider=names[0], workload=names[1], origin=LAST)
    except RagmeterError:
        return ()
    return (last,) if last.plan.workload.sha256 == case.workload.sha256 else ()


def _of_baseline(options: BenchOptions, case: Case, runs: Sequence[SavedRun], effect: float) -> str | None:
    """None where `cannot_pass` says it."""
    decided = _decided(case.gated, [figures_by_trial(run, case.gated) for run in runs])
    if options.baseline is None or not decided:
        return None
    return (
        f"{options.baseline.origin}: {case.id}: {len(runs)} saved sessions can decide about {decided_words(decided)}; "
        f"{percent(effect)} % is what matters (--bench-min-effect)"
    )


def _decided(figures: Sequence[Figure], sessions: Sequence[Mapping[Figure, Sequence[float | None]]]) -> list[Decided]:
    """Of the figures that enough sessions have in every trial."""
    found = []
    for figure in figures:
        whole = [[value for value in session[figure] if value is not None and value > 0] for session in sessions]
        known = [values for values, session in zip(whole, sessions, strict=True) if len(values) == len(session[figure])]
        if (change := smallest_decided([values for values in known if values])) is not None:
            found.append(Decided(figure=figure, change_ratio=change))
    return found


def _of_reference(
    options: BenchOptions, case: Case, cases: Sequence[Case], saved: Mapping[str, Sequence[SavedRun]], effect: float
) -> str | None:
    home = reference_of(case, cases, options.reference.value) if options.reference else None
    if home is None or options.reference is None:
        return None
    figures = judged_figures(case, cases, options)
    one, other = (_spreads(saved[each.id], figures) for each in (home, case))
    spread = {key: math.hypot(*(side.get(key, ASSUMED_SPREAD) for side in (one, other))) for key in figures}
    needed = [Needed(figure=key, trials=trials_to_decide(spread[key], effect, len(figures))) for key in figures]
    by = "by the spread of the last runs" if one and other else f"if their trials differ by {percent(ASSUMED_SPREAD)} %"
    return (
        f"{options.reference.origin}: {options.reference.value!r}: {case.id} needs {needed_words(needed, effect)}, "
        f"{by}; {case.workload.trials} are planned"
    )


def _spreads(runs: Sequence[SavedRun], figures: Sequence[Figure]) -> Mapping[Figure, float]:
    """Of the newest run, and those figures whose trials tell it."""
    by_trial = figures_by_trial(runs[0], figures) if runs else {}
    return {figure: spread for figure, values in by_trial.items() if (spread := spread_of(values)) is not None}


def _duration(
    options: BenchOptions, cases: Sequence[Case], saved: Mapping[str, Sequence[SavedRun]], meter: Meter
) -> str:
    """By the saved runs, else what the schedules take at least."""
    arms = 2 if options.aa else 1
    least, known = 0.0, []
    for together in campaigns(cases):
        samples = [_measured(saved[case.id]) for case in together] * arms
        least += least_s(together[0].workload, len(samples))
        known.append(campaign_s(together[0].workload, samples))
    expected = None if None in known else sum(each or 0.0 for each in known)
    spent = meter.spent(least if expected is None else expected)
    usd = "" if spent.usd is None else f" and {usd_text(spent.usd)}"
    if expected is None:
        return f"the plan takes at least {spent.minutes:.3g} min{usd}; the warm-up will tell how much more"
    return f"the plan takes about {spent.minutes:.3g} min{usd}, by the speed of saved runs"


def _measured(runs: Sequence[SavedRun]) -> list[RequestSample]:
    return [sample for run in runs for sample in run.samples if sample.phase is Phase.MEASURED]


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
