"""What a run leaves behind: JUnit, HTML, what they must not hold, and what happens when they cannot be written."""

import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote

import pytest

from ragmeter.run.store import read
from tests._pytest.project import Project
from tests.report.pages import parsed

SECRET = "Bearer 9f86d081884c7d659a2f"  # of nobody
GATED = """
    def test_slo(run_workload, slo):
        slo.check(run_workload())
"""


def only(project: Project, suffix: str) -> Path:
    (path,) = project.reports.glob(f"ns/*/*{suffix}")
    return path


def test_junit_file_has_the_figures_as_properties(project: Project) -> None:
    project.suite(GATED)
    project.run("--bench-slo=errors <= 0").assert_outcomes(passed=1)
    result = project.result()
    found = {p.get("name"): p.get("value") for p in ET.parse(only(project, ".xml")).iter("property")}
    assert found["run_id"] == result["run_id"]
    assert found["outcome"] == found["verdict"] == "PASS"
    assert found["slo"] == "errors <= 0"
    assert float(str(found["ttft_p50_ms"])) == pytest.approx(result["ttft_p50_ms"], abs=1e-3)
    assert (found["requests"], found["errors"]) == ("2", "0")


def test_html_page_carries_the_scorecard_and_is_named_after_us(project: Project) -> None:
    project.suite(GATED)
    project.run("--bench-slo=max(ttft_ms) <= 0.001").assert_outcomes(failed=1, passed=1)  # and the default budget
    page = only(project, ".html").read_text(encoding="utf-8")
    assert '<article id="ragmeter-1" class="run"' in page
    assert "max(ttft_ms)" in page
    assert re.search(r"<title>FAIL: tiny @ mine, 20\d\d-\d\d-\d\d - ragmeter</title>", page)


def test_page_of_the_session_has_its_tests_those_that_failed_first(project: Project) -> None:
    project.suite("""
        import pytest

        def test_it(run_workload):
            assert run_workload().requests

        def test_that_fails(run_workload):
            assert run_workload().requests == 1843, "of the service"

        @pytest.mark.skip(reason="not today")
        def test_that_is_skipped(run_workload): pass

        @pytest.fixture
        def broken(): raise ValueError("no such thing")

        def test_that_cannot_begin(broken, run_workload): pass
    """)
    project.run().assert_outcomes(passed=1, failed=1, errors=1, skipped=1)
    page = parsed(only(project, ".html").read_text(encoding="utf-8"))
    (table,) = page.of_class("tests")
    rows = [" ".join(row.text().split()) for row in table.all("tr")[1:]]
    assert [row.split("test_mine.py")[0] for row in rows] == ["failed", "error", "passed", "skipped"]
    assert "of the service" in rows[0]
    assert "ValueError: no such thing" in rows[1]
    assert "not today" in rows[3]


def test_page_that_the_user_sends_elsewhere_is_that_of_pytest_html(project: Project) -> None:
    project.run("--html=page.html", "--self-contained-html").assert_outcomes(passed=1)
    page = (project.pytester.path / "page.html").read_text(encoding="utf-8")
    assert '<article id="ragmeter-1" class="run"' in page
    assert "results-table" in page
    assert not list(project.reports.rglob("*.html"))


def test_html_page_links_to_the_page_that_compares_its_providers(project: Project) -> None:
    project.provider("other")
    project.run("--provider=./other.yaml").assert_outcomes(passed=2)
    (page,) = project.reports.glob("ns/mine+other/*Z.html")
    (address,) = re.findall(r'<nav .*?<a href="([^"]+)">mine or other: which one for tiny', page.read_text("utf-8"))
    assert (page.parent / unquote(address)).is_file()


def test_html_page_of_a_run_that_measures_nothing_is_not_ours(project: Project) -> None:
    project.suite("def test_plain(): pass")
    project.run("--html=page.html", provider=None).assert_outcomes(passed=1)
    page = (project.pytester.path / "page.html").read_text(encoding="utf-8")
    assert "ragmeter</title>" not in page
    assert "<article" not in page


