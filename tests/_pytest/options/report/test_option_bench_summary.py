"""--bench-summary, --bench-metrics, --bench-report-url, and what a pipeline of GitHub or GitLab gets by itself."""

import shutil
import subprocess
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests._pytest.project import Project, refused

SLOS = """
    def test_slo(run_workload, slo):
        slo.check(run_workload())
"""


@pytest.fixture
def judged(project: Project) -> Project:
    """One SLO that is missed, one that is undecided."""
    project.workload(slo=["p50(ttft_ms) <= 0.5", "error_ratio <= 0.1"], benchmark={"requests": 12})
    project.suite(SLOS)
    return project


def written(project: Project, name: str = "out/summary.md") -> str:
    return (project.pytester.path / name).read_text(encoding="utf-8")


def test_the_summary_has_verdicts_figures_and_where_the_page_is(judged: Project) -> None:
    outcome = judged.run("--bench-summary=out/summary.md", "--bench-report-url=https://pages.example/bench")
    text = written(judged)
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
    assert {"| ❌ FAIL", "| ⚠️ INCONCLUSIVE", "| TTFT p50", "| throughput", "| errors"} <= set(rows)
    (page,) = judged.reports.glob("ns/mine/*.html")
    assert f"](https://pages.example/bench/ns/mine/{page.name})" in text
    assert "<table>" in MarkdownIt("commonmark").enable("table").render(text)
    outcome.stdout.fnmatch_lines(["*  out/summary.md"])


def test_on_github_it_goes_to_the_step_behind_what_is_there_and_verdicts_are_annotations(
    judged: Project, tmp_path: Path
) -> None:
    step = tmp_path / "step.md"
    step.write_text("of the step before\n", encoding="utf-8")
    judged.env(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=step, GITHUB_RUN_ID=12, GITHUB_REPOSITORY="acme/rag")
    outcome = judged.run()
    text = step.read_text(encoding="utf-8")
    assert text.startswith("of the step before\n### ❌ FAIL: tiny")
    assert "](https://github.com/acme/rag/actions/runs/12)" in text
    lines = outcome.stdout.lines
    first, second = (line for line in lines if line.startswith("::"))
    assert first.startswith("::error title=FAIL%3A tiny @ mine::")
    assert second.startswith("::warning title=INCONCLUSIVE%3A tiny @ mine::")


def test_on_gitlab_the_link_leads_to_the_artifacts_of_the_job(judged: Project) -> None:
    judged.env(CI_JOB_URL="https://gitlab.example/acme/rag/-/jobs/5", CI_PROJECT_DIR=judged.pytester.path)
    judged.run("--bench-summary=s.md")
    (page,) = judged.reports.glob("ns/mine/*.html")
    assert f"](https://gitlab.example/acme/rag/-/jobs/5/artifacts/file/reports/ns/mine/{page.name})" in written(
        judged, "s.md"
    )


def test_away_from_github_there_are_no_annotations(judged: Project) -> None:
    assert "::error" not in judged.run().stdout.str()


def test_a_secret_that_a_test_repeats_is_nowhere(judged: Project, tmp_path: Path) -> None:
    secret = "abcdefgh-secret"
    step = tmp_path / "step.md"
    judged.env(MY_KEY=secret, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=step)
    judged.provider(headers={"X-Key": "${MY_KEY}"})
    judged.suite(f"""
        def test_it(run_workload):
            run_workload()
            assert False, "it sent {secret} back"
    """)
    outcome = judged.run("--bench-summary=s.md", "--bench-metrics=m.txt")
    told = [step.read_text(encoding="utf-8"), written(judged, "s.md"), written(judged, "m.txt"), outcome.stdout.str()]
    assert [secret in text for text in told] == [False] * 4


def test_metrics_differ_from_run_to_run_in_their_figures_alone(judged: Project) -> None:
    texts = []
    for _ in range(2):
        judged.run("--bench-metrics=m.txt")
        texts.append(written(judged, "m.txt"))
    first, second = ([line.rpartition(" ")[0] for line in text.splitlines()] for text in texts)
    assert first == second
    assert texts[0].endswith("# EOF\n")
    families = {family.name for family in text_string_to_metric_families(texts[0])}  # type: ignore[no-untyped-call]
    assert {"ragmeter_run_outcome", "ragmeter_requests"} <= families
    assert not [name for name in families if "timestamp" in name or "info" in name]
    if promtool := shutil.which("promtool"):
        command = [promtool, "check", "metrics"]
        done = subprocess.run(command, input=texts[0], capture_output=True, text=True, check=False)
        assert "error" not in done.stderr.lower()


