"""The error budget: which one a run has, when it is spent, and what a spent one does to other verdicts."""

import pytest

from ragmeter.core.errors import ConfigError
from ragmeter.core.figures.summary import Figures, summarise
from ragmeter.core.requests.records import ErrorClass, Phase
from ragmeter.core.run.plan import DeclaredSlo
from ragmeter.core.verdicts.error_budget import DEFAULT, DEFAULT_SLO, budgets_at, overspent, with_budget
from ragmeter.core.verdicts.judge import judge_all, overall
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from ragmeter.core.verdicts.slo import Slo, parse_slo
from ragmeter.core.verdicts.step_verdicts import StepFigures, judge_steps
from tests.core.samples import FIT, sample

SPENT = "50 of 100 requests failed, more than the error budget (error_ratio <= 0.01, the default)"


def declared(*expressions: str) -> list[DeclaredSlo]:
    return [DeclaredSlo(expression=each, origin="here") for each in expressions]


def slos(*expressions: str) -> list[Slo]:
    return [parse_slo(each.expression, each.origin) for each in with_budget(declared(*expressions))]


def run(success: int, errors: int, *, trials: int = 1) -> Figures:
    """Each trial with so many of both; successes have a TTFT of 5 ms."""
    samples = [
        sample(index=index, trial=trial, ttft_ms=5.0, error=None if index < success else ErrorClass.HTTP_STATUS)
        for trial in range(trials)
        for index in range(success + errors)
    ]
    return summarise(samples, Phase.MEASURED)


def judged(figures: Figures, *expressions: str) -> dict[str, SloVerdict]:
    return {verdict.slo: verdict for verdict in judge_all(slos(*expressions), figures, FIT, "smoke @ local")}


@pytest.mark.parametrize(
    ("expressions", "rates_per_s", "stated"),
    [
        ((), (), False),
        (("p50(ttft_ms) <= 5",), (), False),
        (("good_ratio >= 0.9",), (), False),
        (("success >= 5",), (), False),
        (("error_ratio <= 0.3",), (), True),
        (("errors <= 0",), (), True),
        (("p50(ttft_ms) <= 5", "errors <= 7"), (), True),
        (("error_ratio <= 0.3 at 2/s",), (2, 4), False),
        (("error_ratio <= 0.3 at 2/s", "errors <= 3 at 4/s"), (2, 4), True),
        (("error_ratio <= 0.3",), (2, 4), True),
    ],
)
def test_a_run_has_the_default_unless_a_budget_is_stated(
    expressions: tuple[str, ...], rates_per_s: tuple[float, ...], stated: bool
) -> None:
    found = with_budget(declared(*expressions), rates_per_s)
    assert found == (*declared(*expressions), *(() if stated else (DEFAULT,)))
    assert with_budget(found, rates_per_s) == found


def test_an_expression_that_is_no_slo_is_refused() -> None:
    with pytest.raises(ConfigError, match="here: SLO 'fast'"):
        with_budget(declared("fast"))


@pytest.mark.parametrize(
    ("budget", "errors", "sent", "spent"),
    [
        ("error_ratio <= 0.01", 0, 0, False),
        ("error_ratio <= 0.01", 0, 1, False),
        ("error_ratio <= 0.01", 1, 1, True),
        ("error_ratio <= 0.01", 0, 40, False),
        ("error_ratio <= 0.01", 1, 40, True),
        ("error_ratio <= 0.01", 1, 100, False),
        ("error_ratio <= 0.01", 2, 100, True),
        ("error_ratio <= 0.01", 7, 700, False),
        ("error_ratio < 0.01", 7, 700, True),
        ("errors <= 1", 1, 2, False),
        ("errors <= 1", 2, 1000, True),
    ],
)
def test_whether_it_is_spent_is_counted(budget: str, errors: int, sent: int, spent: bool) -> None:
    assert (overspent([parse_slo(budget, "here")], errors=errors, sent=sent) is not None) is spent


@pytest.mark.parametrize(
    ("success", "errors", "trials", "outcome"),
    [
        (0, 0, 1, Outcome.NO_DATA),
        (1, 0, 1, Outcome.PASS),
        (0, 1, 1, Outcome.FAIL),
        (40, 0, 1, Outcome.PASS),
        (99, 1, 1, Outcome.PASS),
        (98, 2, 1, Outcome.FAIL),
        (2, 98, 1, Outcome.FAIL),
        (100, 0, 2, Outcome.PASS),
        (100, 0, 3, Outcome.PASS),
        (50, 50, 2, Outcome.FAIL),
    ],
)
def test_the_default_is_never_inconclusive(success: int, errors: int, trials: int, outcome: Outcome) -> None:
    (found,) = judged(run(success, errors, trials=trials)).values()
    assert (found.slo, found.origin, found.outcome) == ("error_ratio <= 0.01", "default error budget", outcome)


