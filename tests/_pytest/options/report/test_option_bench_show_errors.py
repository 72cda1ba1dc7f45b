"""--bench-show-errors."""

import pytest

from tests._pytest.project import Project


def described(outcome: pytest.RunResult) -> int:
    return sum("failed: HTTP 500" in line for line in outcome.stdout.str().splitlines())


def test_so_many_failed_requests_are_described(project: Project) -> None:
    project.provider(script="http_500")
    project.workload(benchmark={"requests": 5, "concurrency": 1})
    assert described(project.run()) == 3
    assert described(project.run("--bench-show-errors=4")) == 4
    assert described(project.run("--bench-show-errors=0")) == 0
