"""--bench-workers: how many processes send the load."""

import pytest

from tests._pytest.project import Project, refused

SUITE = """
    import psutil

    def test_it(run_workload):
        assert run_workload().requests == 6
        family = psutil.Process().children(recursive=True)
        print("processes:", sum("ragmeter.run.worker" in child.cmdline()[1:3] for child in family))
"""


@pytest.mark.parametrize(
    ("option", "environment", "ini", "count"),
    [(3, 2, 2, 3), (None, 3, 2, 3), (None, None, 2, 2), (None, None, None, 1)],
)
def test_option_wins_over_environment_and_ini(
    project: Project, option: int | None, environment: int | None, ini: int | None, count: int
) -> None:
    project.suite(SUITE)
    if ini is not None:
        project.ini(bench_workers=ini)
    if environment is not None:
        project.env(RAGMETER_WORKERS=environment)
    outcome = project.run("--bench-requests=6", "-s", *([] if option is None else [f"--bench-workers={option}"]))
    outcome.assert_outcomes(passed=1)
    outcome.stdout.fnmatch_lines(f"*processes: {count}")
    assert project.sent == 6


@pytest.mark.parametrize(("value", "words"), [("0", "0 is not >= 1"), ("two", "'two' is not a whole number")])
def test_bad_number_is_refused(project: Project, value: str, words: str) -> None:
    refused(project, project.run(f"--bench-workers={value}"), "--bench-workers", words)
