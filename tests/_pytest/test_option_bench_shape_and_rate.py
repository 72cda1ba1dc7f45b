"""--bench-shape and --bench-rate: the load's shape, closed or open."""

import pytest

from tests._pytest.project import Project, refused
from tests._pytest.twins import Twins

SHAPE = Twins(
    name="bench_shape",
    key="load.shape",
    manifest="closed",
    option="constant",
    environment="poisson",
    ini="constant",
    with_it=("--bench-rate=100",),
)
RATE = Twins(name="bench_rate", key="load.rate_per_s", manifest=100, option=400.0, environment=300.0, ini=200.0)


def test_shape_of_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    project.workload(load={"shape": "closed"})
    SHAPE.hold(project)


def test_rate_of_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    project.workload(load={"shape": "constant", "rate_per_s": 100})
    RATE.hold(project)


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


@pytest.mark.parametrize("shape", ["wave", "CLOSED"])
def test_unknown_shape_is_refused_with_the_known_ones(project: Project, shape: str) -> None:
    known = "closed, constant, poisson, gamma, ramp, bursts, sweep, trace"
    SHAPE.refuse(project, shape, f"$.load.shape: '{shape}' is not one of {known}")


@pytest.mark.parametrize(("rate", "words"), [("fast", "'fast' is not a number"), ("0", "0.0 is not > 0")])
def test_bad_rate_is_refused(project: Project, rate: str, words: str) -> None:
    project.workload(load={"shape": "constant", "rate_per_s": 100})
    RATE.refuse(project, rate, words)


def test_rate_is_refused_in_a_closed_loop_where_it_would_be_ignored(project: Project) -> None:
    outcome = project.run("--bench-rate=5")
    refused(project, outcome, "--bench-rate", "$.load.rate_per_s: 5.0 needs $.load.shape constant, poisson, gamma")


def test_open_loop_without_a_rate_is_refused(project: Project) -> None:
    refused(project, project.run("--bench-shape=poisson"), "tiny.yaml", "$.load: 'rate_per_s' is missing")
