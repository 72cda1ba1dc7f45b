"""--bench-reference."""

from typing import Any

import pytest

from ragmeter._pytest.hooks.unfit import EXIT_INVALID
from tests._pytest.project import Project, refused

GATED = """
    def test_reference(reference):
        reference.check()
"""
BOTH = ["--provider=./mine.yaml", "--provider=./other.yaml"]
FIVE = ["--bench-trials=5", "--bench-requests=12", "--bench-concurrency=4"]


@pytest.fixture(autouse=True)
def gated(project: Project) -> None:
    project.suite(GATED)


def run(project: Project, *arguments: str, **keys: Any) -> pytest.RunResult:
    return project.run(*BOTH, *arguments, provider=None, **keys)


def test_a_provider_that_is_slower_fails_and_its_reference_has_no_test(project: Project) -> None:
    project.provider("other", script="slower")
    outcome = run(project, "--bench-reference=mine", *FIVE)
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    said = " ".join(outcome.stdout.str().split())
    assert "FAIL: tiny @ other: p50(ttft_ms) against mine:" in said
    assert "test_reference[other-tiny-p50-ttft_ms]" in said
    assert "test_reference[mine-tiny" not in said
    found = {result["run_metadata"]["provider"]: result["outcome"] for result in project.results()}
    assert found == {"mine": "NOT_JUDGED", "other": "FAIL"}
    assert project.comparison()["reference"] == "mine"


def test_one_that_is_faster_passes_what_is_decided(project: Project) -> None:
    project.provider("mine", script="slower")
    project.provider("other")
    outcome = run(project, "--bench-reference=mine", *FIVE, "-k", "p50 and ttft")
    assert outcome.ret == 0
    assert outcome.parseoutcomes()["passed"] == 1
    assert "PASS tiny @ other: p50(ttft_ms) against mine:" in " ".join(outcome.stdout.str().split())


def test_without_it_there_is_no_gate(project: Project) -> None:
    project.provider("other")
    outcome = run(project)
    assert outcome.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert project.sent == 0


def test_few_trials_are_told_before_and_refused_in_strict_mode(project: Project) -> None:
    project.provider("other")
    why = "--bench-reference: 'mine': 3 trials cannot show that nothing is worse; --bench-trials 5 can"
    few = ["--bench-reference=mine", "--bench-trials=3"]
    assert f"ragmeter: warning: {why}" in run(project, *few).stdout.str()
    project.forget()
    refused(project, run(project, *few, "--bench-strict"), f"{why}; --bench-strict: what cannot be decided cannot gate")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bench-reference=nobody"], "--bench-reference: 'nobody': needs two providers, one of them of this name"),
        (["--bench-reference=mine", "--bench-in-cluster"], "not with --bench-in-cluster"),
    ],
)
def test_what_cannot_be_a_reference_is_refused(project: Project, arguments: list[str], words: str) -> None:
    project.provider("other")
    refused(project, run(project, *arguments), words)


def test_a_single_provider_has_no_reference(project: Project) -> None:
    refused(
        project, project.run("--bench-reference=mine"), "needs two providers, one of them of this name, and not mine"
    )


def test_providers_that_are_asked_something_else_share_no_block(project: Project) -> None:
    project.workload("another")
    project.provider("other", workload="./another.yaml")
    refused(project, run(project, "--bench-reference=mine"), "other-another asks something else than the reference")


def test_what_the_gate_needs_and_takes_is_told_before_and_by_the_last_runs_the_next_time(project: Project) -> None:
    sheet = {"as_of": "2026-06-30", "source": "mine", "cpu_node_usd_per_hr": 36.0, "cpu_node_count": 1}
    sheet |= {"gpu_node_count": 0, "cluster_mgmt_usd_per_hr": 0}
    project.provider(cost=sheet)
    project.provider("other", cost=sheet)
    asked = ["--bench-reference=mine", *FIVE, "-k", "p50 and ttft"]
    first = run(project, *asked).stdout
    needs = "ragmeter: --bench-reference: 'mine': other-tiny needs"
    first.fnmatch_lines(
        [
            f"{needs} 19 trials to decide about a change of 5 % of p50(ttft_ms), if their trials differ by 5 %; 5 are "
            "planned",
            "ragmeter: the plan takes at least 0 min and 0.00 USD; the warm-up will tell how much more",
        ]
    )
    second = run(project, *asked).stdout
    second.re_match_lines(
        [
            f"{needs} .* trials.* to decide about a change of 5 % of .*, by the spread of the last runs; 5 are planned",
            r"ragmeter: the plan takes about 0\.\d+ min .* and [\d.]+ USD .* like the saved one, if sessions differ ",
        ]
    )


def test_a_saved_run_that_cannot_be_read_foretells_nothing_and_stops_nothing(project: Project) -> None:
    project.provider("other")
    asked = ["--bench-reference=mine", *FIVE, "-k", "p50 and ttft"]
    run(project, *asked)
    for path in project.reports.glob("ns/*/*.raw.jsonl"):
        plan, *_ = path.read_text(encoding="utf-8").splitlines()
        path.write_text(f"{plan}\n{{}}\n{{}}\n", encoding="utf-8")
    outcome = run(project, *asked)
    assert outcome.ret in {0, 1, EXIT_INVALID}
    outcome.stdout.fnmatch_lines(["ragmeter: *if their trials differ by 5 %; 5 are planned"])
