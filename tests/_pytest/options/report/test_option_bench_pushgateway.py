"""--bench-pushgateway, with a real Pushgateway."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests._pytest.project import Project, refused
from tests.grafana.prometheus import pushgateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[str]:
    with pushgateway(tmp_path / "log") as address:
        yield f"http://{address}"


def pushed(url: str) -> dict[str, list[Sample]]:
    """The samples of each metric of ours."""
    page = httpx.get(f"{url}/metrics", trust_env=False).text
    found = text_string_to_metric_families(page)
    return {family.name: family.samples for family in found if family.name.startswith("ragmeter_")}


def test_a_run_is_pushed_with_its_times_its_outcome_and_the_place_of_its_report(project: Project, gateway: str) -> None:
    outcome = project.run(f"--bench-pushgateway={gateway}")
    outcome.assert_outcomes(passed=1)
    outcome.stdout.fnmatch_lines([f"  pushed to {gateway}"])
    found, result = pushed(gateway), project.result()
    (info,) = found["ragmeter_run_info"]
    assert {name: info.labels[name] for name in ("job", "provider", "workload", "run", "outcome")} == {
        "job": "ragmeter",
        "provider": "mine",
        "workload": "tiny",
        "run": result["run_id"],
        "outcome": result["outcome"],
    }
    assert (project.reports / info.labels["report"]).is_file()
    (began,), (ended,) = (found[f"ragmeter_run_{moment}_timestamp_seconds"] for moment in ("started", "ended"))
    assert 0 < ended.value - began.value < 60


def test_a_later_run_leaves_nothing_of_the_one_before(project: Project, gateway: str) -> None:
    for _ in range(2):
        project.run(f"--bench-pushgateway={gateway}").assert_outcomes(passed=1)
    runs = [sample.labels["run"] for sample in pushed(gateway)["ragmeter_run_info"]]
    newest = max(project.reports.glob("ns/*/*.json"), key=lambda path: path.stat().st_mtime_ns)
    assert runs == [json.loads(newest.read_text(encoding="utf-8"))["run_id"]]


def test_runs_of_two_workloads_stand_beside_one_another(project: Project, gateway: str) -> None:
    project.workload("other")
    project.run(f"--bench-pushgateway={gateway}", "--workload=./tiny.yaml", "--workload=./other.yaml").assert_outcomes(
        passed=2
    )
    assert {sample.labels["workload"] for sample in pushed(gateway)["ragmeter_run_info"]} == {"tiny", "other"}


def test_a_gateway_that_cannot_be_reached_is_refused_before_the_load(project: Project) -> None:
    nobody = "http://127.0.0.1:1"
    refused(project, project.run(f"--bench-pushgateway={nobody}"), f"Pushgateway {nobody}", "Connection refused")


def test_half_of_the_credentials_is_refused_before_the_load(project: Project) -> None:
    project.env(RAGMETER_PUSHGATEWAY_USER="bench")
    outcome = project.run("--bench-pushgateway=http://127.0.0.1:1")
    refused(project, outcome, "set RAGMETER_PUSHGATEWAY_USER and RAGMETER_PUSHGATEWAY_PASSWORD")


def test_a_gateway_that_goes_away_during_the_run_fails_the_session_and_loses_no_file(
    project: Project, tmp_path: Path
) -> None:
    with pushgateway(tmp_path / "log", "--web.enable-lifecycle") as address:
        project.suite(f"""
            import httpx

            def test_it(run_workload):
                assert run_workload().requests
                httpx.put("http://{address}/-/quit", trust_env=False)
        """)
        outcome = project.run(f"--bench-pushgateway=http://{address}")
    outcome.assert_outcomes(passed=1)
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.stdout.fnmatch_lines([f"*not pushed: Pushgateway http://{address}: *Connection re*"])
    assert project.result()["requests"] == 2


def test_nothing_is_pushed_when_tests_are_only_listed(project: Project) -> None:
    outcome = project.run("--collect-only", "--bench-pushgateway=http://127.0.0.1:1")
    assert outcome.ret == pytest.ExitCode.OK
