"""All runs of a folder as one page: what is in it, the trends, every run, and what is no run."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.html.index.records import Index
from ragmeter.report.html.index.runs import comparisons, damaged, filter_marks, imported, runs
from ragmeter.report.html.index.trends import has_trend, trends
from ragmeter.report.html.layout import badge
from ragmeter.report.html.scorecard_page import whole_page
from ragmeter.report.tables.over_time import HistoryRow
from ragmeter.report.words.format import moment
from ragmeter.report.words.markup import Html, element

_FILTERS = {"provider": "Provider", "workload": "Workload", "model": "Model", "branch": "Branch"}


def index_page(index: Index) -> str:
    """Self-contained: nothing to load, and without its one script, which filters, nothing is missing."""
    content = element(
        "div",
        _headline(index),
        _filters(index.rows),
        _trends(index.rows),
        runs(index),
        comparisons(index.compared),
        imported(index.imported),
        damaged(index.damaged),
        class_="ragmeter index",
    )
    return whole_page(f"Runs of {index.name}", content, styles=("index/index.css",), scripts=("index/filters.js",))


def _headline(index: Index) -> Html:
    rows = index.rows
    if not rows:
        others = " Below is what is no run." if index.imported or index.compared or index.damaged else ""
        return element("header", element("h2", f"No runs.{others}"), class_="headline not_judged")
    newest = rows[-1]
    told = Counter(row.outcome for row in rows)
    counts = (
        element("li", badge(outcome), f" {told[outcome.value]}") for outcome in Outcome if told.get(outcome.value)
    )
    named = f"{len(rows)} {'run' if len(rows) == 1 else 'runs'}, the newest of {moment(newest.started_at)}"
    changed = [row for row in rows if row.changes]
    levels = "No figure has reached a new level."
    if changed:
        levels = f"A figure has reached a new level at {len(changed)} of them."
    damaged = len(index.damaged)
    left_out = f" {damaged} {'file' if damaged == 1 else 'files'} cannot be read, see below." if damaged else ""
    return element(
        "header",
        element("h2", named),
        element("ul", *counts, class_="counts"),
        element("p", levels + left_out, class_="lead"),
        class_=f"headline {newest.outcome.lower()}",
    )


def _filters(rows: Sequence[HistoryRow]) -> Html | None:
    fields = [field for field in (_filter(name, rows) for name in _FILTERS) if field is not None]
    if not fields:
        return None
    told = element("p", role="status", class_="lead")
    return element("form", *fields, told, class_="filters", aria_label="Filter the runs", hidden=True)


def _filter(name: str, rows: Sequence[HistoryRow]) -> Html | None:
    values = sorted({filter_marks(row)[f"data_{name}"] for row in rows})
    if len(values) < 2:
        return None
    options = (element("option", value, value=value) for value in values)
    # An option without a value of its own would have its words as one.
    everything = element("option", "all", value="", class_="all")
    return element("label", _FILTERS[name], element("select", everything, *options, name=name))


def _trends(rows: Sequence[HistoryRow]) -> Html | None:
    drawn = list(_of_each_series(rows))
    if not drawn:
        return None
    note = (
        "A trend holds the runs of one provider, workload, model, branch and way of counting. A line is a level: it "
        "ends where the figure stays at another one, with three runs or more on each side and a corrected p below 1 %. "
        "A dot is a run that passed; another outcome has the sign of its badge. A stroke below a plot is a run without "
        "the figure."
    )
    return element("section", element("h2", "Trends"), element("p", note, class_="lead"), *drawn, class_="trends")


def _of_each_series(rows: Sequence[HistoryRow]) -> Iterator[Html]:
    """The one with the newest run first; those without a trend are in the table of runs alone."""
    for number in dict.fromkeys(row.series for row in reversed(rows)):
        mine = [row for row in rows if row.series == number]
        if has_trend(mine):
            marks = filter_marks(mine[-1])
            named = ", ".join(
                filter(None, (f"{mine[-1].workload} @ {mine[-1].provider}", mine[-1].model, mine[-1].branch))
            )
            yield element("div", trends(mine, f"series-{number}", named), class_="series", **marks)
