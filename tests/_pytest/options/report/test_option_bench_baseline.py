"""--bench-baseline."""

import json
import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from ragmeter.core.cluster.orders import identity_only
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


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test leaves the run for the others."""
    return tmp_path_factory.mktemp("kept") / "reports"


@pytest.fixture(autouse=True)
def saved(project: Project, kept: Path) -> None:
    """A run of five trials of a service with a TTFT of 120 ms."""
    project.provider(script="slow")
    if not kept.exists():
        project.run(*FIVE).assert_outcomes(passed=1)
        shutil.copytree(project.reports, kept)
    else:
        shutil.copytree(kept, project.reports)
    project.suite(GATED)


def record(project: Project) -> str:
    (path,) = project.reports.glob("ns/mine/*.raw.jsonl")
    return str(path.relative_to(project.pytester.path))


def test_baseline_that_is_not_there_is_refused(project: Project) -> None:
    refused(project, project.run("--bench-baseline=nowhere"), "--bench-baseline: 'nowhere'")


def three_sessions(project: Project) -> None:
    """The saved run, as if it had been measured three times."""
    (first,) = project.reports.glob("ns/mine/*.raw.jsonl")
    plan, *rest = first.read_text(encoding="utf-8").splitlines()
    for day in (1, 2):
        document = json.loads(plan)
        document["plan"] |= {"started_at": f"2026-01-0{day}T10:00:00+00:00", "run_id": f"mine-tiny-{day}"}
        first.with_name(f"2026010{day}T100000Z.raw.jsonl").write_text("\n".join([json.dumps(document), *rest]) + "\n")


def test_each_metric_is_a_test_whose_sentence_is_in_the_junit_file(project: Project) -> None:
    three_sessions(project)
    outcome = project.run(*FIVE, "--bench-baseline=reports/ns/mine", "-k", "p50 and ttft_ms")
    outcome.assert_outcomes(passed=1, deselected=METRICS - 1)
    (path,) = sorted(project.reports.glob("ns/mine/*.xml"))[1:]
    found = {p.get("name"): str(p.get("value")) for p in ET.parse(path).iter("property")}
    assert (found["baseline_metric"], found["verdict"]) == ("p50(ttft_ms)", "PASS")
    assert found["sentence"].startswith("tiny @ mine: p50(ttft_ms) against the baseline: ")
    assert "no regression by 40 % or more; 3 saved sessions" in found["sentence"]
    outcome.stdout.fnmatch_lines(["PASS  tiny @ mine: p50(ttft_ms) against the baseline: *"])
    outcome.stdout.re_match_lines(
        [
            r"ragmeter: --bench-baseline: mine-tiny: 3 saved sessions can decide about a change of [\d.]+ % of .*; 40 ",
            r"ragmeter: the plan takes about 0\.\d+ min \(.*\), as nine of ten sessions like the 3 saved ones$",
        ]
    )


def test_regression_fails_with_its_size(project: Project) -> None:
    project.provider(script="slower")
    outcome = project.run(*FIVE, f"--bench-baseline={record(project)}", "-k", "p50 and ttft_ms")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.stdout.re_match_lines(
        [r"FAIL: tiny @ mine: p50\(ttft_ms\) against the baseline: \d+ % higher \[95 % CI .*"]
    )
    (path,) = project.reports.glob("ns/mine/*-baseline.comparison.json")
    assert [side["label"] for side in json.loads(path.read_text())["sides"]] == ["baseline", "now"]
    assert path.with_suffix(".html").is_file()
    page = max(project.reports.glob("ns/mine/*Z.html")).read_text("utf-8")
    assert "Against the baseline" in page
    assert "worse: +" in page


def test_a_single_session_warns_and_is_refused_in_strict_mode(project: Project) -> None:
    few = (*FIVE, "--bench-baseline=last", "-k", "p50 and ttft_ms")
    outcome = project.run(*few)
    outcome.assert_outcomes(passed=1, deselected=METRICS - 1)
    outcome.stdout.fnmatch_lines(
        ["  INCONCLUSIVE: tiny @ mine: *with fewer than 3 saved sessions their own spread is not known*"]
    )
    why = "--bench-baseline: mine-tiny: 1 saved session cannot show that nothing is worse; 3 can"
    outcome.stdout.fnmatch_lines([f"ragmeter: warning: {why}"])
    refused(project, project.run(*few, "--bench-strict"), f"{why}; --bench-strict: what cannot be decided cannot gate")


def test_run_that_asked_something_else_is_refused_and_the_field_named(project: Project) -> None:
    for option, field in (("--bench-seed=9", "seed was 1 and is 9"), ("--bench-k=9", "retrieval.k was ")):
        refused(project, project.run(*ASKED, "--bench-baseline=last", option), "did not measure the same: ", field)


def test_service_that_says_it_is_another_is_refused_before_the_load(project: Project) -> None:
    project.pytester.makeconftest("""
        from ragmeter.typing import Source

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
