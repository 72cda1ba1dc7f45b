"""--bench-aa."""

import json

from tests._pytest.project import Project

TRIALS = ("--bench-trials=5", "--bench-requests=4")


def test_one_provider_runs_as_two_interleaved_arms_and_they_are_compared(project: Project) -> None:
    outcome = project.run("--bench-aa", *TRIALS)
    outcome.assert_outcomes(passed=1)
    assert project.sent == 2 * 5 * 4
    (pair,) = project.comparison()["pairs"]
    assert (pair["a"], pair["b"], pair["blocks"]) == ("mine", "mine again", 5)
    outcome.stdout.fnmatch_lines(["mine (A) and mine again (B), 5 and 5 trials, 5 interleaved pairs*"])


def test_noise_of_every_provider_is_the_band_of_their_comparison(project: Project) -> None:
    project.provider("other")
    project.run("--bench-aa", "--provider=./other.yaml", *TRIALS).assert_outcomes(passed=2)
    (path,) = project.reports.glob("ns/mine+other/*.comparison.json")
    found = json.loads(path.read_text(encoding="utf-8"))
    assert [side["label"] for side in found["sides"]] == ["mine", "other"]
    assert len(found["noise_from"]) == 4
    assert all(at["noise_ratio"] > 0 for at in found["pairs"][0]["metrics"] if at["ratio"]["value"] is not None)
    assert len(list(project.reports.glob("ns/*/*-aa.comparison.json"))) == 2


def test_slos_are_judged_of_the_first_arm_alone(project: Project) -> None:
    project.suite("""
        def test_slo(run_workload, slo):
            slo.check(run_workload())
    """)
    project.run("--bench-aa", "--bench-slo=errors <= 0").assert_outcomes(passed=1)
    again, first = project.results()
    assert [verdict["slo"] for verdict in first["verdicts"]] == ["errors <= 0"]
    assert [verdict["slo"] for verdict in again["verdicts"]] == ["error_ratio <= 0.01"]  # every run has an error budget
