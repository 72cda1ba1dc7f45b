"""--bench-shape and --bench-rate: the load's shape, closed or open."""

from tests._pytest.project import Project, refused


def test_open_loop_starts_on_time_and_has_no_concurrency(project: Project) -> None:
    project.provider(script="slow")
    project.run("--bench-shape=constant", "--bench-rate=50", "--bench-requests=5").assert_outcomes(passed=1)
    result = project.result()
    assert result["concurrency"] is None
    assert result["harness"]["peak_concurrency"] == 5
    samples = sorted(project.samples(), key=lambda sample: int(sample["index"]))
    scheduled = [sample["scheduled_ns"] - samples[0]["scheduled_ns"] for sample in samples]
    assert scheduled == [0, 20_000_000, 40_000_000, 60_000_000, 80_000_000]
    assert all(sample["sent_ns"] >= sample["scheduled_ns"] for sample in samples)


def test_rate_is_refused_in_a_closed_loop_where_it_would_be_ignored(project: Project) -> None:
    outcome = project.run("--bench-rate=5")
    refused(project, outcome, "--bench-rate", "$.load.rate_per_s: 5.0 needs $.load.shape constant, poisson, gamma")


def test_open_loop_without_a_rate_is_refused(project: Project) -> None:
    refused(project, project.run("--bench-shape=poisson"), "tiny.yaml", "$.load: 'rate_per_s' is missing")
