"""--bench-baseline."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from ragmeter.core.orders import identity_only
from ragmeter.run.store import read, without_samples
from tests._pytest.project import Project, refused

GATED = """
    def test_no_regression(baseline):
        baseline.check()
"""
ASKED = ("--bench-requests=12", "--bench-concurrency=6")
FIVE = (*ASKED, "--bench-trials=5", "--bench-min-effect=40%")
METRICS = 6
"""Seven are compared, and costs need prices."""


@pytest.fixture(autouse=True)
def saved(project: Project) -> None:
    """A run of five trials of a service with a TTFT of 120 ms."""
    project.provider(script="slow")
    project.run(*FIVE).assert_outcomes(passed=1)
    project.suite(GATED)


def record(project: Project) -> str:
    (path,) = project.reports.glob("ns/mine/*.raw.jsonl")
    return str(path.relative_to(project.pytester.path))


def test_option_wins_over_environment_and_ini(project: Project) -> None:
    project.ini(bench_baseline="from-ini")
    refused(project, project.run(), "ini bench_baseline: 'from-ini'")
    project.env(RAGMETER_BASELINE="from-environment")
    refused(project, project.run(), "environment RAGMETER_BASELINE: 'from-environment'")
    refused(project, project.run("--bench-baseline=from-option"), "--bench-baseline: 'from-option'")


def test_each_metric_is_a_test_whose_sentence_is_in_the_junit_file(project: Project) -> None:
    outcome = project.run(*FIVE, "--bench-baseline=last", "-k", "p50 and ttft_ms")
    outcome.assert_outcomes(passed=1, deselected=METRICS - 1)
    (path,) = sorted(project.reports.glob("ns/mine/*.xml"))[1:]
    found = {p.get("name"): str(p.get("value")) for p in ET.parse(path).iter("property")}
    assert (found["baseline_metric"], found["verdict"]) == ("p50(ttft_ms)", "PASS")
    assert found["sentence"].startswith("tiny @ mine: p50(ttft_ms) against the baseline: ")
    assert "no regression by 40 % or more" in found["sentence"]
    outcome.stdout.fnmatch_lines(["PASS  tiny @ mine: p50(ttft_ms) against the baseline: *"])


def test_regression_fails_with_its_size(project: Project) -> None:
    project.provider(script="slower")
    outcome = project.run(*FIVE, f"--bench-baseline={record(project)}", "-k", "p50 and ttft_ms")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.stdout.re_match_lines(
        [r"E .*SloViolation: FAIL: tiny @ mine: p50\(ttft_ms\) against the baseline: \d+ % higher \[95 % CI .*"]
    )
    (path,) = project.reports.glob("ns/mine/*-baseline.comparison.json")
    assert [side["label"] for side in json.loads(path.read_text())["sides"]] == ["baseline", "now"]
    assert path.with_suffix(".html").is_file()
    page = max(project.reports.glob("ns/mine/*Z.html")).read_text("utf-8")
    assert "Against the baseline" in page
    assert "worse: +" in page


def test_too_few_trials_warn_and_fail_in_strict_mode(project: Project) -> None:
    few = (*ASKED, "--bench-trials=3", "--bench-baseline=reports", "-k", "p50 and ttft_ms")
    outcome = project.run(*few)
    outcome.assert_outcomes(passed=1, deselected=METRICS - 1)
    outcome.stdout.fnmatch_lines(
        ["*InconclusiveWarning: tiny @ mine: *3 trials show and do not claim, about * more trials needed*"]
    )
    assert project.run(*few, "--bench-strict").ret == pytest.ExitCode.TESTS_FAILED


def test_run_that_asked_something_else_is_refused_and_the_field_named(project: Project) -> None:
    for option, field in (("--bench-seed=9", "seed was 1 and is 9"), ("--bench-k=9", "workload_hash was ")):
        refused(project, project.run(*ASKED, "--bench-baseline=last", option), "did not measure the same: ", field)


def test_service_that_says_it_is_another_is_refused_before_the_load(project: Project) -> None:
    project.pytester.makeconftest("""
        from ragmeter.core.metadata import Source

        def pytest_ragmeter_update_metadata(sources):
            sources.insert(0, Source(origin="a test", values={"model_id": "another"}))
    """)
    outcome = project.run(*ASKED, "--bench-baseline=last", "-k", "p50 and ttft_ms")
    outcome.assert_outcomes(failed=1, deselected=METRICS - 1)
    outcome.stdout.fnmatch_lines(["*did not measure the same: model_id was 'ground-truth' and is 'another'*"])
    assert project.sent == 0


def test_without_a_baseline_the_test_is_left_out(project: Project) -> None:
    project.run().assert_outcomes(deselected=1)


def test_baseline_without_samples_is_checked_and_not_compared(project: Project) -> None:
    """As pods of a cluster have it, of whom nobody asks what the run compares to."""
    (path,) = project.reports.glob("ns/mine/*.raw.jsonl")
    plan, _, _ = read(path)
    for model, ret in (("ground-truth", pytest.ExitCode.OK), ("another", pytest.ExitCode.TESTS_FAILED)):
        then = replace(identity_only(plan), metadata={**plan.metadata, "model_id": model})
        stub = project.pytester.path / "stub.raw.jsonl"
        stub.write_text(without_samples(then))
        project.suite()
        outcome = project.run(*ASKED, "--bench-baseline=stub.raw.jsonl")
        assert outcome.ret == ret, outcome.stdout.str()
        assert bool(project.sent) == (ret == pytest.ExitCode.OK)
    outcome.stdout.fnmatch_lines(["*did not measure the same: model_id was 'another' and is 'ground-truth'*"])
    assert not list(project.reports.glob("ns/mine/*.comparison.json"))
