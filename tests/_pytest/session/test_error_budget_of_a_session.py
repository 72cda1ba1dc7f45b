"""No green without a bound: what a session says of a run that nobody bounded, and of one whose requests failed."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ragmeter.cli import main
from ragmeter.cli.saved import load
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.jsonfile import load_result
from ragmeter.report.prometheus.result import prometheus_text
from tests._pytest.project import Project, refused
from tests.flaky_service import all_but, flaky_service

GATED = """
    def test_slo(run_workload, slo):
        slo.check(run_workload())
"""
PRICES = {
    "as_of": "2026-10-01",
    "source": "a price list",
    "gpu_node_usd_per_hr": 0.5,
    "gpu_node_count": 1,
    "cpu_node_usd_per_hr": 0.0,
    "cpu_node_count": 0,
    "cluster_mgmt_usd_per_hr": 0.0,
}


@pytest.fixture
def broken() -> Iterator[str]:
    """Answers 2 of 100 questions."""
    with flaky_service(all_but(2, of=100)) as url:
        yield url


@pytest.fixture
def half_broken() -> Iterator[str]:
    with flaky_service(all_but(1, of=2)) as url:
        yield url


def page(project: Project) -> str:
    (found,) = project.pytester.path.glob("reports/ns/*/*.html")
    return found.read_text(encoding="utf-8")


def junit(project: Project) -> dict[str, str]:
    (found,) = project.pytester.path.glob("reports/ns/*/*.xml")
    root = ElementTree.parse(found).getroot()
    return {at.attrib["name"]: at.attrib["value"] for at in root.iter("property")}


def text_of(outcome: pytest.RunResult) -> str:
    """The terminal's words, wrapped anywhere."""
    return re.sub(r"\s+", " ", outcome.stdout.str())


def test_a_run_without_an_slo_is_not_judged_anywhere(project: Project) -> None:
    project.suite(GATED)
    outcome = project.run()
    assert outcome.ret == 0
    outcome.assert_outcomes(passed=1, skipped=1)
    assert "NOT JUDGED tiny @ mine No SLO was declared: nothing was judged." in text_of(outcome)
    result = project.result()
    assert result["outcome"] == "NOT_JUDGED"
    (verdict,) = result["verdicts"]
    assert (verdict["slo"], verdict["outcome"], verdict["origin"]) == (
        "error_ratio <= 0.01",
        "PASS",
        "default error budget",
    )
    assert 'class="badge not_judged"' in page(project)
    assert junit(project)["outcome mine-tiny"] == junit(project)["outcome"] == "NOT_JUDGED"
    gauges = prometheus_text([load_result(json.dumps(result), where="here")])
    assert re.search(r'ragmeter_run_outcome\{[^}]*outcome="NOT_JUDGED"[^}]*\} 1', gauges)


def test_in_strict_mode_a_run_without_an_slo_fails_and_is_not_judged(project: Project) -> None:
    project.suite(GATED)
    outcome = project.run("--bench-strict")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.assert_outcomes(passed=1, errors=1)
    assert project.result()["outcome"] == "NOT_JUDGED"


def test_a_run_that_fails_98_of_100_requests_fails_without_any_slo(project: Project, broken: str) -> None:
    project.provider(base_url=broken, cost=PRICES)
    project.suite(GATED)
    outcome = project.run("--bench-requests=100")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    said = text_of(outcome)
    assert "FAIL tiny @ mine 1 of 1 SLO missed" in said
    assert "error_ratio = 0.98 > 0.01, more than the default error budget" in said
    assert "HTTP 503: 98" in said
    spent = "98 of 100 requests failed, more than the error budget (error_ratio <= 0.01, the default)"
    assert f"per 1M tokens withheld: {spent}" in said
    result = project.result()
    assert (result["outcome"], result["overspent"]) == ("FAIL", spent)
    assert result["failures"] == [{"error": "http_status", "http_status": 503, "requests": 98}]
    cost: dict[str, Any] = result["cost"]
    assert (cost["usd_per_1m_tokens"], cost["usd_per_request"], cost["withheld"]) == (None, None, spent)
    assert cost["usd_per_successful_request"] > 0
    shown = page(project)
    assert 'class="headline fail"' in shown
    assert "HTTP 503" in shown
    assert f"withheld: {spent.replace('<', '&lt;')}" in shown
    assert junit(project)["outcome mine-tiny"] == "FAIL"


def test_latencies_of_a_run_beyond_its_budget_count_failures_as_never_answered(
    project: Project, half_broken: str
) -> None:
    project.provider(base_url=half_broken)
    project.suite(GATED)
    outcome = project.run(
        "--bench-requests=100",
        "--bench-slo=p90(ttft_ms) <= 5000",
        "--bench-slo=p50(tpot_ms) <= 5000",
        "--bench-slo=max(e2e_ms) <= 5000",
        "--bench-slo=requests_per_s >= 0.1",
    )
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    found = {verdict["metric"]: verdict for verdict in project.result()["verdicts"]}
    assert {name: verdict["outcome"] for name, verdict in found.items()} == {
        "ttft_ms": "FAIL",
        "tpot_ms": "NO_DATA",
        "e2e_ms": "FAIL",
        "requests_per_s": "PASS",
        "error_ratio": "FAIL",
    }
    assert (found["ttft_ms"]["judged_on"], found["ttft_ms"]["value"]) == ("adj_ttft_ms", None)
    assert (
        "= ∞ > 5000, failed requests count as never answered: 50 of 100 requests failed" in found["ttft_ms"]["sentence"]
    )
    assert "not judged by the answers that came: 50 of 100" in found["tpot_ms"]["sentence"]


