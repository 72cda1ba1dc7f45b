"""--bench-baseline-missing: the first sessions become the baseline."""

import pytest

from ragmeter.cli import main
from tests._pytest.project import Project, refused

GATED = """
    def test_slo(run_workload, slo):
        slo.check(run_workload())

    def test_no_regression(baseline):
        baseline.check()
"""
RECORD = ("--bench-baseline-missing=record", "--bench-min-effect=90%")


@pytest.fixture
def gated(project: Project) -> Project:
    project.workload(slo=["p50(ttft_ms) <= 5000"], benchmark={"requests": 20})
    project.suite(GATED)
    return project


def names(project: Project) -> list[str]:
    return sorted(path.name for path in (project.pytester.path / "base").glob("*"))


def test_three_sessions_are_recorded_and_the_fourth_is_judged(gated: Project) -> None:
    for number in range(3):
        outcome = gated.run("--bench-strict", "--bench-baseline=base", *RECORD, "--bench-summary=s.md")
        assert outcome.ret == 0
        words = " ".join(outcome.stdout.str().split())
        assert "mine-tiny is not judged against one: it was recorded as base/mine-tiny-" in words
        assert len(names(gated)) == number + 1
        summary = (gated.pytester.path / "s.md").read_text(encoding="utf-8")
        assert "> baseline:" in summary
    outcome = gated.run("--bench-baseline=base", *RECORD, "--bench-summary=s.md", "-v")
    assert "test_no_regression[mine-tiny-p50-ttft_ms]" in outcome.stdout.str()
    assert len(names(gated)) == 3
    assert "| before | change |" in (gated.pytester.path / "s.md").read_text(encoding="utf-8")


def test_last_has_a_first_run(gated: Project) -> None:
    first = gated.run("--bench-baseline=last", *RECORD)
    assert first.ret == 0
    assert "it is the first, and the next one is judged against it" in " ".join(first.stdout.str().split())
    assert "test_no_regression" in gated.run("--bench-baseline=last", *RECORD, "-v").stdout.str()


def test_a_record_is_made_where_a_file_is_named(gated: Project) -> None:
    gated.run("--bench-baseline=base/first.raw.jsonl", *RECORD)
    assert names(gated) == ["first.raw.jsonl"]


def test_a_run_that_failed_is_no_baseline(gated: Project) -> None:
    outcome = gated.run("--bench-baseline=base", *RECORD, "--bench-slo=p50(ttft_ms) <= 0.5")
    assert outcome.ret == 1
    assert names(gated) == []
    assert "and not recorded as one, as it is FAIL" in " ".join(outcome.stdout.str().split())


def test_what_asked_something_else_is_none_and_is_named(gated: Project) -> None:
    gated.run("--bench-baseline=base", *RECORD)
    outcome = gated.run("--bench-baseline=base", *RECORD, "--bench-requests=21")
    assert outcome.ret == 0
    assert "did not measure the same: benchmark.requests was 20 and is 21;" in " ".join(outcome.stdout.str().split())
    assert len(names(gated)) == 2


def test_without_it_a_session_without_a_baseline_is_refused(gated: Project) -> None:
    refused(gated, gated.run("--bench-baseline=base"), "--bench-baseline: 'base' is no file and no folder")
    refused(gated, gated.run("--bench-baseline-missing=record"), "means nothing without --bench-baseline")


def test_a_record_that_cannot_be_read_is_refused_even_then(gated: Project) -> None:
    (gated.pytester.path / "broken.raw.jsonl").write_text("{}\n", encoding="utf-8")
    refused(gated, gated.run("--bench-baseline=broken.raw.jsonl", *RECORD), "broken.raw.jsonl")


def test_accepted_runs_replace_those_before(gated: Project, capsys: pytest.CaptureFixture[str]) -> None:
    gated.run()
    (first,) = gated.reports.glob("ns/mine/*.raw.jsonl")
    gated.run()
    (second,) = set(gated.reports.glob("ns/mine/*.raw.jsonl")) - {first}
    assert main(["accept", str(first), "--into", "base"]) == 0
    assert main(["accept", str(second), "--into", "base"]) == 0
    assert len(names(gated)) == 2
    assert main(["accept", str(second), "--into", "base", "--replace"]) == 0
    assert len(names(gated)) == 1
    assert "tiny @ mine: 1 accepted sessions in base; a gate that can pass needs 3" in capsys.readouterr().out


def test_half_a_run_is_not_accepted(gated: Project, capsys: pytest.CaptureFixture[str]) -> None:
    gated.run()
    (record,) = gated.reports.glob("ns/mine/*.raw.jsonl")
    lines = record.read_text(encoding="utf-8").splitlines()
    record.write_text("\n".join(line for line in lines if not line.startswith('{"ending"')) + "\n", encoding="utf-8")
    assert main(["accept", str(record), "--into", "base"]) == 2
    assert "was interrupted: it is no baseline" in capsys.readouterr().err
