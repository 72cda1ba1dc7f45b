"""Judging the SLOs of a sweep: each step apart, for what holds at one rate need not hold at another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from ragmeter.core.client.harness import Harness
from ragmeter.core.figures.summary import Figures
from ragmeter.core.verdicts.error_budget import budgets_at, is_default, overspent_in
from ragmeter.core.verdicts.judge import judge, worst
from ragmeter.core.verdicts.records import Outcome, SloVerdict, StepVerdict
from ragmeter.core.verdicts.slo import Slo


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFigures:
    """What is known of one step, over all trials. harness: whether the client was fit at this rate."""

    step: int
    rate_per_s: float
    figures: Figures
    harness: Harness


def judge_steps(slos: Sequence[Slo], steps: Sequence[StepFigures], label: str) -> tuple[SloVerdict, ...]:
    """Each SLO at every step that it is of; see `SloVerdict`. Raises ValueError when one is of none.

    label: what was measured, such as ``smoke @ local``.
    """
    return tuple(_judge_one(slo, slos, steps, label) for slo in slos)


def _judge_one(slo: Slo, slos: Sequence[Slo], steps: Sequence[StepFigures], label: str) -> SloVerdict:
    mine = [at for at in steps if _is_of(slo, at.rate_per_s, slos)]
    if not mine:
        raise ValueError(f"{slo.expression}: is of no step")
    judged = [(at, _judge_at(slo, slos, at, label)) for at in mine]
    outcome = worst([verdict.outcome for _, verdict in judged])
    rates = {at.rate_per_s: verdict for at, verdict in judged if verdict.outcome is outcome}
    deciding = rates[max(rates) if outcome is Outcome.PASS else min(rates)]
    met = [at.rate_per_s for at, verdict in judged if verdict.outcome is Outcome.PASS]
    return replace(
        deciding, sentence=f"{deciding.sentence}{_met(met, len(judged))}", steps=tuple(_step(*each) for each in judged)
    )


def _is_of(slo: Slo, rate_per_s: float, slos: Sequence[Slo]) -> bool:
    """The default error budget is of the steps that have no budget of their own."""
    if is_default(slo):
        return slo in budgets_at(slos, rate_per_s)
    return slo.at_rate_per_s in (None, rate_per_s)


def _judge_at(slo: Slo, slos: Sequence[Slo], at: StepFigures, label: str) -> SloVerdict:
    spent = overspent_in(slos, at.figures.phase, at.rate_per_s)
    return judge(slo, at.figures, at.harness, f"{label}: at {at.rate_per_s:g} req/s", spent=spent)


def _met(rates: Sequence[float], steps: int) -> str:
    """What to say of the steps that passed. Nothing of a single step, which the sentence is about."""
    if steps == 1:
        return ""
    if len(rates) == steps:
        return "; met at every step"
    return f"; met at {', '.join(f'{rate:g}' for rate in sorted(rates))} req/s" if rates else "; met at no step"


def _step(at: StepFigures, verdict: SloVerdict) -> StepVerdict:
    return StepVerdict(
        step=at.step,
        rate_per_s=at.rate_per_s,
        outcome=verdict.outcome,
        sentence=verdict.sentence,
        value=verdict.value,
        low=verdict.low,
        high=verdict.high,
        n=verdict.n,
    )


def outcomes_by_rate(verdicts: Sequence[SloVerdict]) -> dict[float, Outcome]:
    """The worst outcome of the SLOs at each rate, ascending; empty when no SLO was judged at steps."""
    found: dict[float, list[Outcome]] = {}
    for at in (at for verdict in verdicts for at in verdict.steps):
        found.setdefault(at.rate_per_s, []).append(at.outcome)
    return {rate: worst(found[rate]) for rate in sorted(found)}


def held_per_s(outcomes: Mapping[float, Outcome]) -> float | None:
    """The highest rate at which, and below which, every SLO passed; None when there is none."""
    passed = takewhile(lambda rate: outcomes[rate] is Outcome.PASS, outcomes)
    return max(passed, default=None)


def sweep_sentence(verdicts: Sequence[SloVerdict]) -> str | None:
    """Up to which rate every SLO passes, and which does not at the next; None when none was judged at steps."""
    outcomes = outcomes_by_rate(verdicts)
    if not outcomes:
        return None
    held = held_per_s(outcomes)
    if held == max(outcomes):
        return f"every SLO is met up to {held:g} req/s, the highest rate"
    missed = next(rate for rate, outcome in outcomes.items() if outcome is not Outcome.PASS)
    slos = (
        f"{verdict.slo} ({at.outcome.value})"
        for verdict in verdicts
        for at in verdict.steps
        if at.rate_per_s == missed and at.outcome is not Outcome.PASS
    )
    met = "no rate meets every SLO" if held is None else f"every SLO is met up to {held:g} req/s"
    return f"{met}; not at {missed:g} req/s: {', '.join(slos)}"
