"""--bench-until."""

import pytest

from tests._pytest.project import Project, refused

RULE = "ci_width=60%,metric=p50(ttft_ms),max_trials=12"
PRECISION = """
    def test_precision(precision):
        precision.check()
"""


def test_trials_go_on_until_the_interval_is_narrow_and_three_more(project: Project) -> None:
    project.provider(script="slow")
    project.run(f"--bench-until={RULE}").assert_outcomes(passed=1)
    result = project.result()
    assert result["trials"] == len(project.lines("part")) == 8
    assert (result["undecided"], result["status"]) == (None, "complete")
    at = result["estimates"]["ttft_ms"]["p50"]
    assert (at["high"] - at["low"]) / at["value"] <= 0.6


def test_trials_that_do_not_make_it_narrow_enough_are_inconclusive(project: Project) -> None:
    project.suite(PRECISION)
    rule = "--bench-until=ci_width=0.0001%,max_trials=5"
    outcome = project.run(rule, "--bench-slo=mean(ttft_ms) <= 90000", "--bench-requests=4")
    outcome.assert_outcomes(passed=1)
    outcome.stdout.fnmatch_lines(["  INCONCLUSIVE: mine-tiny-*: after 5 trials: * interval of mean(ttft_ms) of mine*"])
    result = project.result()
    assert (result["outcome"], result["status"], result["trials"]) == ("INCONCLUSIVE", "complete", 5)
    assert f"undecided: {result['undecided']}" in result["warnings"]
    project.forget()
    outcome = project.run(rule, "--bench-slo=mean(ttft_ms) <= 90000", "--bench-requests=4", "--bench-strict")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED


def test_budget_ends_the_trials_before_one_that_would_go_beyond(project: Project) -> None:
    """Trials of at least 0.6 s each, pause included, in 6 s."""
    project.provider(script="slow")
    rule = "ci_width=0.0001%,metric=p50(ttft_ms),max_minutes=0.1"
    project.run(f"--bench-until={rule}", "--bench-cool-down=0.5").assert_outcomes(passed=1)
    result = project.result()
    assert "as another block would have cost 0.1" in result["undecided"]
    assert 1 <= result["trials"] < 10
    assert result["status"] == "complete"


def test_all_providers_go_on_until_the_last_is_known(project: Project) -> None:
    project.provider("other", script="slow")
    project.run("--provider=./other.yaml", f"--bench-until={RULE}").assert_outcomes(passed=2)
    first, second = project.results()
    assert first["trials"] == second["trials"] >= 8


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("5%", "'5%' is not a list of key=value such as ci_width=5%,max_trials=20"),
        ("max_trials=9", "$.until: 'ci_width' is missing"),
        ("ci_width=0%", "$.until.ci_width: '0%' is not like '5%' or '2.5%'"),
        ("ci_width=5%,max_trials=4", "$.until.max_trials: 4 is not >= 5"),
        ("ci_width=5%,trials=9", "$.until.trials: unknown key; did you mean 'max_trials'?"),
        ("ci_width=5%", "tiny.yaml: $.until: no SLO has an interval over trials; write $.until.metric"),
        ("ci_width=5%,metric=p50(ttft_ms),max_usd=1", "$.until.max_usd: dollars cannot be counted: mine.yaml: "),
    ],
)
def test_bad_value_is_refused(project: Project, value: str, words: str) -> None:
    refused(project, project.run(f"--bench-until={value}"), words)


def test_number_of_trials_beside_it_is_refused(project: Project) -> None:
    outcome = project.run(f"--bench-until={RULE}", "--bench-trials=9")
    refused(project, outcome, "$.benchmark.trials: 9 has no meaning with $.until; write $.until.max_trials")
