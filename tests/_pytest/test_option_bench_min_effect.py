"""--bench-min-effect."""

import pytest

from tests._pytest.project import Project, refused


@pytest.fixture(autouse=True)
def two(project: Project) -> None:
    project.provider("other")


def used(project: Project, *arguments: str) -> float:
    project.run("--provider=./other.yaml", *arguments).assert_outcomes(passed=2)
    found = project.comparison()["min_effect_ratio"]
    project.forget()
    return float(found)


def test_option_wins_over_environment_and_ini(project: Project) -> None:
    assert used(project) == 0.05
    project.ini(bench_min_effect="2%")
    assert used(project) == 0.02
    project.env(RAGMETER_MIN_EFFECT="3 %")
    assert used(project) == 0.03
    assert used(project, "--bench-min-effect=0.1") == 0.1


@pytest.mark.parametrize("value", ["0", "100%", "1.5", "much", "5%%"])
def test_bad_value_is_refused(project: Project, value: str) -> None:
    refused(project, project.run(f"--bench-min-effect={value}"), "--bench-min-effect: ", value)
