"""--bench-requests."""

import pytest

from tests._pytest.project import Project
from tests._pytest.twins import Twins

TWINS = Twins(name="bench_requests", key="benchmark.requests", manifest=2, option=5, environment=4, ini=3)


def test_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    TWINS.hold(project)


def test_as_many_requests_are_measured(project: Project) -> None:
    result = TWINS.used(project, option=True, environment=False, ini=False)
    assert result["measured_requests"] == result["requests"] == project.sent == 5


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("many", "'many' is not a whole number"),
        ("2.5", "not a whole number"),
        ("0", "$.benchmark.requests: 0 is not >= 1"),
    ],
)
def test_bad_value_is_refused(project: Project, value: str, words: str) -> None:
    TWINS.refuse(project, value, words)