@pytest.mark.parametrize("flag", ["--bench-summary", "--bench-metrics"])
def test_a_folder_and_a_place_that_cannot_be_written_are_refused(project: Project, flag: str) -> None:
    project.pytester.mkdir("out")
    (project.pytester.path / "taken").write_text("")
    refused(project, project.run(f"{flag}=out"), f"{flag}: ", "out: is a folder; name a file in it")
    refused(project, project.run(f"{flag}=taken/s.md"), "taken: cannot keep results there")


def test_a_session_that_measures_nothing_writes_nothing(project: Project, tmp_path: Path) -> None:
    project.suite("""
        def test_single(ask):
            assert ask().ok
    """)
    project.env(GITHUB_STEP_SUMMARY=tmp_path / "step.md", GITHUB_ACTIONS="true")
    outcome = project.run("--bench-summary=s.md", "--bench-metrics=m.txt")
    outcome.assert_outcomes(passed=1)
    assert not project.reports.exists()
    assert not [name for name in ("s.md", "m.txt") if (project.pytester.path / name).exists()]
    assert not (tmp_path / "step.md").exists()
    assert "= verdict =" not in outcome.stdout.str()


def test_what_its_user_asked_for_is_written_even_then(project: Project) -> None:
    project.suite("""
        def test_single(ask):
            assert ask().ok
    """)
    project.run("--junitxml=mine.xml").assert_outcomes(passed=1)
    assert 'tests="1"' in written(project, "mine.xml")


def test_the_verdict_is_last_and_one_line_with_q(judged: Project) -> None:
    lines = [line for line in judged.run().stdout.lines if line]
    assert lines.index(next(line for line in lines if "= verdict =" in line)) > lines.index(
        next(line for line in lines if " failed, " in line or " failed in" in line)
    )
    assert lines[-1].startswith("  files ")
    quiet = [line for line in judged.run("-q").stdout.lines if line]
    assert quiet[-1].startswith("FAIL  tiny @ mine: TTFT p50 is ")
    assert not [line for line in quiet if line.startswith(("plan of", "tiny @ mine measured"))]


def test_a_missed_slo_is_one_line_without_source_or_records(judged: Project) -> None:
    outcome = judged.run()
    shown = outcome.stdout.str().partition("= FAILURES =")[2].partition("= warnings summary =")[0]
    assert "FAIL: tiny @ mine: p50(ttft_ms) = " in shown
    of_pytest = ("def test_slo", "SloCheck(", "RunResult(", ">   ", "errors.SloViolation")
    assert not [word for word in of_pytest if word in shown]


def test_a_test_of_the_users_own_keeps_its_source(project: Project) -> None:
    project.suite("""
        def test_it(run_workload):
            assert run_workload().requests == 77
    """)
    assert "assert run_workload().requests == 77" in project.run().stdout.str()


def test_the_time_of_the_test_that_measured_is_that_of_its_load(project: Project) -> None:
    project.run("--junitxml=mine.xml", "--bench-calibrate=on").assert_outcomes(passed=1)
    (time_s,) = [float(part.partition('"')[0]) for part in written(project, "mine.xml").split(' time="')[2:]]
    sent, ended = ([sample[name] for sample in project.samples()] for name in ("sent_ns", "ended_ns"))
    assert time_s == pytest.approx((max(ended) - min(sent)) / 1e9, abs=0.5)


@pytest.mark.parametrize("chosen", ["p50-ttft_ms-le-0.5", "ttft_ms and p50"])
def test_an_id_can_be_pasted_and_selected(judged: Project, chosen: str) -> None:
    outcome = judged.run("-k", chosen)
    outcome.assert_outcomes(failed=1, deselected=1)
    outcome.stdout.fnmatch_lines(["FAILED test_mine.py::test_slo[[]mine-tiny-p50-ttft_ms-le-0.5[]] - FAIL: *"])
