"""The few shapes that every section is made of."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Final, TypeAlias

from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.words.markup import Child, Html, element

Cell: TypeAlias = str
Row: TypeAlias = Sequence[Cell]

SIGNS: Final = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✕",
    Outcome.INCONCLUSIVE: "?",
    Outcome.NO_DATA: "∅",
    Outcome.INVALID: "!",
    Outcome.NOT_JUDGED: "○",
}


def words_of(outcome: Outcome) -> str:
    return outcome.value.replace("_", " ")


def badge(outcome: Outcome) -> Html:
    sign = element("span", SIGNS[outcome], aria_hidden="true", class_="sign")
    return element("span", sign, words_of(outcome), class_=f"badge {outcome.value.lower()}")


def section(title: str, *children: Child, lead: Child = None, kind: str = "panel", of_page: bool = False) -> Html:
    """of_page: beside the runs of a page and not within one."""
    paragraph = None if lead is None else element("p", lead, class_="lead")
    return element("section", element("h2" if of_page else "h3", title), paragraph, *children, class_=kind)


def folded(title: str, *children: Child) -> Html:
    """A section that is closed until asked for; print opens it."""
    return element("details", element("summary", title), *children, class_="panel")


def table(
    caption: str,
    head: Row,
    rows: Iterable[Row],
    *,
    numbers_from: int | None = None,
    kind: str | None = None,
    hide_caption: bool = False,
    marks: Iterable[Mapping[str, str]] | None = None,
) -> Html | None:
    """A table whose first column heads the rows; columns from ``numbers_from`` on are aligned right. None without rows.
    marks: attributes of each row.

    It scrolls inside its own box when it is wider than the page.
    """
    sides = ["right" if numbers_from is not None and index >= numbers_from else None for index in range(len(head))]
    body = [
        element("tr", *(_cell(index, *cell) for index, cell in enumerate(zip(row, sides, strict=True))), **mark)
        for row, mark in zip(rows, repeat({}) if marks is None else marks, strict=False)
    ]
    if not body:
        return None
    titles = (element("th", title, scope="col", class_=side) for title, side in zip(head, sides, strict=True))
    grid = element(
        "table",
        element("caption", caption, class_="unseen" if hide_caption else None),
        element("thead", element("tr", *titles)),
        element("tbody", *body),
        class_=kind,
    )
    return element("div", grid, class_="scroll", role="region", aria_label=caption, tabindex=0)


def _cell(index: int, content: Cell, side: str | None) -> Html:
    if index == 0:
        return element("th", content, scope="row")
    return element("td", content, class_=side)


def stacked(main: str, below: str | None) -> Html:
    """A figure with what qualifies it in small print below."""
    small = None if below is None else element("small", below)
    return element("span", element("span", main, class_="main"), small, class_="stacked")


def code(words: str) -> Html:
    return element("code", words)


def pairs(items: Iterable[tuple[str, Child]]) -> Html:
    """Names with values, in as many columns as fit."""
    entries = (element("div", element("dt", name), element("dd", value)) for name, value in items)
    return element("dl", *entries, class_="pairs")


def callout(title: str, sentences: Sequence[str], *, kind: str) -> Html | None:
    if not sentences:
        return None
    lines = element("ul", *(element("li", sentence) for sentence in sentences))
    return element("div", element("strong", title), lines, class_=f"callout {kind}", role="note")
