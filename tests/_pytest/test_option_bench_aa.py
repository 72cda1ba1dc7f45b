"""--bench-aa."""

import json

from tests._pytest.project import Project, refused

TRIALS = ("--bench-trials=5", "--bench-requests=4")


def arms(project: Project) -> int:
    found = len(list(project.reports.glob("ns/mine/*.raw.jsonl")))
    project.forget()
    return found


def test_option_wins_over_environment_and_ini(project: Project) -> None:
    project.ini(bench_aa="true")
    assert project.run().ret == 0
    assert arms(project) == 2
    project.env(RAGMETER_AA="off")
    assert project.run().ret == 0
    assert arms(project) == 1
    assert project.run("--bench-aa").ret == 0
    assert arms(project) == 2


def test_bad_value_is_refused(project: Project) -> None:
    project.env(RAGMETER_AA="perhaps")
    refused(project, project.run(), "environment RAGMETER_AA: 'perhaps' is not one of")


def test_one_provider_runs_as_two_interleaved_arms_and_they_are_compared(project: Project) -> None:
    outcome = project.run("--bench-aa", *TRIALS)
    outcome.assert_outcomes(passed=1)
    assert project.sent == 2 * 5 * 4
    (pair,) = project.comparison()["pairs"]
    assert (pair["a"], pair["b"], pair["blocks"]) == ("mine #1", "mine #2", 5)
    outcome.stdout.fnmatch_lines(["mine #1 (A) and mine #2 (B), 5 and 5 trials, 5 interleaved pairs*"])


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
    assert [len(result["verdicts"]) for result in project.results()] == [0, 1]
