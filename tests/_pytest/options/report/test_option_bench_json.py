"""--bench-json, and --json-out."""

import json

import pytest

from tests._pytest.project import Project, refused


@pytest.mark.parametrize("flag", ["--bench-json", "--json-out"])
def test_it_is_the_result_document_and_is_named_at_the_end(project: Project, flag: str) -> None:
    outcome = project.run(flag, "mine.json")
    outcome.assert_outcomes(passed=1)
    assert json.loads((project.pytester.path / "mine.json").read_text("utf-8")) == project.result()
    outcome.stdout.fnmatch_lines(["*  mine.json"])


def test_the_second_arm_of_an_aa_measurement_is_not_it(project: Project) -> None:
    project.run("--bench-json=mine.json", "--bench-aa").assert_outcomes(passed=1)
    assert not json.loads((project.pytester.path / "mine.json").read_text("utf-8"))["run_id"].endswith("-aa")


def test_several_runs_are_refused_and_named(project: Project) -> None:
    project.workload("other")
    outcome = project.run("--bench-json=mine.json", "--workload=./tiny.yaml", "--workload=./other.yaml")
    refused(
        project, outcome, "--bench-json: mine.json: one document holds one run", "there are 2: mine-tiny, mine-other"
    )


def test_a_folder_and_a_place_that_cannot_be_written_are_refused(project: Project) -> None:
    project.pytester.mkdir("out")
    (project.pytester.path / "taken").write_text("")
    refused(project, project.run("--bench-json=out"), "--bench-json: ", "out: is a folder; name a file in it")
    refused(project, project.run("--bench-json=taken/mine.json"), "taken: cannot keep results there")
