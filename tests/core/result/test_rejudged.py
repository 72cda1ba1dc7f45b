"""Results of before there was an error budget, and tests that failed on a run, when it is judged again."""

from dataclasses import replace

import pytest

from ragmeter.core.requests.records import ErrorClass
from ragmeter.core.result.build import result_of
from ragmeter.core.result.documented import overspent_by
from ragmeter.core.result.failures import FailedTest
from ragmeter.core.result.rejudged import audited, rejudged
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.records import Outcome
from ragmeter.core.verdicts.slo import parse_slo
from tests.saved import saved_run


def old(failing: int, *, verdicts: bool = False) -> RunResult:
    """As it was written without an error budget: PASS, whatever has failed."""
    run = saved_run("here", [1.0], requests=100)
    samples = tuple(
        replace(each, error=ErrorClass.HTTP_STATUS, http_status=503) if each.index < failing else each
        for each in run.samples
    )
    found = result_of(run.plan, samples, run.ending, raw_samples_path=None)
    own = tuple(at for at in found.verdicts if at.origin != "default error budget") if verdicts else ()
    return replace(
        found,
        verdicts=tuple(replace(at, outcome=Outcome.PASS, judged_on=None) for at in own),
        outcome=Outcome.PASS,
        overspent=None,
        failures=(),
        cost=None if found.cost is None else replace(found.cost, withheld=None, usd_per_1m_tokens=2.07),
    )


@pytest.mark.parametrize(
    ("failing", "verdicts", "outcome"),
    [
        (0, False, Outcome.NOT_JUDGED),
        (1, False, Outcome.NOT_JUDGED),
        (98, False, Outcome.FAIL),
        (0, True, Outcome.PASS),
        (50, True, Outcome.FAIL),
    ],
)
def test_an_old_result_is_judged_by_the_default_budget(failing: int, verdicts: bool, outcome: Outcome) -> None:
    found = audited(old(failing, verdicts=verdicts), label="smoke @ here")
    assert found.outcome is outcome
    assert found.verdicts[-1].slo == "error_ratio <= 0.01"
    assert (found.overspent is None) is (failing <= 1)
    assert audited(found, label="smoke @ here") is found


def test_the_prices_of_an_old_result_that_failed_are_withheld() -> None:
    found = audited(old(98), label="smoke @ here")
    assert found.cost is not None
    assert (found.cost.usd_per_1m_tokens, found.cost.withheld) == (None, overspent_by(old(98)))
    assert found.cost.usd_per_good_request is not None


def test_a_test_that_failed_on_the_run_outlives_other_slos() -> None:
    contract = FailedTest(test="test_contract", outcome=Outcome.FAIL, sentence="no request id")
    of_slo = FailedTest(test="test_slo", outcome=Outcome.FAIL, sentence="too slow", of_slo=True)
    result = replace(audited(old(0), label="smoke @ here"), failed_tests=(of_slo, contract))
    slos = [parse_slo("p50(ttft_ms) <= 9000", "here"), parse_slo("errors <= 0", "here")]
    found = rejudged(result, label="smoke @ here", slos=slos, cost=None, cost_reference=None)
    assert {verdict.outcome for verdict in found.verdicts} == {Outcome.PASS}
    assert (found.outcome, found.failed_tests) == (Outcome.FAIL, (contract,))
