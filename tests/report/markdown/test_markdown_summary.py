"""The summary in Markdown and the annotations, read by a Markdown library: what a service says does nothing there."""

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.markdown.annotations import annotation_lines, command, no_command
from ragmeter.report.markdown.inert import MOST, code, inert, link
from ragmeter.report.markdown.summary import MARKS, Summed, summary_markdown
from tests.report.examples import every_state, failing, inconclusive, interrupted, invalid, passing

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
STATES = every_state()
HOSTILE = (
    "@octocat and @org/team",
    "see #12, owner/repo#3, !4, ~bug, %5, $6, &7, GH-8",
    "a | b | c",
    "| --- | --- |",
    "<img src=x onerror=alert(1)> <!-- marker --> &lt;",
    "`a` ``b`` **c** _d_ ~~e~~ \\*",
    "[words](https://evil.example) ![](https://evil.example/x.png) <https://evil.example>",
    "https://evil.example/?q www.evil.example http://evil.example mailto:a@evil.example",
    "line\n\n# heading\n- item\n/close\n::error::x",
    "$\\int x$ $$y$$",
    "\x1b[31mred\x07\u200b",
    "x" * 5000,
)


def text(tokens: list[Token]) -> str:
    return "".join(child.content for token in tokens for child in token.children or ())


def summary(*results: RunResult, **keywords: object) -> str:
    return summary_markdown([Summed(result=each) for each in results], mask=str, **keywords)  # type: ignore[arg-type]


@pytest.mark.parametrize("words", HOSTILE)
def test_foreign_words_are_shown_as_they_are_and_are_one_cell(words: str) -> None:
    tokens = MARKDOWN.parse(f"| a | b |\n| --- | --- |\n| {inert(words)} | end |\n")
    assert [token.type for token in tokens].count("td_open") == 2
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "text_special"}
    shown = text(tokens).replace("\N{ZERO WIDTH SPACE}", "")
    plain = " ".join(re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", words).split())
    assert plain.replace("\N{ZERO WIDTH SPACE}", "")[:MOST] in shown


@pytest.mark.parametrize("words", HOSTILE)
def test_no_name_stands_behind_a_sign_that_a_forge_reads(words: str) -> None:
    shown = text(MARKDOWN.parse(inert(words)))
    assert not re.search(r"@\w|(?<!\w)[#!~%$&]\w|\w#\d|https?://|www\.\w", shown), shown


@pytest.mark.parametrize("result", STATES.values(), ids=STATES)
def test_every_state_is_a_heading_and_tables(result: RunResult) -> None:
    tokens = MARKDOWN.parse(summary(result))
    heading = text(tokens[1:2])
    assert heading.startswith(f"{MARKS[result.outcome]} {result.outcome.value.replace('_', ' ')}: ")
    assert not [token for token in tokens if token.type in {"html_block", "fence", "code_block"}]
    rows = [token.type for token in tokens].count("tr_open")
    assert rows >= 7  # the head and six figures


def test_the_same_number_of_cells_stands_in_each_row() -> None:
    for lines in re.findall(r"(?:^\|.*\n)+", summary(failing(), inconclusive()), re.MULTILINE):
        assert len({line.count("|") for line in lines.splitlines()}) == 1


def test_inconclusive_is_visible_as_such() -> None:
    assert "| ⚠️ INCONCLUSIVE | `p95(ttft_ms) <= 1500` |" in summary(inconclusive())


def test_a_link_leads_to_the_web_alone() -> None:
    assert link("a|b", "https://x.example/a b(1).html") == "[a&#124;b](https://x.example/a%20b%281%29.html)"
    assert link("page", "javascript:alert(1)") == "page"
    assert "](https://x.example/r.html)" in summary(passing(), address="https://x.example/r.html")


def test_a_secret_is_masked_before_anything_else() -> None:
    told = replace(failing(), run_metadata={**failing().run_metadata, "region": "k_secret*value"})
    shown = summary_markdown([Summed(result=told)], mask=lambda words: words.replace("k_secret*value", "***"))
    assert "secret" not in shown


def test_code_cannot_be_left() -> None:
    assert code("a`b | c\n") == "`a'b ¦ c`"


def test_a_long_session_is_cut_with_a_word() -> None:
    assert "further runs are on the page" in summary(*[passing()] * 25)


def test_an_annotation_is_one_line_with_what_the_runner_reads_escaped() -> None:
    assert command("error", "a:b,c", "50 %\r\nx::y") == "::error title=a%3Ab%2Cc::50 %25%0D%0Ax::y"


def test_missed_is_an_error_and_undecided_a_warning() -> None:
    lines = annotation_lines([failing(), inconclusive(), invalid(), passing()], mask=str)
    assert [line.split()[0] for line in lines] == ["::error"] * 7 + ["::warning"]
    assert "title=INCONCLUSIVE%3A standard @ akamai-lke::" in lines[-1]


def test_no_more_annotations_than_are_shown() -> None:
    lines = annotation_lines([failing()] * 9, mask=str)
    assert len(lines) == 10
    assert lines[-1].endswith("::27 more are in the summary")


@pytest.mark.parametrize(
    ("line", "is_command"), [("::error::x", True), ("   ::add-mask::x", True), ("a ::error::", False)]
)
def test_a_line_of_ours_is_no_command(line: str, is_command: bool) -> None:
    assert no_command(line).lstrip().startswith("::") is False
    assert (no_command(line) != line) is is_command


def test_every_outcome_has_a_mark() -> None:
    assert set(MARKS) == set(Outcome)


def test_a_run_that_was_interrupted_says_so_in_the_summary_and_beside_the_run() -> None:
    words = "the run was interrupted after 160 measured requests (Ctrl-C)"
    assert f"{words}." in text(MARKDOWN.parse(summary(interrupted())))
    line = next(at for at in annotation_lines([interrupted()], mask=str) if "interrupted%3A" in at)
    assert line.startswith("::warning title=interrupted%3A ")
    assert line.endswith(words)
    assert "interrupted" not in summary(passing())
