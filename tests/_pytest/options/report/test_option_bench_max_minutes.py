"""--bench-max-minutes."""

from ragmeter._pytest.hooks.live import BUDGET_SPENT
from tests._pytest.project import Project, refused

OPEN = ("--bench-shape=constant", "--bench-rate=10")


def test_plan_that_cannot_stay_below_is_refused_before_the_load(project: Project) -> None:
    """Two providers, each as two runs, and 9 trials: 36 trials and 35 pauses."""
    project.provider("other")
    plan = (
        "--provider=./other.yaml",
        "--bench-aa",
        "--bench-trials=9",
        "--bench-cool-down=60",
        "--bench-max-minutes=34.9",
    )
    words = "the schedules and pauses of the plan alone take 35 of at most 34.9 minutes"
    refused(project, project.run(*plan), "--bench-max-minutes: ", words)


def test_session_stops_in_time_and_keeps_what_was_measured(project: Project) -> None:
    project.provider(script="slow")
    outcome = project.run("--bench-max-minutes=0.08", "--bench-requests=5000", "--bench-trials=5")
    assert outcome.ret == BUDGET_SPENT
    outcome.stdout.fnmatch_lines(["*the budget is spent: 0.* of at most 0.08 minutes; what was measured is in *"])
    result = project.result()
    assert result["status"] == "interrupted"
    assert 2 <= result["requests"] < 2500, "at 120 ms each, two at a time, all of them take ten minutes and more"
    assert "Traceback" not in outcome.stdout.str()


def test_what_comes_after_is_not_measured(project: Project) -> None:
    project.workload("second")
    outcome = project.run(
        "--workload=./tiny.yaml", "--workload=./second.yaml", "--bench-max-minutes=0.01", "--bench-requests=5000"
    )
    assert outcome.ret == BUDGET_SPENT
    outcome.assert_outcomes(failed=2)
    outcome.stdout.fnmatch_lines(["*mine-second: the budget is spent: *"])
    assert len(project.results()) == 1


def test_pause_between_trials_is_ended_too(project: Project) -> None:
    outcome = project.run(
        "--bench-max-minutes=0.02", "--bench-until=ci_width=1%,metric=p50(ttft_ms)", "--bench-cool-down=0.1"
    )
    assert outcome.ret == BUDGET_SPENT
    assert project.result()["status"] == "interrupted"


def test_plan_and_prediction_are_said(project: Project) -> None:
    outcome = project.run(*OPEN, "--bench-requests=21", "--bench-warmup=11")
    plan = "plan of tiny: 1 trial of 21 requests; at least 3*s"
    outcome.stdout.fnmatch_lines([plan, "predicted from the warm-up: 2.0* s from now on"])