def test_a_budget_that_somebody_wrote_takes_the_place_of_the_default(project: Project, half_broken: str) -> None:
    project.provider(base_url=half_broken)
    project.suite(GATED)
    project.run("--bench-requests=100", "--bench-slo=error_ratio <= 0.7", "--bench-slo=p50(ttft_ms) <= 5000")
    result = project.result()
    assert [(at["slo"], at["outcome"], at["judged_on"]) for at in result["verdicts"]] == [
        ("error_ratio <= 0.7", "PASS", None),
        ("p50(ttft_ms) <= 5000", "PASS", None),
    ]
    assert (result["outcome"], result["overspent"]) == ("PASS", None)


def test_whichever_test_fails_the_outcome_is_that_of_the_session(project: Project) -> None:
    project.suite("""
        def test_contract(bench_case):
            assert False, "the service does not say what it must"

        def test_slo(run_workload, slo):
            slo.check(run_workload())

        def test_of_ones_own(run_workload):
            raise ValueError("too dear")
    """)
    outcome = project.run("--bench-slo=errors <= 0", f"--bench-json={project.pytester.path / 'mine.json'}")
    outcome.assert_outcomes(passed=1, failed=2)
    said = text_of(outcome)
    assert "FAIL tiny @ mine 2 tests of the session failed." in said
    result = project.result()
    assert json.loads(Path("mine.json").read_text(encoding="utf-8")) == result
    assert result["outcome"] == "FAIL"
    assert [(at["test"], at["outcome"], at["of_slo"]) for at in result["failed_tests"]] == [
        ("test_contract[mine-tiny]", "FAIL", False),
        ("test_of_ones_own[mine-tiny]", "FAIL", False),
    ]
    assert "the service does not say what it must" in result["failed_tests"][0]["sentence"]
    assert 'class="headline fail"' in page(project)
    assert "too dear" in page(project)
    assert junit(project)["outcome mine-tiny"] == "FAIL"
    (record,) = project.reports.glob("ns/mine/*.raw.jsonl")
    again = load(record)
    assert (again.outcome, again.failed_tests, again.warnings) == (
        Outcome.FAIL,
        load(record.with_name(f"{record.name.partition('.')[0]}.json")).failed_tests,
        tuple(result["warnings"]),
    )
    assert main(["judge", str(record), "--slo", "errors <= 0", "--json", "again.json"]) == 0
    assert json.loads(Path("again.json").read_text("utf-8"))["outcome"] == "FAIL", "the other two tests failed, too"


def test_a_record_of_before_says_that_the_tests_of_its_session_are_unknown(project: Project) -> None:
    project.suite(GATED)
    assert project.run("--bench-slo=errors <= 0").ret == 0
    (record,) = project.reports.glob("ns/mine/*.raw.jsonl")
    assert load(record).outcome is Outcome.PASS
    assert "tests of that session" not in " ".join(load(record).warnings)
    lines = record.read_text("utf-8").splitlines(keepends=True)
    record.write_text("".join(line for line in lines if "failed_tests" not in line), "utf-8")
    assert load(record).outcome is Outcome.PASS
    assert any(words.startswith("the tests of that session are unknown") for words in load(record).warnings)


def test_a_plan_that_cannot_decide_an_slo_is_told_before_the_first_request(project: Project) -> None:
    project.suite(GATED)
    outcome = project.run("--bench-slo=p95(ttft_ms) <= 9000", "--bench-requests=100")
    why = (
        "--bench-slo: SLO of mine-tiny: p95(ttft_ms) <= 9000: 100 requests cannot show this, however good they are; "
        "--bench-requests 130 can"
    )
    assert f"ragmeter: warning: {why}" in outcome.stdout.str().replace("\n", "")
    project.forget()
    outcome = project.run("--bench-slo=p95(ttft_ms) <= 9000", "--bench-requests=100", "--bench-strict")
    refused(project, outcome, f"{why}; --bench-strict: what cannot be decided cannot gate")


def test_no_provider_that_breaks_its_budget_is_called_faster(project: Project, half_broken: str) -> None:
    """The healthy one is slow, and the flaky one fast in what it answers."""
    project.provider("flaky", base_url=half_broken)
    project.provider("healthy", script="slow")
    outcome = project.run(
        "--provider=./flaky.yaml",
        "--provider=./healthy.yaml",
        "--bench-trials=5",
        "--bench-requests=12",
        provider=None,
    )
    said = text_of(outcome)
    assert "flaky is called neither faster nor cheaper: 30 of 60 requests failed" in said
    assert "faster by" not in said
    (document,) = project.pytester.path.glob("reports/ns/*/*.comparison.json")
    found = json.loads(document.read_text(encoding="utf-8"))
    assert {at["decision"] for pair in found["pairs"] for at in pair["metrics"]} == {"NOT_DECIDABLE"}
    assert "failures make a service look fast: flaky: 30 of 60" in found["pairs"][0]["metrics"][0]["sentence"]
    text = document.with_suffix(".html").read_text(encoding="utf-8")
    assert text.index("Error budgets that are spent") < text.index('class="cards"')
