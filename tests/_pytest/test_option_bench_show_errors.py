"""--bench-show-errors."""

import pytest

from tests._pytest.project import Project, refused


def described(outcome: pytest.RunResult) -> int:
    return sum("failed: http_status" in line for line in outcome.stdout.str().splitlines())


def test_so_many_failed_requests_are_described(project: Project) -> None:
    project.provider(script="http_500")
    project.workload(benchmark={"requests": 5, "concurrency": 1})
    assert described(project.run()) == 3
    project.ini(bench_show_errors=4)
    assert described(project.run()) == 4
    project.env(RAGMETER_SHOW_ERRORS=1)
    assert described(project.run()) == 1
    assert described(project.run("--bench-show-errors=0")) == 0


@pytest.mark.parametrize("value", ["-1", "few"])
def test_bad_value_is_refused(project: Project, value: str) -> None:
    refused(
        project, project.run(f"--bench-show-errors={value}"), f"--bench-show-errors: {value!r} is not a whole number"
    )
