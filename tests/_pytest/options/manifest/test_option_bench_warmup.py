"""--bench-warmup."""

from tests._pytest.project import Project


def test_warmup_requests_are_sent_and_reported_apart(project: Project) -> None:
    project.run("--bench-warmup=3").assert_outcomes(passed=1)
    result = project.result()
    assert (result["warmup_requests"], result["measured_requests"], project.sent) == (3, 2, 5)
    assert result["phases"]["warmup"]["requests"] == 3
    assert result["estimates"]["ttft_ms"]["n"] == 2
