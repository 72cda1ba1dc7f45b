"""--bench-warmup."""

import pytest

from tests._pytest.project import Project
from tests._pytest.twins import Twins

TWINS = Twins(name="bench_warmup", key="benchmark.warmup_requests", manifest=1, option=4, environment=3, ini=2)


def test_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    project.workload(benchmark={"warmup_requests": 1})
    TWINS.hold(project)


def test_warmup_requests_are_sent_and_reported_apart(project: Project) -> None:
    project.run("--bench-warmup=3").assert_outcomes(passed=1)
    result = project.result()
    assert (result["warmup_requests"], result["measured_requests"], project.sent) == (3, 2, 5)
    assert result["phases"]["warmup"]["requests"] == 3
    assert result["estimates"]["ttft_ms"]["n"] == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [("some", "'some' is not a whole number"), ("-1", "$.benchmark.warmup_requests: -1 is not >= 0")],
)
def test_bad_value_is_refused(project: Project, value: str, words: str) -> None:
    project.workload(benchmark={"warmup_requests": 1})
    TWINS.refuse(project, value, words)
