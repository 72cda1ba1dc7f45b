"""--bench-duration."""

from tests._pytest.project import Project


def test_no_request_starts_after_it(project: Project) -> None:
    project.provider(script="slow")
    project.run("--bench-duration=0.5", "--bench-requests=1000", "--bench-concurrency=1").assert_outcomes(passed=1)
    assert 1 <= project.result()["measured_requests"] <= 5


def test_open_loop_has_no_start_after_it(project: Project) -> None:
    shape = ["--bench-shape=constant", "--bench-rate=20"]
    project.run("--bench-duration=0.2", "--bench-requests=1000", *shape).assert_outcomes(passed=1)
    assert project.result()["measured_requests"] == 4
