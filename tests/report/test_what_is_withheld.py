"""What a report does not show, and says why: prices and waterfalls that nobody should read, and pooled steps."""

from dataclasses import replace

import pytest

from ragmeter.core.money.cost import Cost, withhold
from ragmeter.core.result.failures import FailedTest, FailureCount
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.html.scorecard_page import page_html
from ragmeter.report.prometheus.result import prometheus_text
from ragmeter.report.tables.over_time import history_rows
from ragmeter.report.text.terminal import summary_lines
from tests.report.examples import invalid, passing, second_provider
from tests.report.test_sweep import step

SPENT = "98 of 100 requests failed, more than the error budget (error_ratio <= 0.01, the default)"


def terminal(result: RunResult) -> str:
    return " ".join(" ".join(summary_lines(result, width=100, colour=False)).split())


def spent() -> RunResult:
    result = passing()
    assert isinstance(result.cost, Cost)
    return replace(
        result,
        outcome=Outcome.FAIL,
        overspent=SPENT,
        cost=withhold(result.cost, SPENT),
        failures=(
            FailureCount(error="http_status", http_status=503, requests=96),
            FailureCount(error="timeout", http_status=None, requests=1),
            FailureCount(error="error_event", http_status=200, requests=1),
        ),
    )


def swept() -> RunResult:
    return replace(passing(), steps=(step(0, 5.0, 100.0), step(1, 10.0, 900.0)))


def test_a_price_is_withheld_with_its_reason_and_the_price_of_an_answer_stays() -> None:
    said = terminal(spent())
    assert f"per 1M tokens withheld: {SPENT}" in said
    assert "per good request" in said
    page = page_html([spent(), second_provider()])
    assert page.count(f"withheld: {SPENT.replace('<', '&lt;')}") == 3
    assert "Per good request" in page


def test_nothing_is_withheld_from_a_run_within_its_budget() -> None:
    cost = passing().cost
    assert cost is not None
    assert withhold(cost, None) is cost
    assert "withheld" not in terminal(passing()) + page_html([passing()])


@pytest.mark.parametrize("words", ["HTTP 503", "timeout", "error event (HTTP 200)", SPENT.split(",", maxsplit=1)[0]])
def test_failures_are_counted_by_class_and_status(words: str) -> None:
    assert words in terminal(spent())
    assert words in page_html([spent()])


def test_an_invalid_run_has_no_waterfall() -> None:
    assert invalid().attribution is not None
    assert "TTFT mean" not in terminal(invalid())
    assert 'class="waterfalls"' not in page_html([invalid()])
    assert "TTFT mean" in terminal(passing())


def test_steps_that_are_pooled_are_no_figures_of_the_run() -> None:
    assert "TTFT p50 " in terminal(passing())
    assert "TTFT p50 640" not in terminal(swept())
    assert "Main figures" not in page_html([swept()])
    assert "ragmeter_ttft_seconds{" not in prometheus_text([swept()])


@pytest.mark.parametrize("result", [swept(), spent()], ids=["sweep", "spent"])
def test_the_history_has_no_latency_that_is_of_no_load(result: RunResult) -> None:
    (row,) = history_rows([("a.json", result)])
    assert (row.ttft_p50_ms, row.ttft_p95_ms, row.tpot_p50_ms, row.trend) == (None, None, None, (None,))


def test_a_test_that_failed_is_told_with_its_words() -> None:
    failed = FailedTest(test="test_contract[x]", outcome=Outcome.FAIL, sentence="no request id <here>")
    result = replace(passing(), outcome=Outcome.FAIL, failed_tests=(failed,))
    assert "1 test of the session failed" in terminal(result)
    assert "FAIL test_contract[x]: no request id <here>" in terminal(result)
    page = page_html([result])
    assert "no request id &lt;here&gt;" in page
    assert 'class="headline fail"' in page


def test_tests_that_failed_for_one_reason_are_told_once() -> None:
    names = ("test_a", "test_b", "test_c")
    failed = tuple(FailedTest(test=name, outcome=Outcome.FAIL, sentence="it was not measured") for name in names)
    result = replace(passing(), outcome=Outcome.FAIL, failed_tests=failed)
    assert "3 tests of the session failed" in terminal(result)
    assert "FAIL test_a, test_b, test_c: it was not measured" in terminal(result)
    assert terminal(result).count("it was not measured") == page_html([result]).count("it was not measured") - 1 == 1
