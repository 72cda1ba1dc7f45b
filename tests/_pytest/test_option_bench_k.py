"""--bench-k."""

import pytest

from tests._pytest.project import Project
from tests._pytest.twins import Twins

TWINS = Twins(name="bench_k", key="retrieval.k", manifest=5, option=4, environment=3, ini=2)


def test_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    project.workload(retrieval={"k": 5})
    TWINS.hold(project)


def test_it_is_recorded_in_the_metadata(project: Project) -> None:
    project.run("--bench-k=4").assert_outcomes(passed=1)
    result = project.result()
    assert result["run_metadata"]["k"] == 4
    assert result["metadata_origins"]["k"] == "this run"


@pytest.mark.parametrize(
    ("value", "words"),
    [("all", "'all' is not a whole number"), ("0", "$.retrieval.k: 0 is not >= 1")],
)
def test_bad_value_is_refused(project: Project, value: str, words: str) -> None:
    project.workload(retrieval={"k": 5})
    TWINS.refuse(project, value, words)
