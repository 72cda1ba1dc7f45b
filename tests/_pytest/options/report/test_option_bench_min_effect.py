"""--bench-min-effect."""

import pytest

from tests._pytest.project import Project


@pytest.fixture(autouse=True)
def two(project: Project) -> None:
    project.provider("other")


def used(project: Project, *arguments: str) -> float:
    project.run("--provider=./other.yaml", *arguments).assert_outcomes(passed=2)
    found = project.comparison()["min_effect_ratio"]
    project.forget()
    return float(found)


def test_comparison_is_made_with_it(project: Project) -> None:
    assert used(project) == 0.05
    assert used(project, "--bench-min-effect=10%") == 0.1