def test_run_goes_without_pytest_html_and_junit(project: Project) -> None:
    arguments = ["-p", "ragmeter.plugin", "-p", "no:junitxml", "--provider=./mine.yaml"]
    project.pytester.runpytest_inprocess(*arguments).assert_outcomes(passed=1)
    assert sorted(path.suffix for path in project.reports.glob("ns/mine/*")) == [".html", ".json", ".jsonl"]


@pytest.mark.parametrize("script", ["http_500", "steady", "cut_midway", "redirect"])
def test_secret_of_a_header_is_in_no_report_and_not_on_the_screen(project: Project, script: str) -> None:
    project.env(SERVICE_TOKEN=SECRET)
    project.provider(script=script, headers={"Authorization": "${SERVICE_TOKEN}"})
    project.suite("""
        def test_live(run_workload, slo, provider, bench_case):
            slo.check(run_workload())
            assert provider is bench_case is None
    """)
    outcome = project.run("--showlocals", "-vv", "--bench-slo=errors <= 0")
    outcome.assert_outcomes(failed=1)
    written = {path: path.read_text(encoding="utf-8") for path in project.pytester.path.rglob("ns/*/*")}
    assert len(written) == 4
    for path, text in written.items():
        assert SECRET not in text, path
        assert SECRET.split()[1] not in text, path
    assert SECRET.split()[1] not in outcome.stdout.str() + outcome.stderr.str()


@pytest.mark.parametrize(
    "headers", [{"Authorization": 12345678}, "Bearer 12345678", {"Authorization": "12345678\n"}, {"X Y": "12345678"}]
)
def test_secret_that_is_written_wrongly_is_not_shown(project: Project, headers: object) -> None:
    project.provider(headers=headers)
    outcome = project.run()
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR
    said = outcome.stderr.str() + outcome.stdout.str()
    assert "mine.yaml: $.headers" in said
    assert "12345678" not in said


@pytest.mark.privileged("mounts")
def test_disk_that_fills_up_costs_no_sample_and_ends_in_a_sentence(
    project: Project, small_disk: Path, tmp_path: Path
) -> None:
    (small_disk / "filler").write_bytes(bytes(160 * 1024))
    rescue = tmp_path / "rescue"
    rescue.mkdir()
    project.patch.setattr("tempfile.tempdir", str(rescue))
    outcome = project.run(f"--bench-report-dir={small_disk}", "--bench-requests=200", "--bench-concurrency=20")
    said = outcome.stdout.str() + outcome.stderr.str()
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
    outcome.stdout.fnmatch_lines(
        ["*No space left on device: all samples are in*", "not every report could be written*"]
    )
    (record,) = rescue.rglob("*.raw.jsonl")
    plan, samples, ending = read(record)
    assert len(samples) == 200
    assert plan.workload.requests == 200
    assert ending.status == "complete"
    assert record.with_name(record.name.replace(".raw.jsonl", ".json")).is_file()


@pytest.mark.privileged("mounts")
def test_result_that_cannot_be_written_fails_the_test_and_is_shown(project: Project, small_disk: Path) -> None:
    """The record just fits and the result does not."""
    load = ("--bench-requests=60", "--bench-concurrency=4")
    project.run(*load)
    sizes = {path.suffix: path.stat().st_size for path in project.reports.glob("ns/mine/*Z.*json*")}
    room = sizes[".jsonl"] + sizes[".json"] // 2
    (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free - room))
    outcome = project.run(f"--bench-report-dir={small_disk}", *load)
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.stdout.fnmatch_lines(["*.json: No space left on device", "*FAIL  tiny @ mine", "*60 measured*"])
    (record,) = small_disk.rglob("*.raw.jsonl")
    assert len(read(record)[1]) == 60
