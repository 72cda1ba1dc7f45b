"""Other SLOs and other prices for a result, by its document alone."""

from collections.abc import Sequence
from dataclasses import replace

from ragmeter.core.money.cost import Cost, withhold
from ragmeter.core.money.documented import Documented
from ragmeter.core.requests.metric import OF_REQUESTS
from ragmeter.core.result.documented import documented, lacking, steps_of
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.plan import DeclaredSlo
from ragmeter.core.verdicts.caches import withheld
from ragmeter.core.verdicts.error_budget import is_default, overspent_in, with_budget
from ragmeter.core.verdicts.judge import judge, outcome_of_run, with_tests
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from ragmeter.core.verdicts.slo import Slo, parse_slo


def rejudged(
    result: RunResult, *, label: str, slos: Sequence[Slo], cost: Cost | None, cost_reference: str | None
) -> RunResult:
    """The same run with these verdicts and this cost. A verdict that the document has stands, unless it is of a price
    or of the successes of a run that has spent its error budget. So do tests that failed on it, but those of SLOs.

    An SLO that cannot be judged without the requests is NO_DATA, and its sentence says why.
    """
    figures = documented(result)
    spent = overspent_in(slos, figures.phase)
    cost = None if cost is None else withhold(cost, spent)
    figures = figures.priced(cost)
    saved = {verdict.slo: verdict for verdict in result.verdicts}
    undeclared = None if result.caches is None else result.caches.undeclared
    judged = (_verdict(slo, saved.get(slo.expression), result, figures, label, spent) for slo in slos)
    verdicts = withheld(judged, undeclared)
    tests = tuple(test for test in result.failed_tests if not test.of_slo)
    whole = result.status == "complete" and result.undecided is None and undeclared is None
    outcome = outcome_of_run(verdicts, result.harness, result.success, whole=whole)
    old = () if result.cost is None else result.cost.warnings
    kept = tuple(warning for warning in result.warnings if warning not in old)
    return replace(
        result,
        verdicts=verdicts,
        rates=dict(figures.rates),
        cost=cost,
        cost_reference=cost_reference,
        outcome=with_tests(outcome, [test.outcome for test in tests], result.harness),
        overspent=spent,
        failed_tests=tests,
        warnings=(*kept, *(cost.warnings if cost else ())),
    )


def audited(result: RunResult, *, label: str) -> RunResult:
    """A result that was written before every run had an error budget, judged by it; any other as it is.

    The steps of a sweep cannot be judged by its document: it is at least not green where nothing was judged.
    """
    own = [DeclaredSlo(expression=verdict.slo, origin=verdict.origin) for verdict in result.verdicts]
    declared = with_budget(own, steps_of(result))
    if len(declared) == len(own):
        return result
    if result.steps or "measured" not in result.phases:
        green = result.outcome is Outcome.PASS and not own
        return replace(result, outcome=Outcome.NOT_JUDGED) if green else result
    slos = [parse_slo(at.expression, at.origin) for at in declared]
    return rejudged(result, label=label, slos=slos, cost=result.cost, cost_reference=result.cost_reference)


def _verdict(
    slo: Slo, saved: SloVerdict | None, result: RunResult, figures: Documented, label: str, spent: str | None
) -> SloVerdict:
    if saved is not None and _stands(slo, result, spent):
        return saved
    verdict = judge(slo, figures, result.harness, label, spent=spent)
    why = None if is_default(slo) else lacking(slo, verdict.judged_on or slo.metric.name, result, figures)
    if why is None or verdict.outcome is Outcome.INVALID:
        return verdict
    sentence = f"{label}: {slo.expression}: needs the raw record{_place(result)}: {why}"
    return replace(verdict, outcome=Outcome.NO_DATA, sentence=sentence)


def _stands(slo: Slo, result: RunResult, spent: str | None) -> bool:
    if slo.metric.kind in OF_REQUESTS:
        return spent is None and result.overspent is None
    return not slo.metric.name.startswith("usd_")


def _place(result: RunResult) -> str:
    return f" {result.raw_samples_path}" if result.raw_samples_path else ""
