"""What a session ends with: the verdict, why, six figures and the files."""

import re
from dataclasses import replace

import pytest

from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.markdown.summary import Summed, summary_markdown
from ragmeter.report.text.fitting import Page
from ragmeter.report.text.verdict_block import file_lines, run_line, verdict_block
from ragmeter.report.words.bounds import reasons
from ragmeter.report.words.format import money, number
from ragmeter.report.words.headline import headlines
from tests.report.examples import every_state, failing, inconclusive, invalid, no_data, passing, tiny

STATES = every_state()
WIDTHS = (60, 80, 120)
SGR = re.compile(r"\x1b\[[0-9;]*m")


def block(result: RunResult, width: int = 80) -> str:
    return "\n".join(verdict_block(result, {}, width=width, colour=False))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("result", STATES.values(), ids=STATES)
def test_it_fits_and_colour_adds_nothing_but_colour(result: RunResult, width: int) -> None:
    plain = verdict_block(result, {}, width=width, colour=False)
    assert max(map(len, plain)) <= width
    assert [SGR.sub("", line) for line in verdict_block(result, {}, width=width, colour=True)] == plain


@pytest.mark.parametrize("result", STATES.values(), ids=STATES)
def test_there_are_six_figures_and_a_run_is_one_line_when_asked(result: RunResult) -> None:
    assert len(headlines(result)) == 6
    line = run_line(result, colour=False)
    assert "\n" not in line
    assert line.startswith(result.outcome.value.replace("_", " "))


def test_a_missed_slo_is_said_in_words_and_the_worst_comes_first() -> None:
    text = block(failing())
    assert re.search(r"FAIL  TTFT p95 is [\d,]+ ms \([\d,]+\N{EN DASH}[\d,]+\), above 1,500 ms", text)
    assert "share of good answers is 90.4 %" in text
    assert "p95(ttft_ms)" not in text
    found = [outcome for outcome, _ in reasons(no_data())]
    assert found == sorted(found, key=[Outcome.FAIL, Outcome.INVALID, Outcome.NO_DATA, Outcome.INCONCLUSIVE].index)


def test_what_is_undecided_and_what_lacks_data_say_so() -> None:
    assert "whether it is at most 1,500 ms is undecided" in block(inconclusive(), 200)
    assert "too few samples to judge" in block(no_data())
    assert "too few samples" in block(tiny())


def test_no_line_ends_between_a_number_and_its_unit() -> None:
    page = Page(width=40, colour=False)
    lines = page.paragraph("the share of failed requests is at most 2 % and TTFT below 1,500 ms at 3 servers")
    assert [line.strip() for line in lines] == [
        "the share of failed requests is at",
        "most 2 % and TTFT below 1,500 ms at 3",
        "servers",
    ]
    for width in range(40, 121):
        assert not re.search(r"\d\n +(%|ms)\b", block(inconclusive(), width))


def test_a_client_that_was_not_fit_judges_nothing() -> None:
    text = block(invalid())
    assert "INVALID  the client's CPU was at 97 %" in text
    assert "above 1,500 ms" not in text


def test_a_run_that_passes_has_nothing_to_explain() -> None:
    assert reasons(passing()) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_cells_never_touch(width: int) -> None:
    page = Page(width=width, colour=False)
    cells = [
        "p50 0.00000012 ms (0.000000119\N{EN DASH}0.000000121)",
        "p95 1,234,567 ms (1,234,566\N{EN DASH}1,234,568)",
    ]
    for line in page.cells("TTFT", cells):
        assert line.count("p50") + line.count("p95") < 2 or re.search(r"\)  +p95", line), line


@pytest.mark.parametrize("value", [0.0, -0.0, -1e-15, 1e-12, -4e-10])
def test_nothing_has_no_sign_and_no_decimals(value: float) -> None:
    assert number(value) == "0"
    assert money(-1e-15) == "$0.00"


def test_files_that_differ_in_their_endings_are_written_as_a_shell_expands_them() -> None:
    paths = ["a/Z.json", "a/Z.raw.jsonl", "a/Z.html", "a/Z.xml", "b/c.comparison.html", "mine.json"]
    assert file_lines(paths) == [
        "  page       a/Z.html",
        "             b/c.comparison.html",
        "  files      a/Z.{json,raw.jsonl,xml}",
        "             mine.json",
    ]
    assert file_lines([]) == []


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.NOT_JUDGED, Outcome.NO_DATA])
def test_a_run_that_was_interrupted_says_so_in_every_short_form(outcome: Outcome) -> None:
    cut = replace(failing(), status="interrupted", outcome=outcome)
    assert "interrupted" in block(cut)
    assert "interrupted" in run_line(cut, colour=False)
    assert "interrupted" in summary_markdown([Summed(result=cut)], mask=str)
