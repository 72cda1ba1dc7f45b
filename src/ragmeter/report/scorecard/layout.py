"""The few shapes that every section is made of."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from ragmeter.core.result import Outcome
from ragmeter.report.markup import Child, Html, element

Cell: TypeAlias = str
Row: TypeAlias = Sequence[Cell]

_SIGNS: Final = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✕",
    Outcome.INCONCLUSIVE: "?",
    Outcome.NO_DATA: "∅",
    Outcome.INVALID: "!",
}


def words_of(outcome: Outcome) -> str:
    return outcome.value.replace("_", " ")


def badge(outcome: Outcome) -> Html:
    sign = element("span", _SIGNS[outcome], aria_hidden="true", class_="sign")
    return element("span", sign, words_of(outcome), class_=f"badge {outcome.value.lower()}")


def section(title: str, *children: Child, lead: Child = None, kind: str = "panel") -> Html:
    paragraph = None if lead is None else element("p", lead, class_="lead")
    return element("section", element("h3", title), paragraph, *children, class_=kind)


def folded(title: str, *children: Child) -> Html:
    """A section that is closed until asked for; print opens it."""
    return element("details", element("summary", title), *children, class_="panel")


def table(caption: str, head: Row, rows: Iterable[Row], *, kind: str = "", hide_caption: bool = False) -> Html:
    """Its first column heads the rows. It scrolls inside its own box when it is wider than the page."""
    body = (element("tr", *(_cell(index, cell, head[index]) for index, cell in enumerate(row))) for row in rows)
    titles = (element("th", title, scope="col", class_=_side(title)) for title in head)
    grid = element(
        "table",
        element("caption", caption, class_="unseen" if hide_caption else None),
        element("thead", element("tr", *titles)),
        element("tbody", *body),
        class_=kind or None,
    )
    return element("div", grid, class_="scroll", role="region", aria_label=caption, tabindex=0)


_RIGHT: Final = frozenset(
    {"n", "Value", "Share", "Mean", "p50", "p90", "p95", "p99", "Min", "Max", "Requests", "USD per hour"}
)


def _side(title: str) -> str | None:
    return "right" if title in _RIGHT else None


def _cell(index: int, cell: Cell, title: str) -> Html:
    if index == 0:
        return element("th", cell, scope="row", class_=_side(title))
    return element("td", cell, class_=_side(title))


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
