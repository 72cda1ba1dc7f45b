"""--bench-slo."""

import pytest

from ragmeter._pytest.hooks.unfit import EXIT_INVALID
from tests._pytest.project import Project, refused

GATED = """
    def test_slo(run_workload, slo):
        slo.check(run_workload())
"""


@pytest.fixture(autouse=True)
def gated(project: Project) -> None:
    project.suite(GATED)


def declared(project: Project) -> list[tuple[str, str]]:
    found = [(verdict["slo"], verdict["origin"]) for verdict in project.result()["verdicts"]]
    project.forget()
    return found


def test_it_is_judged_beside_those_of_manifest_and_provider(project: Project) -> None:
    project.workload(slo=["errors <= 0"])
    project.provider(slo=["max(ttft_ms) <= 9000"])
    project.run("--bench-slo=max(e2e_ms) <= 9000", "--bench-slo=errors<=0").assert_outcomes(passed=3)
    assert declared(project) == [
        ("errors <= 0", "--bench-slo"),
        ("max(ttft_ms) <= 9000", "mine.yaml"),
        ("max(e2e_ms) <= 9000", "--bench-slo"),
    ]


def test_miss_fails_with_metric_value_bound_interval_and_n(project: Project) -> None:
    outcome = project.run("--bench-slo=p95(ttft_ms) <= 0.001", "--bench-requests=40")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.stdout.re_match_lines(
        [r"FAIL: tiny @ mine: p95\(ttft_ms\) = \S+ > 0\.001  \(95% CI \S+\.\.\S+, n=40, 0 failed\)"]
    )


def test_too_few_samples_fail_as_no_data(project: Project) -> None:
    outcome = project.run("--bench-slo=p95(ttft_ms) <= 9000")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.stdout.fnmatch_lines(["NO_DATA: tiny @ mine: p95(ttft_ms) = * n=2 is too small for p95 (needs 130)*"])


def test_no_success_fails_as_no_data(project: Project) -> None:
    project.provider(script="http_500")
    outcome = project.run("--bench-slo=p50(ttft_ms) <= 9000")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.stdout.fnmatch_lines(
        ["NO_DATA: tiny @ mine: p50(ttft_ms) = ∞ > 9000, failed requests count as never answered*2 failed*"]
    )


def test_run_of_a_late_client_is_invalid_and_fails_whatever_its_figures(project: Project) -> None:
    """A schedule that nothing can keep."""
    shape = ["--bench-shape=constant", "--bench-rate=1000000", "--bench-requests=300"]
    outcome = project.run("--bench-slo=errors <= 300", *shape)
    assert outcome.ret == EXIT_INVALID
    (run,) = project.results()
    assert any(reason.startswith("the client sent") for reason in run["harness"]["reasons"])
    outcome.stdout.fnmatch_lines(["INVALID: tiny @ mine: errors = * not valid: *"])


def test_run_without_any_slo_skips_the_gate(project: Project) -> None:
    outcome = project.run("-rs")
    outcome.assert_outcomes(passed=1, skipped=1)
    outcome.stdout.fnmatch_lines(["SKIPPED*no SLO is declared in the manifest, the provider file or --bench-slo*"])


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("p95(ttft_ms) =< 5", "not understood; write it like 'p95(ttft_ms) <= 1500'"),
        ("p95(tftt_ms) <= 5", "unknown metric 'tftt_ms'; did you mean ttft_ms"),
        ("p101(ttft_ms) <= 5", "unknown statistic 'p101'; allowed: "),
        ("ttft_ms <= 5", "ttft_ms has many values; write a statistic of it: p95(ttft_ms)"),
        ("error_ratio <= 1.5", "must be between 0 and 1"),
        ("p95(ttft_ms) >= 5", "lower ttft_ms is better, so the bound is <="),
    ],
)
def test_expression_that_judges_nothing_is_refused(project: Project, expression: str, words: str) -> None:
    refused(project, project.run(f"--bench-slo={expression}"), f"--bench-slo: SLO '{expression}'", words)
    project.env(RAGMETER_SLO=expression)
    refused(project, project.run(), f"environment RAGMETER_SLO: SLO '{expression}'", words)
    project.patch.delenv("RAGMETER_SLO")
    project.ini(bench_slo=expression)
    refused(project, project.run(), f"ini bench_slo: SLO '{expression}'", words)
