"""What the gates of a session can decide, how long it takes and what it costs, before its first request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ragmeter._pytest.session.reference import judged_figures, reference_of
from ragmeter.core.campaign.case import campaigns
from ragmeter.core.compare.compare import MIN_EFFECT_RATIO
from ragmeter.core.compare.gate_forecast import pairs_needed, pairs_words, sessions_words, trials_of
from ragmeter.core.errors import RagmeterError
from ragmeter.core.stats.sessions import MIN_SESSIONS
from ragmeter.core.stats.trials import MIN_TO_CLAIM
from ragmeter.run.plan.baseline import LAST, load_baselines
from ragmeter.run.session.forecast import expected_takes, least_s, takes_words, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragmeter._pytest.options.bench_options import BenchOptions
    from ragmeter.core.campaign.case import Case
    from ragmeter.core.compare.gate_plan import Needed
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


def effect_of(options: BenchOptions) -> float:
    """The smallest change that matters to the gates, as a ratio."""
    return options.min_effect_ratio or MIN_EFFECT_RATIO


def gate_forecasts(options: BenchOptions, cases: Sequence[Case], meter: Meter) -> list[str]:
    """A sentence for each gate, and what the session will take; none without a gate."""
    saved = saved_runs(options, cases)
    of_baselines = (_of_baseline(options, case, saved[case.id]) for case in cases if case.gated)
    needed = {case.id: _needed(options, case, cases, saved) for case in cases}
    of_references = (_of_reference(options, case, cases, saved, needed[case.id]) for case in cases)
    found = [words for words in (*of_baselines, *of_references) if words is not None]
    return [*found, _duration(options, cases, saved, needed, meter)] if found else []


def saved_runs(options: BenchOptions, cases: Sequence[Case]) -> dict[str, tuple[SavedRun, ...]]:
    """By the id of each case, the runs that sent the same, the newest first: the baselines, else the last one in the
    report folder.
    """
    return {case.id: _saved(options, case) for case in cases} if options.reference or options.baseline else {}


def _saved(options: BenchOptions, case: Case) -> tuple[SavedRun, ...]:
    if case.baseline is not None:
        return tuple(run for run in (case.baseline, *case.earlier) if run.samples)
    folder, names = options.report_dir / "ns" / case.provider.name, (case.provider.name, case.workload.name)
    try:
        (last,) = load_baselines(LAST, last_in=folder, provider=names[0], workload=names[1], origin=LAST)
    except RagmeterError:
        return ()
    return (last,) if last.plan.workload.sha256 == case.workload.sha256 else ()


def _of_baseline(options: BenchOptions, case: Case, runs: Sequence[SavedRun]) -> str | None:
    """None where `cannot_pass` says it."""
    words = sessions_words(case.gated, runs, effect_of(options))
    if options.baseline is None or words is None:
        return None
    return f"{options.baseline.origin}: {case.id}: {words} (--bench-min-effect)"


def _needed(
    options: BenchOptions, case: Case, cases: Sequence[Case], saved: Mapping[str, Sequence[SavedRun]]
) -> Sequence[Needed]:
    """Empty for a case that is judged against none."""
    figures = judged_figures(case, cases, options)
    home = reference_of(case, cases, options.reference.value) if options.reference else None
    return pairs_needed(saved[home.id], saved[case.id], figures, effect_of(options)) if figures and home else ()


def _of_reference(
    options: BenchOptions,
    case: Case,
    cases: Sequence[Case],
    saved: Mapping[str, Sequence[SavedRun]],
    needed: Sequence[Needed],
) -> str | None:
    home = reference_of(case, cases, options.reference.value) if options.reference else None
    if not needed or home is None or options.reference is None:
        return None
    words = pairs_words(needed, effect_of(options), saved[home.id], saved[case.id], case.workload.trials)
    return f"{options.reference.origin}: {options.reference.value!r}: {case.id} {words}"


def _duration(
    options: BenchOptions,
    cases: Sequence[Case],
    saved: Mapping[str, Sequence[SavedRun]],
    needed: Mapping[str, Sequence[Needed]],
    meter: Meter,
) -> str:
    """By the saved runs, else what the schedules take at least."""
    arms = 2 if options.aa else 1
    least, planned, longer = 0.0, [], []
    for together in campaigns(cases):
        workload, runs = together[0].workload, [saved[case.id] for case in together] * arms
        trials = trials_of([each for case in together for each in needed[case.id]], workload.trials)
        least += least_s(workload, len(runs))
        planned.append(expected_takes(workload, runs))
        longer.append(None if trials is None else expected_takes(replace(workload, trials=trials), runs))
    return takes_words(whole(planned), least, meter, whole(longer))


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
