"""Which tests run: live tests need a provider, and are alone on the machine."""

import re
from pathlib import Path

import pytest

import ragmeter
from tests._pytest.project import PLUGINS, Project, refused

MIXED = """
    def test_live(run_workload):
        assert run_workload().requests

    def test_plain():
        pass
"""


def test_live_test_that_was_asked_for_without_a_provider_is_refused(project: Project) -> None:
    for asked in (["test_mine.py"], ["test_mine.py::test_it"], ["-k", "it"], ["-m", "not nothing"]):
        outcome = project.run(*asked, provider=None)
        refused(project, outcome, "1 live tests need --provider=NAME|FILE; known: akamai-lke, aws-eks, gcp-gke, local")
        refused(project, outcome, "--provider=local starts a whole RAG service on this machine")


def test_live_tests_are_left_out_with_a_notice_when_nobody_asked_for_them(project: Project) -> None:
    project.suite(MIXED)
    outcome = project.run(provider=None)
    outcome.assert_outcomes(passed=1, deselected=1)
    outcome.stdout.fnmatch_lines(["ragmeter: 1 live tests need --provider=NAME|FILE; known: *"])
    assert project.sent == 0


def test_project_without_live_tests_hears_nothing_of_us(project: Project) -> None:
    project.suite("def test_plain(): pass")
    outcome = project.run("test_mine.py", provider=None)
    outcome.assert_outcomes(passed=1)
    ours = [line for line in outcome.outlines if "ragmeter" in line and not line.startswith("plugins: ")]
    assert ours == []
    assert not project.reports.exists()


def test_listing_shows_live_tests_and_sends_nothing(project: Project) -> None:
    project.workload(slo=["errors <= 0"])
    project.suite("""
        def test_it(run_workload): ...
        def test_slo(run_workload, slo): ...
    """)
    without = project.run("--collect-only", "-q", provider=None)
    without.stdout.fnmatch_lines(["*test_it?no-provider?"])
    outcome = project.run("--collect-only", "-q")
    outcome.stdout.fnmatch_lines(["*test_it?mine-tiny?", "*test_slo?mine-tiny-errors-le-0?"])
    assert outcome.ret == without.ret == 0
    assert project.sent == 0
    assert not project.reports.exists()


@pytest.mark.parametrize("arguments", [["-n", "2"], ["--dist=load", "--tx=popen"], ["-n1"]], ids=" ".join)
def test_measuring_beside_other_tests_is_refused(project: Project, arguments: list[str]) -> None:
    outcome = project.run("-p", "xdist.plugin", *arguments)
    refused(project, outcome, "ragmeter measures alone: leave out pytest-xdist's -n and --dist, or --provider")


def test_xdist_is_welcome_where_nothing_is_measured(project: Project) -> None:
    project.suite(MIXED)
    project.patch.setenv("PYTHONPATH", str(Path(ragmeter.__file__).parents[1]))
    outcome = project.pytester.runpytest_inprocess(*PLUGINS, "-p", "xdist.plugin", "-n1")
    outcome.assert_outcomes(passed=1)


def test_xdist_that_is_installed_and_not_used_is_no_obstacle(project: Project) -> None:
    project.run("-p", "xdist.plugin").assert_outcomes(passed=1)


def test_service_is_asked_for_readiness_before_any_load(project: Project) -> None:
    project.provider("gone", base_url="http://127.0.0.1:1")
    outcome = project.run("--provider=./gone.yaml")
    refused(project, outcome, "gone.yaml: http://127.0.0.1:1/readyz: cannot be reached")


def test_each_live_test_runs_for_every_provider_and_workload(project: Project) -> None:
    project.provider("east")
    project.workload("second")
    outcome = project.run(
        "--provider=./east.yaml", "--workload=./tiny.yaml", "--workload=./second.yaml", "--collect-only", "-q"
    )
    cases = set(re.findall(r"test_it\[(\S+)\]", outcome.stdout.str()))
    assert cases == {"mine-tiny", "mine-second", "east-tiny", "east-second"}


def test_markers_are_registered(project: Project) -> None:
    marks = ("north_south", "ew_probe", "contract", "retrieval", "cost", "smoke")
    project.suite("import pytest\n" + "".join(f"@pytest.mark.{m}\ndef test_{m}(): pass\n" for m in marks))
    project.run("--strict-markers", provider=None).assert_outcomes(passed=len(marks))
