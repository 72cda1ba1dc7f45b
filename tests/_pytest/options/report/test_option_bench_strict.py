"""--bench-strict."""

from typing import Any

import pytest

from tests._pytest.project import Project
from tests.flaky_service import all_but, flaky_service

UNDECIDED = """
    def test_slo(run_workload, slo):
        slo.check(run_workload())
"""
SKIPPED = """
    import pytest

    def test_live(run_workload):
        pytest.skip("not today")

    @pytest.mark.skip(reason="never")
    def test_marked(run_workload):
        pass

    @pytest.mark.xfail(reason="known")
    def test_known_to_fail(run_workload):
        raise AssertionError

    def test_not_live():
        pytest.skip("no business of ours")
"""
ERROR_RATIO = ["--bench-requests=3", "--bench-slo=error_ratio <= 0.5"]
"""None of three failed: the interval of the ratio is 0 to 0.56."""

STRICT: list[dict[str, Any]] = [
    {"arguments": ["--bench-strict"]},
    {"environment": "1"},
    {"ini": "yes"},
]


def run(project: Project, *rest: str, arguments: Any = (), environment: str = "", ini: str = "") -> pytest.RunResult:
    if environment:
        project.env(RAGMETER_STRICT=environment)
    if ini:
        project.ini(bench_strict=ini)
    return project.run(*rest, *arguments)


def test_inconclusive_warns_without_it(project: Project) -> None:
    project.suite(UNDECIDED)
    outcome = run(project, *ERROR_RATIO)
    assert outcome.ret == 0
    outcome.assert_outcomes(passed=1, warnings=1)
    outcome.stdout.fnmatch_lines(["  INCONCLUSIVE: tiny @ mine: error_ratio = 0 <= 0.5, undecided*n=3*"])


def test_inconclusive_warns_also_where_warnings_are_errors(project: Project) -> None:
    project.suite(UNDECIDED)
    project.ini(filterwarnings="error")
    run(project, *ERROR_RATIO).assert_outcomes(passed=1, warnings=1)


@pytest.mark.parametrize("how", STRICT, ids=str)
def test_inconclusive_fails_with_it(project: Project, how: dict[str, Any]) -> None:
    project.suite(UNDECIDED)
    with flaky_service(all_but(1, of=2)) as url:
        project.provider(base_url=url)
        outcome = run(project, "--bench-requests=12", "--bench-slo=error_ratio <= 0.5", **how)
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.stdout.fnmatch_lines(["INCONCLUSIVE: tiny @ mine: error_ratio = 0.5 <= 0.5, undecided*"])


def test_skip_is_a_skip_without_it(project: Project) -> None:
    project.suite(SKIPPED)
    outcome = run(project)
    outcome.assert_outcomes(skipped=3, xfailed=1)


def test_skipped_live_test_fails_with_it_and_no_other(project: Project) -> None:
    project.suite(SKIPPED)
    outcome = run(project, "--bench-strict")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    assert outcome.parseoutcomes()["skipped"] == 1
    assert outcome.parseoutcomes()["xfailed"] == 1
    said = outcome.stdout.str()
    assert "not today (--bench-strict: a live test must not be skipped)" in said
    assert "never (--bench-strict: a live test must not be skipped)" in said


def test_bad_value_in_the_ini_is_refused(project: Project) -> None:
    outcome = run(project, ini="perhaps")
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR
    assert "perhaps" in outcome.stderr.str()
    assert project.sent == 0
