"""--bench-max-output-tokens."""

import pytest

from tests._pytest.project import Project
from tests._pytest.twins import Twins

TWINS = Twins(
    name="bench_max_output_tokens", key="benchmark.max_output_tokens", manifest=16, option=9, environment=8, ini=7
)


def test_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    TWINS.hold(project)


def test_it_is_recorded_where_users_know_it(project: Project) -> None:
    project.run("--bench-max-output-tokens=9").assert_outcomes(passed=1)
    result = project.result()
    assert result["max_output_tokens"] == result["run_metadata"]["max_output_tokens"] == 9


@pytest.mark.parametrize(
    ("value", "words"),
    [("1e3", "'1e3' is not a whole number"), ("0", "$.benchmark.max_output_tokens: 0 is not >= 1")],
)
def test_bad_value_is_refused(project: Project, value: str, words: str) -> None:
    TWINS.refuse(project, value, words)
