"""The index of a folder: what is drawn, what is only told, and that nothing of a file becomes markup."""

import re

import pytest

from ragmeter.core.result.result import RunResult
from ragmeter.report.html.index.page import index_page
from ragmeter.report.html.index.records import Index
from tests.report.examples import invalid, passing
from tests.report.html.over_time import index, many, run_at, thirty
from tests.report.pages import Element, parsed


def _marks(page: Element) -> list[str]:
    """What the first chart of the first trend draws, by class."""
    charts = [at for at in page.of_class("series")[0].all("svg") if at.attributes.get("role") == "img"]
    return [at.attributes["class"] for at in charts[0].all() if "class" in at.attributes]


def test_a_new_level_is_marked_in_the_trend_and_beside_its_run() -> None:
    page = parsed(index_page(index(thirty())))
    (change,) = (at for at in page.of_class("new-level") if at.tag == "text")
    assert change.text().startswith("+5")
    assert page.text().count("new level: TTFT p50 +5") == 1


def test_a_run_that_is_not_valid_is_listed_and_drawn_as_a_gap() -> None:
    results = thirty()
    page = parsed(index_page(index(results)))
    marks = _marks(page)
    assert marks.count("invalid gap") == 1
    assert not [at for at in marks if "run-dot" in at and "invalid" in at]
    assert sum("run-dot" in at for at in marks) == 27
    (row,) = (at for at in page.of_class("history")[0].all("tr") if "INVALID" in at.text())
    assert row.text().count("\N{EN DASH}") == 4
    assert invalid().harness.reasons[0] in row.text()


def test_each_outcome_but_pass_is_drawn_with_its_sign() -> None:
    page = parsed(index_page(index(thirty())))
    texts = {at.attributes["class"]: at.text()[0] for at in page.of_class("run-dot") if at.tag == "text"}
    assert texts == {
        "run-dot halo fail": "✕",
        "run-dot halo not_judged": "○",
        "run-dot halo inconclusive": "?",
    }


@pytest.mark.parametrize(
    ("results", "heading", "series", "rows"),
    [
        ([], "No runs.", 0, 0),
        ([run_at(0, passing())], "1 run, ", 0, 1),
        ([run_at(0, invalid())], "1 run, ", 0, 1),
        ([run_at(0, passing()), run_at(0, passing())], "2 runs, ", 1, 2),
        ([run_at(0, passing()), run_at(1, passing(), branch="other")], "2 runs, ", 0, 2),
        (thirty(), "30 runs, ", 2, 30),
        ([run_at(at, passing()) for at in range(300)], "300 runs, ", 1, 300),
    ],
    ids=["none", "one", "one without figures", "twice the same", "two branches", "thirty", "three hundred"],
)
def test_every_run_is_listed_and_a_trend_needs_two(
    results: list[RunResult], heading: str, series: int, rows: int
) -> None:
    text = index_page(index(results))
    page = parsed(text)
    assert page.all("h2")[0].text().startswith(heading)
    assert len(page.of_class("series")) == series
    assert len([at for at in page.all("tr") if "data-provider" in at.attributes]) == rows
    assert len(text) < 3_000_000


def test_without_runs_the_page_tells_what_else_there_is() -> None:
    page = parsed(index_page(index([], other=True)))
    assert [at.text() for at in page.all("h2")] == [
        "No runs. Below is what is no run.",
        "Comparisons",
        "Trials of other tools",
        "Files that cannot be read",
    ]


@pytest.mark.parametrize("shown", [many(), index([], other=True)], ids=["many", "no runs"])
def test_no_text_of_a_file_is_markup(shown: Index) -> None:
    text = index_page(shown)
    page = parsed(text)
    assert "alert(" in page.text()
    assert {at.text()[:12] for at in page.all("script")} <= {"/* Shows the"}
    assert not [at for at in page.all() if "onload" in at.attributes]


def test_nothing_is_loaded_and_every_link_is_relative() -> None:
    text = index_page(many())
    assert not re.search(r"(?:src|@import|url\()\s*=?", re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL))
    links = [at.attributes["href"] for at in parsed(text).all("a")]
    assert len(links) > 60
    assert not [at for at in links if at.startswith("/") or ":" in at]


def test_filters_have_the_values_that_differ() -> None:
    page = parsed(index_page(index(thirty())))
    fields = {at.attributes["name"]: [option.text() for option in at.all("option")] for at in page.all("select")}
    assert fields == {"branch": ["all", "main", "try/it"]}
    assert parsed(index_page(index([run_at(0, passing())]))).all("select") == []
