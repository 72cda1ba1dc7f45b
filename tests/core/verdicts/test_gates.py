import pytest

from ragmeter.core.figures.summary import summarise
from ragmeter.core.requests.records import Phase
from ragmeter.core.verdicts.gates import could_pass, told_together, undecidable
from ragmeter.core.verdicts.judge import judge
from ragmeter.core.verdicts.records import Outcome
from ragmeter.core.verdicts.slo import parse_slo
from tests.core.samples import FIT, sample
from tests.run.cases import workload


def could(expression: str, requests: int, trials: int = 1, questions: int = 0) -> bool:
    return could_pass(parse_slo(expression, "here"), requests, trials=trials, questions=questions)


@pytest.mark.parametrize(
    ("expression", "needed"),
    [
        ("p50(ttft_ms) <= 1000", 11),
        ("p90(ttft_ms) <= 1500", 64),
        ("p95(ttft_ms) <= 1500", 130),
        ("p99(e2e_ms) < 9000", 662),
        ("p5(tokens_per_s) >= 20", 130),
        ("mean(ttft_ms) <= 1000", 10),
        ("p95(itl_ms) <= 100", 10),
        ("error_ratio <= 0.05", 73),
        ("error_ratio <= 0.02", 189),
        ("error_ratio <= 0.01", 381),
        ("good_ratio >= 0.99", 381),
        ("success >= 40", 40),
        ("max(ttft_ms) <= 5000", 1),
    ],
)
def test_so_many_requests_can_pass_and_one_fewer_cannot(expression: str, needed: int) -> None:
    assert could(expression, needed)
    assert not could(expression, needed - 1)


@pytest.mark.parametrize("expression", ["errors <= 0", "output_tokens_per_s >= 100", "usd_per_1m_tokens <= 0.5"])
def test_what_has_no_interval_can_pass_with_one_request(expression: str) -> None:
    assert could(expression, 1)


@pytest.mark.parametrize("expression", ["p50(ttft_ms) <= 1000", "error_ratio <= 0.05"])
@pytest.mark.parametrize(("trials", "passes"), [(1, True), (2, False), (3, False), (4, False), (5, True)])
def test_two_to_four_trials_pass_no_percentile_and_no_ratio(expression: str, trials: int, passes: bool) -> None:
    assert could(expression, 100, trials) is passes


@pytest.mark.parametrize(("trials", "passes"), [(1, True), (2, True), (3, False), (4, False), (5, True)])
def test_a_throughput_has_an_interval_from_three_trials_on(trials: int, passes: bool) -> None:
    assert could("output_tokens_per_s >= 100", 100, trials) is passes


def test_failures_are_counted_whatever_the_number_of_trials() -> None:
    assert could("errors <= 0", 100, trials=3)


def test_a_percentile_needs_three_values_beyond_it_in_every_trial() -> None:
    assert could("p95(ttft_ms) <= 1500", 60, trials=5)
    assert not could("p95(ttft_ms) <= 1500", 59, trials=5)


@pytest.mark.parametrize(("questions", "passes"), [(0, False), (5, False), (6, True)])
def test_recall_is_known_from_different_questions_and_not_from_requests(questions: int, passes: bool) -> None:
    assert could("recall_at_k >= 0.6", 100, questions=questions) is passes


EXPRESSIONS = [
    "p50(ttft_ms) <= 1500",
    "p90(ttft_ms) <= 1500",
    "mean(e2e_ms) <= 9000",
    "error_ratio <= 0.02",
    "errors <= 0",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("trials", [1, 2, 3, 5])
@pytest.mark.parametrize("requests", [1, 9, 10, 11, 50, 63, 64, 188, 200])
def test_it_is_what_the_judge_says_of_a_run_without_fault(expression: str, trials: int, requests: int) -> None:
    samples = [sample(index=i, trial=trial, ttft_ms=5.0) for trial in range(trials) for i in range(requests)]
    verdict = judge(parse_slo(expression, "here"), summarise(samples, Phase.MEASURED), FIT, "smoke @ local")
    assert could(expression, requests, trials) is (verdict.outcome is Outcome.PASS)


def test_one_cause_is_one_sentence() -> None:
    asked = workload(requests=100)
    origins = {
        "w.yaml": ("p95(ttft_ms) <= 9", "p95(e2e_ms) <= 9", "error_ratio <= 0.01"),
        "--bench-slo": ("p95(ttft_ms) <= 7",),
    }
    slos = [parse_slo(expression, origin) for origin, expressions in origins.items() for expression in expressions]
    found = [(run, slo, undecidable(slo, asked) or "") for run in ("mine-tiny", "other-tiny") for slo in slos]
    why = "100 requests cannot show this, however good they are; --bench-requests"
    assert told_together(found) == [
        "w.yaml and --bench-slo: SLOs of mine-tiny, other-tiny: p95(ttft_ms) <= 9, p95(e2e_ms) <= 9, "
        f"p95(ttft_ms) <= 7: {why} 130 can",
        f"w.yaml: SLO of mine-tiny, other-tiny: error_ratio <= 0.01: {why} 381 can",
    ]
    assert told_together([]) == []
