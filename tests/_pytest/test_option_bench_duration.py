"""--bench-duration."""

import pytest

from tests._pytest.project import Project
from tests._pytest.twins import Twins

TWINS = Twins(name="bench_duration", key="benchmark.duration", manifest=9, option=7.5, environment=8.0, ini=6.0)


def test_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    project.workload(benchmark={"duration": 9})
    TWINS.hold(project)


def test_no_request_starts_after_it(project: Project) -> None:
    project.provider(script="slow")
    project.run("--bench-duration=0.5", "--bench-requests=1000", "--bench-concurrency=1").assert_outcomes(passed=1)
    assert 2 <= project.result()["measured_requests"] <= 5


def test_open_loop_has_no_start_after_it(project: Project) -> None:
    shape = ["--bench-shape=constant", "--bench-rate=20"]
    project.run("--bench-duration=0.2", "--bench-requests=1000", *shape).assert_outcomes(passed=1)
    assert project.result()["measured_requests"] == 4


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("long", "'long' is not a number"),
        ("nan", "'nan' is not a finite number"),
        ("0", "$.benchmark.duration: 0.0 is not > 0"),
    ],
)
def test_bad_value_is_refused(project: Project, value: str, words: str) -> None:
    project.workload(benchmark={"duration": 9})
    TWINS.refuse(project, value, words)
