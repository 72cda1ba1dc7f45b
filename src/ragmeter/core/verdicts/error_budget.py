"""The error budget: how many requests of a run may fail before its other figures are those of the survivors.

A run whose manifest, provider file and options bound no failures has a budget of 1 %. It is an account of the requests
of this very run and no claim about the service: 2 failures of 100 have spent it, 1 of 100 and 0 of 40 have not. An
interval would be the wrong rule for a default, as 100 requests without a failure show no more than "below 3.7 %". A
budget that somebody wrote (`error_ratio <= 0.02`, `errors <= 1`) takes the place of the default and is an SLO like any
other, judged by its interval; whether it is spent is counted in the same way.

What a run with a spent budget says of latencies, prices and other systems is the business of `verdicts`, `cost` and
`compare`; each of them quotes the sentence of `overspent`.
"""

from collections.abc import Sequence
from typing import Final

from ragmeter.core.figures.summary import PhaseFigures
from ragmeter.core.run.plan import DeclaredSlo
from ragmeter.core.verdicts.slo import Slo, parse_slo

DEFAULT: Final = DeclaredSlo(expression="error_ratio <= 0.01", origin="default error budget")
DEFAULT_SLO: Final = parse_slo(DEFAULT.expression, DEFAULT.origin)
_STATING: Final = frozenset({"error_ratio", "errors"})
"""The metrics whose bound is a budget."""


def is_default(slo: Slo) -> bool:
    """Whether nobody wrote this SLO."""
    return slo.origin == DEFAULT.origin


def with_budget(declared: Sequence[DeclaredSlo], rates_per_s: Sequence[float] = ()) -> tuple[DeclaredSlo, ...]:
    """With the default budget at the end, unless one is stated: of the whole run, or of each step of a sweep.

    rates_per_s: of the steps. A second call changes nothing. Raises ConfigError for an expression that is no SLO.
    """
    stated = _stated([parse_slo(each.expression, each.origin) for each in declared])
    of_steps = {slo.at_rate_per_s for slo in stated}
    covered = None in of_steps or (bool(rates_per_s) and of_steps.issuperset(rates_per_s))
    return tuple(declared) if covered else (*declared, DEFAULT)


def budgets_at(slos: Sequence[Slo], rate_per_s: float | None = None) -> tuple[Slo, ...]:
    """The budgets of the whole run, or of the step of a sweep that offers ``rate_per_s``.

    The default gives way to what is stated of that step. Without any SLO that is a budget: the default.
    """
    here = [slo for slo in _stated(slos) if slo.at_rate_per_s in (None, rate_per_s)]
    written = tuple(slo for slo in here if not is_default(slo))
    return written or (DEFAULT_SLO,)


def overspent(budgets: Sequence[Slo], *, errors: int, sent: int) -> str | None:
    """What to say of a run that has spent its budget; None while it has not, or when nothing was sent.

    sent: successes and failures. Requests that the client ended itself are neither.
    """
    for budget in budgets if sent else ():
        if not budget.holds(errors if budget.metric.name == "errors" else errors / sent):
            by_default = ", the default" if is_default(budget) else ""
            return f"{errors} of {sent} requests failed, more than the error budget ({budget.expression}{by_default})"
    return None


def overspent_in(slos: Sequence[Slo], phase: PhaseFigures, rate_per_s: float | None = None) -> str | None:
    """`overspent` of a phase, or of the step of a sweep that offers ``rate_per_s``, by the SLOs of the run."""
    return overspent(budgets_at(slos, rate_per_s), errors=phase.errors, sent=phase.errors + phase.success)


def _stated(slos: Sequence[Slo]) -> list[Slo]:
    return [slo for slo in slos if slo.metric.name in _STATING]
