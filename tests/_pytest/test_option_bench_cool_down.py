"""--bench-cool-down."""

from itertools import pairwise

import pytest

from tests._pytest.project import Project
from tests._pytest.twins import Twins

TWINS = Twins(name="bench_cool_down", key="benchmark.cool_down", manifest=0.1, option=0.4, environment=0.3, ini=0.2)


def test_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    project.workload(benchmark={"cool_down": 0.1})
    TWINS.hold(project)


def test_it_lies_between_the_trials(project: Project) -> None:
    project.run("--bench-cool-down=0.3", "--bench-trials=3").assert_outcomes(passed=1)
    parts = project.lines("part")
    gaps_ns = [late["began_ns"] - early["ended_ns"] for early, late in pairwise(parts)]
    assert len(gaps_ns) == 2
    assert min(gaps_ns) >= 0.3e9


def test_it_changes_nothing_of_what_is_asked(project: Project) -> None:
    project.run("--bench-cool-down=0.01").assert_outcomes(passed=1)
    with_it = project.result()["workload_manifest_hash"]
    project.forget()
    project.run().assert_outcomes(passed=1)
    assert project.result()["workload_manifest_hash"] == with_it


@pytest.mark.parametrize(
    ("value", "words"),
    [("long", "'long' is not a number"), ("-1", "$.benchmark.cool_down: -1.0 is not >= 0")],
)
def test_bad_value_is_refused(project: Project, value: str, words: str) -> None:
    project.workload(benchmark={"cool_down": 0.1})
    TWINS.refuse(project, value, words)
