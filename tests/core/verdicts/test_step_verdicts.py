"""An SLO of a sweep is judged at each step, and the worst step decides."""

import pytest

from ragmeter.core.client.harness import Harness
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from ragmeter.core.verdicts.slo import parse_slo
from ragmeter.core.verdicts.step_verdicts import StepFigures, held_per_s, judge_steps, outcomes_by_rate, sweep_sentence
from tests.core.samples import FIT
from tests.core.verdicts.test_verdicts import STARVED, with_ttfts

FAST, SLOW, FEW = with_ttfts(100), with_ttfts(1000), with_ttfts(3)
MEDIAN = "p50(ttft_ms) <= 100"
P, F, N, X = Outcome.PASS, Outcome.FAIL, Outcome.NO_DATA, Outcome.INVALID


def steps(*found: tuple[float, object, Harness]) -> list[StepFigures]:
    return [
        StepFigures(step=number, rate_per_s=rate, figures=figures, harness=harness)  # type: ignore[arg-type]
        for number, (rate, figures, harness) in enumerate(found)
    ]


SWEEP = steps((2, FAST, FIT), (4, FAST, FIT), (8, SLOW, FIT), (16, SLOW, FIT))


def judged(expression: str, at: list[StepFigures]) -> SloVerdict:
    (found,) = judge_steps([parse_slo(expression, "here")], at, "smoke @ local")
    return found


@pytest.mark.parametrize(
    ("at", "outcome", "rate"),
    [
        (SWEEP, F, 8),
        (SWEEP[:2], P, 4),
        (list(reversed(SWEEP)), F, 8),
        (steps((2, FAST, FIT), (4, FEW, FIT)), N, 4),
        (steps((2, FAST, FIT), (4, FEW, FIT), (8, SLOW, FIT)), F, 8),
        (steps((2, FAST, FIT), (4, SLOW, FIT), (8, FAST, STARVED)), F, 4),
        (steps((2, FAST, FIT), (4, FEW, FIT), (8, FAST, STARVED)), X, 8),
    ],
)
def test_worst_step_decides_and_of_several_the_lowest_rate(
    at: list[StepFigures], outcome: Outcome, rate: float
) -> None:
    found = judged(MEDIAN, at)
    assert found.outcome is outcome
    assert found.sentence.startswith(f"smoke @ local: at {rate} req/s: p50(ttft_ms) = ")
    assert len(found.steps) == len(at)


def test_client_that_is_late_at_one_rate_leaves_the_other_steps_judged() -> None:
    found = judged(MEDIAN, steps((2, FAST, FIT), (64, FAST, STARVED)))
    assert [at.outcome for at in found.steps] == [P, X]


def test_sentence_says_where_it_is_met() -> None:
    assert judged(MEDIAN, SWEEP).sentence.endswith("; met at 2, 4 req/s")
    assert judged(MEDIAN, SWEEP[:2]).sentence.endswith("; met at every step")
    assert judged(MEDIAN, SWEEP[2:]).sentence.endswith("; met at no step")


def test_slo_of_one_step_is_judged_there_alone() -> None:
    found = judged("p50(ttft_ms) <= 100 at 4/s", SWEEP)
    assert (found.outcome, [at.rate_per_s for at in found.steps]) == (P, [4])
    assert "met at" not in found.sentence
    with pytest.raises(ValueError, match="is of no step"):
        judged("p50(ttft_ms) <= 100 at 3/s", SWEEP)


def test_rate_holds_up_to_the_first_that_does_not() -> None:
    verdicts = [judged(MEDIAN, SWEEP), judged("errors <= 0", SWEEP)]
    assert outcomes_by_rate(verdicts) == {2: P, 4: P, 8: F, 16: F}
    assert held_per_s(outcomes_by_rate(verdicts)) == 4
    said = "every SLO is met up to 4 req/s; not at 8 req/s: p50(ttft_ms) <= 100 (FAIL)"
    assert sweep_sentence(verdicts) == said


def test_rate_above_one_that_missed_does_not_count() -> None:
    verdicts = [judged(MEDIAN, steps((2, SLOW, FIT), (4, FAST, FIT)))]
    assert held_per_s(outcomes_by_rate(verdicts)) is None
    assert sweep_sentence(verdicts) == "no rate meets every SLO; not at 2 req/s: p50(ttft_ms) <= 100 (FAIL)"


def test_sweep_that_meets_everything_says_so_and_no_sweep_says_nothing() -> None:
    assert sweep_sentence([judged(MEDIAN, SWEEP[:2])]) == "every SLO is met up to 4 req/s, the highest rate"
    assert sweep_sentence([]) is None
