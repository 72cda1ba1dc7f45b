"""--bench-report-dir."""

import subprocess
from pathlib import Path

import pytest

from tests._pytest.project import Project, refused


def folders(project: Project) -> list[str]:
    here = project.pytester.path
    return sorted(str(path.parent.parent.parent.relative_to(here)) for path in here.rglob("*/ns/mine/*.json"))


def test_all_four_files_stand_together_and_are_named_at_the_end(project: Project) -> None:
    outcome = project.run("--bench-report-dir=out")
    files = sorted(project.pytester.path.glob("out/ns/mine/*"))
    assert [path.name.partition(".")[2] for path in files] == ["html", "json", "raw.jsonl", "xml"]
    assert len({path.name.partition(".")[0] for path in files}) == 1
    run = files[0].with_suffix("").relative_to(project.pytester.path)
    outcome.stdout.fnmatch_lines([f"  page *{run}.html", f"  files *{run}.{{json,raw.jsonl,xml}}"])


def test_ini_is_relative_to_its_file_and_the_option_to_where_pytest_starts(project: Project) -> None:
    project.ini(bench_report_dir="by_ini")
    inner = project.pytester.mkdir("inner")
    project.patch.chdir(inner)
    project.env(RAGMETER_WORKLOAD="../tiny.yaml")
    outcome = project.pytester.runpytest_inprocess("-p", "ragmeter.plugin", "--provider=../mine.yaml", "..")
    outcome.assert_outcomes(passed=1)
    outcome = project.pytester.runpytest_inprocess(
        "-p", "ragmeter.plugin", "--provider=../mine.yaml", "--bench-report-dir=by_option", ".."
    )
    outcome.assert_outcomes(passed=1)
    assert folders(project) == ["by_ini", "inner/by_option"]


def test_test_that_changes_the_folder_does_not_move_the_reports(project: Project) -> None:
    project.suite("""
        def test_it(run_workload, monkeypatch, tmp_path):
            monkeypatch.chdir(tmp_path)
            assert run_workload().requests
    """)
    project.run("--bench-report-dir=out").assert_outcomes(passed=1)
    assert folders(project) == ["out"]


def test_reports_that_the_user_sent_elsewhere_stay_there(project: Project) -> None:
    project.run("--html=page.html", "--junitxml=tests.xml").assert_outcomes(passed=1)
    assert (project.pytester.path / "page.html").is_file()
    assert (project.pytester.path / "tests.xml").is_file()
    assert sorted(path.suffix for path in project.reports.glob("ns/mine/*")) == [".json", ".jsonl"]


def test_file_in_the_place_of_the_folder_is_refused(project: Project) -> None:
    (project.pytester.path / "taken").write_text("")
    outcome = project.run("--bench-report-dir=taken")
    refused(project, outcome, "taken/ns/mine: cannot keep results there: Not a directory")


@pytest.mark.privileged("mounts")
def test_folder_that_may_not_be_written_is_refused(project: Project, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    outcome = project.run(f"--bench-report-dir={small_disk}")
    refused(project, outcome, f"{small_disk}/ns/mine: cannot keep results there: Read-only file system")


@pytest.mark.privileged("mounts")
def test_disk_that_is_full_before_the_run_is_refused(project: Project, small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes(256 * 1024))
    outcome = project.run(f"--bench-report-dir={small_disk}")
    refused(project, outcome, f"{small_disk}", "cannot keep results there: No space left on device")
