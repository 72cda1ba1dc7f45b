"""--bench-cool-down."""

from itertools import pairwise

from tests._pytest.project import Project


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