@pytest.mark.parametrize(
    ("success", "errors", "outcome"),
    [(100, 0, Outcome.INCONCLUSIVE), (381, 0, Outcome.PASS), (98, 2, Outcome.INCONCLUSIVE), (50, 50, Outcome.FAIL)],
)
def test_one_that_somebody_wrote_is_judged_by_its_interval(success: int, errors: int, outcome: Outcome) -> None:
    assert judged(run(success, errors), "error_ratio <= 0.01")["error_ratio <= 0.01"].outcome is outcome


@pytest.mark.parametrize(
    ("expressions", "figures", "outcome"),
    [
        ((), run(40, 0), Outcome.NOT_JUDGED),
        ((), run(2, 98), Outcome.FAIL),
        ((), run(0, 5), Outcome.FAIL),
        ((), run(0, 0), Outcome.NO_DATA),
        (("p50(ttft_ms) <= 9",), run(40, 0), Outcome.PASS),
        (("errors <= 0",), run(40, 0), Outcome.PASS),
        (("requests_per_s >= 0.001",), run(40, 1), Outcome.FAIL),
    ],
)
def test_a_run_is_green_only_by_what_somebody_asked_for(
    expressions: tuple[str, ...], figures: Figures, outcome: Outcome
) -> None:
    assert overall(tuple(judged(figures, *expressions).values()), FIT, figures.phase.success) is outcome


@pytest.mark.parametrize(
    ("slo", "outcome", "judged_on"),
    [
        ("p50(ttft_ms) <= 9", Outcome.INCONCLUSIVE, "adj_ttft_ms"),
        ("p90(ttft_ms) <= 9", Outcome.FAIL, "adj_ttft_ms"),
        ("p90(e2e_ms) <= 9000", Outcome.FAIL, "adj_e2e_ms"),
        ("mean(ttft_scheduled_ms) <= 9000", Outcome.FAIL, "adj_ttft_scheduled_ms"),
        ("p90(adj_ttft_ms) <= 9", Outcome.FAIL, None),
        ("p50(tpot_ms) <= 9000", Outcome.NO_DATA, None),
        ("p50(itl_ms) <= 9000", Outcome.NO_DATA, None),
        ("max(tpot_ms) <= 0.001", Outcome.FAIL, None),
        ("requests_per_s >= 0.001", Outcome.PASS, None),
        ("good_ratio >= 0.9", Outcome.FAIL, None),
    ],
)
def test_survivors_pass_nothing(slo: str, outcome: Outcome, judged_on: str | None) -> None:
    found = judged(run(50, 50), slo)[parse_slo(slo, "here").expression]
    assert (found.outcome, found.judged_on) == (outcome, judged_on)
    assert (SPENT in found.sentence) is (judged_on is not None or outcome is Outcome.NO_DATA)


def test_within_the_budget_latencies_are_those_of_successes() -> None:
    found = judged(run(198, 2), "p90(ttft_ms) <= 9")["p90(ttft_ms) <= 9"]
    assert (found.outcome, found.judged_on, found.n) == (Outcome.PASS, None, 198)


def test_the_budget_of_a_step_takes_the_place_of_the_default_there() -> None:
    stated = parse_slo("error_ratio <= 0.6 at 8/s", "here")
    steps = [
        StepFigures(step=0, rate_per_s=2.0, figures=run(100, 0), harness=FIT),
        StepFigures(step=1, rate_per_s=8.0, figures=run(50, 50), harness=FIT),
    ]
    latency = parse_slo("p50(ttft_ms) <= 9", "here")
    own, speed, default = judge_steps([stated, latency, DEFAULT_SLO], steps, "smoke @ local")
    assert [at.rate_per_s for at in own.steps] == [8.0]
    assert [(at.rate_per_s, at.outcome) for at in default.steps] == [(2.0, Outcome.PASS)]
    assert [at.outcome for at in speed.steps] == [Outcome.PASS, Outcome.PASS]
    assert budgets_at([stated, DEFAULT_SLO], 8.0) == (stated,)


def test_a_step_that_spends_the_default_is_judged_by_all_its_requests_and_the_others_are_not() -> None:
    steps = [
        StepFigures(step=0, rate_per_s=2.0, figures=run(100, 0), harness=FIT),
        StepFigures(step=1, rate_per_s=8.0, figures=run(50, 50), harness=FIT),
    ]
    speed, default = judge_steps([parse_slo("p90(ttft_ms) <= 9", "here"), DEFAULT_SLO], steps, "smoke @ local")
    assert [at.outcome for at in speed.steps] == [Outcome.PASS, Outcome.FAIL]
    assert [at.outcome for at in default.steps] == [Outcome.PASS, Outcome.FAIL]
