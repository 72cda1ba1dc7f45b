"""--bench-workers: how many processes send the load."""

import pytest

from tests._pytest.project import Project

pytestmark = pytest.mark.usefixtures("fresh_load_processes")

SUITE = """
    from tests.families import running

    def test_it(run_workload):
        assert run_workload().requests == 6
        print("processes:", len(running("ragmeter.run.processes.worker")))
"""


@pytest.mark.parametrize(("option", "count"), [((), 1), (("--bench-workers=3",), 3)])
def test_as_many_processes_send_the_load(project: Project, option: tuple[str, ...], count: int) -> None:
    project.suite(SUITE)
    outcome = project.run("--bench-requests=6", "-s", *option)
    outcome.assert_outcomes(passed=1)
    outcome.stdout.fnmatch_lines(f"*processes: {count}")
    assert project.sent == 6
