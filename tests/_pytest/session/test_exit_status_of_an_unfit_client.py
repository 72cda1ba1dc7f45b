"""A measurement that is not valid has an exit status of its own."""

import pytest

from tests._pytest.project import Project

pytestmark = pytest.mark.usefixtures("fresh_load_processes")

KILLS_THE_LOAD = """
    import threading, time
    import pytest
    from tests.families import running

    def load_processes():
        return running("ragmeter.run.processes.worker")

    @pytest.fixture
    def killer():
        def wait():
            while not load_processes():
                time.sleep(0.01)
            load_processes()[0].kill()
        thread = threading.Thread(target=wait)
        thread.start()
        yield
        thread.join()

    def test_it(killer, run_workload):
        run_workload()
"""
TWO = """
    def test_slo(run_workload, slo):
        slo.check(run_workload())

    def test_of_something_else():
        assert {holds}
"""


def late_client(project: Project) -> None:
    """A client that burns its core beside the load: 85 % and more is too much."""
    project.patch.setattr("ragmeter.core.client.harness.CPU_LIMIT", -1.0)


@pytest.mark.parametrize(("holds", "status"), [(True, 10), (False, 1)])
def test_it_is_10_when_nothing_else_failed(project: Project, holds: bool, status: int) -> None:
    late_client(project)
    project.suite(TWO.format(holds=holds))
    outcome = project.run("--bench-slo=errors <= 0", "--bench-requests=6")
    assert outcome.ret == status
    outcome.stdout.fnmatch_lines(["INVALID: *the client used * of its core*"])


def test_it_is_10_of_the_test_that_asks_for_a_fit_client(project: Project) -> None:
    late_client(project)
    project.suite("def test_fit(run_workload): assert not run_workload().harness.reasons")
    assert project.run("--bench-requests=6").ret == 10


def test_slo_that_is_missed_is_1(project: Project) -> None:
    project.suite(TWO.format(holds=True))
    assert project.run("--bench-slo=success >= 1000").ret == 1


def test_load_process_that_died_is_named_and_keeps_its_samples(project: Project) -> None:
    project.provider(script="slow")
    project.suite(KILLS_THE_LOAD)
    outcome = project.run("--bench-requests=2000")
    assert outcome.ret == 10
    outcome.stdout.fnmatch_lines(["*load process 0 (pid *) was ended by SIGKILL; what was measured is in *"])
    result = project.result()
    assert (result["outcome"], result["status"]) == ("INVALID", "interrupted")
    assert "load process 0" in result["harness"]["reasons"][0]
    assert result["requests"] == len(project.samples())
