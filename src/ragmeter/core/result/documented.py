"""The figures of a run whose requests are gone: what can still be judged and priced by a document of them."""

from collections.abc import Sequence

from ragmeter.core.errors import ConfigError
from ragmeter.core.money.documented import UNKNOWN, WITH_INTERVAL, Documented
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.error_budget import budgets_at, overspent
from ragmeter.core.verdicts.slo import Slo, parse_slo


def documented(result: RunResult) -> Documented:
    """Of the measured phase of a result. Raises ConfigError for a document that does not have it."""
    if "measured" not in result.phases:
        raise ConfigError(f"{result.run_id}: $.phases: has no 'measured', whose figures are needed")
    phase = result.phases["measured"]
    rates = {"goodput_rps": UNKNOWN, "good_tokens_per_s": UNKNOWN, **result.rates}
    speed, lasted_s = rates["good_tokens_per_s"].value, phase.duration_seconds
    return Documented(
        phase=phase,
        rates=rates,
        trials=result.trials,
        good=rates["goodput_rps"].n,
        good_tokens=None if speed is None or lasted_s is None else round(speed * lasted_s),
        distributions={**result.estimates, **({} if result.serving is None else result.serving.figures)},
        unknown=result.unknown,
    )


def overspent_by(result: RunResult) -> str | None:
    """`overspent` of a saved result, also of one that was written without an error budget."""
    slos = [parse_slo(verdict.slo, verdict.origin) for verdict in result.verdicts]
    return overspent(budgets_at(slos), errors=result.errors, sent=result.errors + result.success)


def lacking(slo: Slo, metric: str, result: RunResult, figures: Documented) -> str | None:
    """Why an SLO cannot be judged by the document; None when it can. metric: that it is judged on."""
    if result.steps:
        return "each step of a sweep is judged by itself, and the document has no intervals of steps"
    if result.status == "interrupted" and result.trials > 1:
        return "the run ended early, and the document does not say how many trials it has"
    at = figures.estimate(metric, slo.statistic)
    if at is None and slo.statistic is not None and metric in figures.distributions:
        return f"the document has {', '.join(WITH_INTERVAL)}, min and max of {metric} alone"
    if at is not None and at.value is None and at.n:
        return "the document has no value, which may be infinite"
    return None


def steps_of(result: RunResult) -> Sequence[float]:
    """The offered rates of a sweep; empty otherwise."""
    return [step.rate_per_s for step in result.steps]
