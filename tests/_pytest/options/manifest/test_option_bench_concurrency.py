"""--bench-concurrency."""

from tests._pytest.project import Project, refused


def test_no_more_requests_are_in_flight_and_as_many_are(project: Project) -> None:
    project.provider(script="slow")
    project.run("--bench-concurrency=3", "--bench-requests=7").assert_outcomes(passed=1)
    result = project.result()
    assert result["concurrency"] == result["harness"]["peak_concurrency"] == 3


def test_concurrency_is_refused_in_an_open_loop_where_it_would_be_ignored(project: Project) -> None:
    outcome = project.run("--bench-concurrency=3", "--bench-shape=constant", "--bench-rate=10")
    refused(project, outcome, "tiny.yaml with", "$.benchmark.concurrency: 3 needs $.load.shape closed, not constant")
