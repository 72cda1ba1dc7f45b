"""A backend of the predecessor: no usage block, deltas that it calls tokens, a ``ttft`` event, no ``/info`` of ours."""

from statistics import median

import pytest

from ragmeter.testing import StreamTruth
from tests._pytest.project import Project

TRIAL = ("--bench-requests=10", "--bench-concurrency=5", "--workload=./tiny.yaml")
PRICED = {
    "as_of": "2026-01-30",
    "source": "list prices",
    "gpu_node_usd_per_hr": 0.52,
    "gpu_node_count": 1,
    "cpu_node_count": 0,
    "cluster_mgmt_usd_per_hr": 0,
}


def own_tpot_ms(truth: StreamTruth) -> float:
    """As the predecessor's client has it: from the first to the last token, over one token fewer than ``done`` says."""
    return (truth.text_ns[-1] - truth.text_ns[0]) / (len(truth.text_ns) - 1) / 1e6


@pytest.fixture
def measured(project: Project) -> tuple[Project, pytest.RunResult, list[StreamTruth]]:
    project.provider(script="predecessor-32", cost=PRICED)
    outcome = project.run(*TRIAL)
    outcome.assert_outcomes(passed=1)
    return project, outcome, list(project.service.truths().values())[-10:]


def test_its_tokens_and_tpot_are_those_that_its_own_client_computes(
    measured: tuple[Project, pytest.RunResult, list[StreamTruth]],
) -> None:
    project, _, truths = measured
    result = project.result()
    assert result["total_tokens"] == sum(len(truth.text_ns) for truth in truths) == 320
    assert result["tpot_p50_ms"] == pytest.approx(median(own_tpot_ms(truth) for truth in truths), rel=0.02)
    assert result["tpot_p50_ms"] == pytest.approx(20.0, rel=0.05)
    assert result["rates"]["output_tokens_per_s"]["value"] > 0
    assert result["cost"]["usd_per_1m_tokens"] > 0


def test_that_they_are_deltas_is_said_wherever_they_are_shown(
    measured: tuple[Project, pytest.RunResult, list[StreamTruth]],
) -> None:
    project, outcome, _ = measured
    assert {sample["token_source"] for sample in project.samples()} == {"deltas"}
    assert project.result()["token_source"] == "deltas"
    assert any(words.startswith("tokens are counted by deltas") for words in project.result()["warnings"])
    said = " ".join(outcome.stdout.str().split())
    assert "0 failed, tokens counted by deltas" in said
    assert "warning: tokens are counted by deltas" in said
    (page,) = project.reports.glob("ns/mine/*.html")
    assert "Tokens are counted by deltas." in page.read_text(encoding="utf-8")


def test_a_baseline_that_was_counted_by_usage_is_refused(project: Project) -> None:
    project.run(*TRIAL).assert_outcomes(passed=1)
    project.provider(script="predecessor-32")
    project.suite("""
        def test_no_regression(baseline):
            baseline.check()
    """)
    outcome = project.run(*TRIAL, "--bench-baseline=last", "-k", "p50 and ttft_ms")
    outcome.assert_outcomes(failed=1, deselected=5)
    outcome.stdout.fnmatch_lines(["*INVALID: *token_source was 'usage' and is 'deltas'*"])
