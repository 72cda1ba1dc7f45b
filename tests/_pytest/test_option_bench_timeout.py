"""--bench-timeout."""

import pytest

from tests._pytest.project import Project
from tests._pytest.twins import Twins

TWINS = Twins(name="bench_timeout", key="benchmark.timeout", manifest=10, option=7.5, environment=8.0, ini=6.0)


def test_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    TWINS.hold(project)


@pytest.mark.parametrize("script", ["hangs_before_headers", "hangs_midway", "trickles_for_ever"])
def test_request_that_hangs_is_given_up(project: Project, script: str) -> None:
    project.provider(script=script)
    project.run("--bench-timeout=0.3").assert_outcomes(passed=1)
    result = project.result()
    assert result["errors_by_class"] == {"timeout": 2}
    assert result["duration_seconds"] < 5


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("soon", "'soon' is not a number"),
        ("inf", "'inf' is not a finite number"),
        ("0", "$.benchmark.timeout: 0.0 is not > 0"),
        ("3601", "is not <= 3600"),
    ],
)
def test_bad_value_is_refused(project: Project, value: str, words: str) -> None:
    TWINS.refuse(project, value, words)
