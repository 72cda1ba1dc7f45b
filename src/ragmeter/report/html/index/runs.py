"""The tables of the index: runs, comparisons, and what is no run."""

from collections.abc import Mapping
from typing import Final

from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.html.index.records import Compared, Imported, Index
from ragmeter.report.html.layout import badge, code, section, stacked, table
from ragmeter.report.tables.over_time import HistoryRow, changes_text
from ragmeter.report.words.format import UNKNOWN, count, figure, moment
from ragmeter.report.words.markup import Html, element, join

COMMIT_CHARS: Final = 10
_HEAD: Final = (
    "Started (UTC)",
    "Outcome, new level",
    "Provider, workload",
    "Model, branch",
    "TTFT p50, p95",
    "TPOT p50",
    "Throughput",
    "USD/1,000 good",
)


def runs(index: Index) -> Html | None:
    """The newest first."""
    rows = [_cells(row, index.links.get(row.path, {})) for row in reversed(index.rows)]
    marks = [filter_marks(row) for row in reversed(index.rows)]
    grid = table("Runs, the newest first", _HEAD, rows, kind="wide history", hide_caption=True, marks=marks)
    return None if grid is None else section("Runs", grid, of_page=True)


def filter_marks(row: HistoryRow) -> Mapping[str, str]:
    """The attributes by which the filters of the page know what is of a run."""
    return {
        "data_provider": row.provider,
        "data_workload": row.workload,
        "data_model": row.model or UNKNOWN,
        "data_branch": row.branch or UNKNOWN,
    }


def _cells(row: HistoryRow, links: Mapping[str, str]) -> tuple[str, ...]:
    figures = ("tpot_p50_ms", "output_tokens_per_s", "usd_per_1000_good_requests")
    version = " ".join(filter(None, (row.branch, (row.commit or "")[:COMMIT_CHARS])))
    return (
        _run(row, links),
        _outcome(row),
        stacked(row.provider, row.workload),
        stacked(row.model or UNKNOWN, version or None),
        stacked(figure("_ms", row.ttft_p50_ms), None if row.ttft_p95_ms is None else figure("_ms", row.ttft_p95_ms)),
        *(figure(name, getattr(row, name)) for name in figures),
    )


def _run(row: HistoryRow, links: Mapping[str, str]) -> Html:
    started = moment(row.started_at).removesuffix(" UTC")
    name = element("a", started, href=links["page"]) if "page" in links else started
    others = [join(" ", element("a", words, href=at)) for words, at in links.items() if words != "page"]
    return join(element("span", name, class_="started"), element("small", row.path, *others))


def _outcome(row: HistoryRow) -> Html:
    told = [
        *(["interrupted"] if row.status == "interrupted" else []),
        *([row.withheld] if row.withheld else []),
        *([f"new level: {changes_text(row)}"] if row.changes else []),
    ]
    return element("span", badge(Outcome(row.outcome)), *(element("small", words) for words in told), class_="why")


def comparisons(compared: tuple[Compared, ...]) -> Html | None:
    rows = (
        (
            join(
                element("a", at.title, href=at.address) if at.address else at.title,
                element("small", f"newest run of {moment(at.started_at)}"),
            ),
            at.claim or UNKNOWN,
        )
        for at in compared
    )
    grid = table("Comparisons", ("Comparison", "What it says first"), rows, kind="wide", hide_caption=True)
    return None if grid is None else section("Comparisons", grid, of_page=True)


def imported(found: tuple[Imported, ...]) -> Html | None:
    rows = ((code(at.path), at.tool, at.provider, at.workload or UNKNOWN, count(at.trials)) for at in found)
    head = ("File", "Tool", "Provider", "Workload", "Trials")
    grid = table("Trials of other tools", head, rows, kind="wide", hide_caption=True, numbers_from=4)
    lead = "Imported trials are no runs: nothing judged them, and they are in no trend. A comparison reads them."
    return None if grid is None else section("Trials of other tools", grid, lead=lead, of_page=True)


def damaged(found: tuple[tuple[str, str], ...]) -> Html | None:
    rows = ((code(path), why) for path, why in found)
    grid = table("Files that cannot be read", ("File", "Why"), rows, kind="wide", hide_caption=True)
    lead = "These files look like results and could not be read. What they say is in no figure of this page."
    return None if grid is None else section("Files that cannot be read", grid, lead=lead, of_page=True)
