"""--bench-concurrency."""

import pytest

from tests._pytest.project import Project, refused
from tests._pytest.twins import Twins

TWINS = Twins(name="bench_concurrency", key="benchmark.concurrency", manifest=2, option=4, environment=3, ini=1)


def test_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    TWINS.hold(project)


def test_no_more_requests_are_in_flight_and_as_many_are(project: Project) -> None:
    project.provider(script="slow")
    project.run("--bench-concurrency=3", "--bench-requests=7").assert_outcomes(passed=1)
    result = project.result()
    assert result["concurrency"] == result["harness"]["peak_concurrency"] == 3


def test_concurrency_is_refused_in_an_open_loop_where_it_would_be_ignored(project: Project) -> None:
    outcome = project.run("--bench-concurrency=3", "--bench-shape=constant", "--bench-rate=10")
    refused(project, outcome, "tiny.yaml with", "$.benchmark.concurrency: 3 needs $.load.shape closed, not constant")


@pytest.mark.parametrize(
    ("value", "words"),
    [("two", "'two' is not a whole number"), ("0", "$.benchmark.concurrency: 0 is not >= 1")],
)
def test_bad_value_is_refused(project: Project, value: str, words: str) -> None:
    TWINS.refuse(project, value, words)
