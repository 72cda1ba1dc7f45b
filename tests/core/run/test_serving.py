"""The servers' part of a result: from the readings of the raw record, against the client's counts, in the reports."""

from dataclasses import replace
from pathlib import Path

import pytest

from ragmeter.core.codec import encode
from ragmeter.core.figures.observe.records import Reading
from ragmeter.core.result.build import result_of
from ragmeter.core.result.documented import documented
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.plan import DeclaredSlo, RunEnding
from ragmeter.core.run.serving import caveat_of_counts
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.html.scorecard_page import page_html
from ragmeter.report.text.terminal import summary_lines
from ragmeter.run.store import SampleLog, read
from tests.core.figures.observe.test_estimates import OTHER, trial
from tests.saved import plan_of, samples_of

SLOS = (
    "max(kv_cache_usage_ratio) <= 0.9",
    "mean(llm_prefill_ms) <= 100",
    "preemptions <= 1",
    "prefix_hit_ratio >= 0.2",
)
PLAN = replace(plan_of("mine"), slos=tuple(DeclaredSlo(expression=each, origin="here") for each in SLOS))
SAMPLES = samples_of([1.0], requests=12)  # of ten tokens each, which is what the server counts, too


def ended(*readings: list[Reading]) -> RunEnding:
    return RunEnding(status="complete", readings=tuple(each for one in readings for each in one))


def result(*readings: list[Reading]) -> RunResult:
    return result_of(PLAN, SAMPLES, ended(*readings), raw_samples_path=None)


def test_the_server_and_the_client_count_the_same_and_slos_are_judged() -> None:
    found = result(trial())
    assert found.serving is not None
    (counts,) = found.serving.counts
    assert (counts.llm_output_tokens, counts.client_output_tokens) == (120.0, 120)
    assert found.rates["prefix_hit_ratio"].value == 0.25
    assert found.rates["preemptions"].value == 2
    outcomes = {verdict.slo: verdict.outcome for verdict in found.verdicts}
    assert [outcomes[each] for each in SLOS] == [Outcome.PASS, Outcome.NO_DATA, Outcome.FAIL, Outcome.PASS]
    again = documented(found).estimate("kv_cache_usage_ratio", "max")
    assert again is not None
    assert again.value == 0.5, "the document alone says it, too"


def test_a_run_that_nobody_observed_says_nothing_of_its_servers() -> None:
    found = result()
    assert found.serving is None
    assert all(v.outcome is Outcome.NO_DATA for v in found.verdicts if v.slo in SLOS)
    assert "Servers" not in page_html([found])


def test_everything_is_computed_again_from_the_raw_record(tmp_path: Path) -> None:
    ending = ended(trial(lost=(4,)), trial(source=OTHER))
    path = tmp_path / "a run.raw.jsonl"
    with SampleLog(path) as log:
        log.run(PLAN, SAMPLES, ending)
    plan, samples, read_ending = read(path)
    assert read_ending == ending
    computed = result_of(plan, samples, read_ending, raw_samples_path=None)
    assert encode(computed.serving) == encode(result_of(PLAN, SAMPLES, ending, raw_samples_path=None).serving)


@pytest.mark.parametrize(
    ("readings", "failed", "words"),
    [
        ([trial()], 0, None),
        (
            [trial(), trial(source=OTHER)],
            0,
            "the LLM servers counted 240 output tokens, and the answers had 120: others",
        ),
        ([trial(), trial(source=OTHER)], 1, None),
        ([], 0, None),
    ],
)
def test_tokens_of_others_are_a_caveat(readings: list[list[Reading]], failed: int, words: str | None) -> None:
    found = caveat_of_counts(result(*readings).serving, failed=failed)
    assert (found is None) if words is None else (found or "").startswith(words)


def test_reports_say_what_the_servers_did_what_is_not_known_and_what_it_cost() -> None:
    found = result(trial(lost=(3, 4, 5, 6)))
    page, lines = page_html([found]), "\n".join(summary_lines(found, width=100, colour=False))
    for words in (
        "vLLM one",
        "not read for 5.0 s from 2.5 s on",
        "Observing: 14 readings of 1 pages, 4 of them failed",
    ):
        assert words in page
    assert "Running requests of the LLM is not known" in " ".join(lines.split())
    assert "output tokens: 120 by the LLM servers" in " ".join(lines.split())
    assert "observing" in lines
    whole = " ".join("\n".join(summary_lines(result(trial()), width=100, colour=False)).split())
    assert "LLM waiting mean 4.00, at most 4.00" in whole
    assert "prefix hits 25 %" in whole
