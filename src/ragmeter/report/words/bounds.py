"""What verdicts say in words: the figure, its interval, and what it was to be; and why a run has its outcome."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from ragmeter.core.compare.regression import Regression
from ragmeter.core.formatting import distinct_text
from ragmeter.core.requests.figure import Figure
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.judge import RANKING
from ragmeter.core.verdicts.records import Outcome, SloVerdict, StepVerdict
from ragmeter.report.words.format import UNKNOWN, number, percent, quantity, symbol, unit_of
from ragmeter.report.words.naming import cut_before_all, failed_tests, reason, sentence

Gate: TypeAlias = Mapping[Figure, Regression]
"""The verdicts on a run against a baseline or a reference."""
_MISSED: Final = {"<=": "above", "<": "not below", ">=": "below", ">": "not above"}
_SHARES: Final = {"error_ratio": "share of failed requests", "good_ratio": "share of good answers"}
_DASH: Final = "\N{EN DASH}"
_ASKED: Final = {"<=": "at most", "<": "below", ">=": "at least", ">": "above"}


def unmet(result: RunResult) -> list[SloVerdict]:
    """The verdicts that are no PASS, the worst first."""
    found = [at for at in result.verdicts if at.outcome is not Outcome.PASS]
    return sorted(found, key=lambda at: RANKING.index(at.outcome))


def slo_words(result: RunResult, at: SloVerdict) -> str:
    """``TTFT p50 is 41.2 ms (41.1 to 41.2), above 20 ms``; of anything but a bound that is missed or lies inside the
    interval, the sentence of the verdict.
    """
    step = next((each for each in at.steps if each.outcome is at.outcome), None)
    where = f" at {step.rate_per_s:g}/s" if step is not None else ""
    if at.value is None or at.outcome not in {Outcome.FAIL, Outcome.INCONCLUSIVE}:
        return sentence(result, at).partition("  (")[0]
    figure = f"{subject(at)} is {_value(at)}{_range(step or at, at.metric)}{where}"
    if at.outcome is Outcome.FAIL:
        counted = " with each failed request as an answer that never came" if at.judged_on else ""
        return f"{figure}{counted}, {_MISSED[at.operator]} {bound(at)}"
    if not _inside(step or at, at.bound):
        return sentence(result, at).partition("  (")[0]
    return f"{figure}: whether it is {asked(at)} is undecided"


def subject(at: SloVerdict) -> str:
    """``TTFT p50``, ``share of failed requests``."""
    return _SHARES.get(at.metric, at.figure.short)


def asked(at: SloVerdict) -> str:
    """``at most 20 ms``."""
    return f"{_ASKED[at.operator]} {bound(at)}"


def bound(at: SloVerdict) -> str:
    return quantity(at.bound, unit_of(at.metric))


def value_and_range(at: SloVerdict) -> str:
    """``41.2 ms (41.1 to 41.2)``; a dash where there is no figure."""
    return UNKNOWN if at.value is None else f"{_value(at)}{_range(at, at.metric)}"


def _value(at: SloVerdict) -> str:
    """With as many digits as it takes to tell it from the bound."""
    unit, value = unit_of(at.metric), at.value
    short = quantity(value, unit)
    if value is None or value == at.bound or short != bound(at):
        return short
    if unit == "ratio":
        return f"{distinct_text(value * 100, at.bound * 100)} %"
    return f"{distinct_text(value, at.bound)} {symbol(unit)}".rstrip()


def _range(at: SloVerdict | StepVerdict, metric: str) -> str:
    if at.low is None or at.high is None:
        return ""
    unit = unit_of(metric)
    low, high = (quantity(end, unit) for end in (at.low, at.high))
    if unit == "usd":
        return f" ({low} to {high})"
    shown = (percent(end).removesuffix(" %") if unit == "ratio" else number(end) for end in (at.low, at.high))
    return f" ({_DASH.join(shown)})"


def _inside(at: SloVerdict | StepVerdict, limit: float) -> bool:
    low, high = at.low, at.high
    return (low is None or low <= limit) and (high is None or high >= limit)


def reasons(result: RunResult) -> list[tuple[Outcome, str]]:
    """Everything that the run did not show, the worst first: the client, SLOs, tests."""
    unfit = [(Outcome.INVALID, words) for words in result.harness.reasons]
    missed = [] if unfit else [(at.outcome, slo_words(result, at)) for at in unmet(result)]
    return [*unfit, *missed, *failed_tests(result)]


def full_reason(result: RunResult) -> str:
    """Why the run has its outcome, in one sentence that holds the first thing that led to it."""
    cut = cut_before_all(result)
    found = [cut] if cut else [words for outcome, words in reasons(result) if outcome is result.outcome]
    if not found:
        return f"{reason(result)}."
    more = f" (and {len(found) - 1} more below)" if len(found) > 1 else ""
    return f"{reason(result)}: {found[0].rstrip('.')}{more}."


def gate_words(gate: Gate) -> str:
    """``5 metrics not worse, 2 undecided``."""
    outcomes = [at.outcome for at in gate.values()]
    names = {
        Outcome.FAIL: "worse",
        Outcome.INVALID: "not valid",
        Outcome.NO_DATA: "without enough data",
        Outcome.INCONCLUSIVE: "undecided",
        Outcome.PASS: "not worse",
    }
    said = [f"{outcomes.count(outcome)} {words}" for outcome, words in names.items() if outcome in outcomes]
    return f"{len(outcomes)} metrics: {', '.join(said)}"
