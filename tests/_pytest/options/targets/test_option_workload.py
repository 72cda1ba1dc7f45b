"""--workload."""

from typing import Any

import pytest

from tests._pytest.project import Project, refused


def test_it_is_measured_instead_of_the_provider_files(project: Project) -> None:
    project.workload("first")
    names = []
    for arguments in ((), ("--workload=./first.yaml",)):
        project.run(*arguments).assert_outcomes(passed=1)
        names.append(project.result()["workload"]["name"])
        project.forget()
    assert names == ["tiny", "first"]


def test_several_workloads_have_a_result_each_and_one_page(project: Project) -> None:
    project.workload("other", benchmark={"requests": 3})
    outcome = project.run("--workload=./tiny.yaml", "--workload=./other.yaml")
    outcome.assert_outcomes(passed=2)
    assert project.sent == 5
    names = sorted(path.name.split("-", 1)[1] for path in project.reports.glob("ns/mine/*.json*"))
    assert names == ["other.json", "other.raw.jsonl", "tiny.json", "tiny.raw.jsonl"]
    (page,) = project.reports.glob("ns/mine/*.html")
    assert page.read_text(encoding="utf-8").count('<article id="ragmeter-') == 2


def test_shipped_workload_is_found_by_its_name(project: Project) -> None:
    outcome = project.run("--workload=light", "--bench-requests=1", "--bench-warmup=0")
    outcome.assert_outcomes(passed=1)
    assert project.result()["workload_manifest_hash"]


def test_unknown_workload_lists_the_known_ones(project: Project) -> None:
    outcome = project.run("--workload=lite")
    refused(project, outcome, "unknown workload 'lite'; known: example, light, load, smoke, standard, stress")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"benchmark": {"request": 5}}, "tiny.yaml: $.benchmark.request: unknown key; did you mean 'requests'?"),
        ({"benchmark": {"requests": "5"}}, "tiny.yaml: $.benchmark.requests: '5' is not of type integer"),
        ({"benchmark": {"requests": 5.0}}, "tiny.yaml: $.benchmark.requests: 5.0 is not of type integer"),
        ({"benchmark": {"timeout": float("nan")}}, "tiny.yaml:8:12: not YAML: .nan: is no finite number"),
        ({"slo": ["p95(ttft_ms) =< 5"]}, "tiny.yaml: SLO 'p95(ttft_ms) =< 5': not understood"),
        ({"goodput": {"ttft": 5}}, "tiny.yaml: $.goodput: goodput ttft: 5: unknown metric 'ttft'"),
        ({"prompts": []}, "tiny.yaml: $.prompts: [] needs at least 1 item"),
        ({"prompts": None}, "tiny.yaml: $: needs exactly one of prompts or prompts_file"),
        ({"prompts": None, "prompts_file": "questions.txt"}, "questions.txt: No such file or directory"),
        ({"target": "openai"}, "tiny.yaml: $.model.model_id: needed with target openai"),
        ({"schema": "workload.v2"}, "tiny.yaml: $.schema: 'workload.v2' is not 'workload.v1'"),
    ],
)  # fmt: skip
def test_bad_manifest_is_refused_with_file_path_and_value(project: Project, keys: dict[str, Any], words: str) -> None:
    project.workload(**keys)
    refused(project, project.run(), words)


def test_file_that_is_not_yaml_is_refused_with_line_and_column(project: Project) -> None:
    (project.pytester.path / "tiny.yaml").write_text("schema: workload.v1\nname: [tiny\n")
    refused(project, project.run(), "tiny.yaml:3:1: not YAML: ")


def test_key_that_is_written_twice_is_refused(project: Project) -> None:
    path = project.pytester.path / "tiny.yaml"
    path.write_text(path.read_text() + "name: again\n")
    refused(project, project.run(), "tiny.yaml:", "the key 'name' is written twice")
