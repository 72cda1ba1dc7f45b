"""Distributions of the latencies, TTFT over time, and the classes of errors."""

from typing import Final

from ragmeter.core.figures.summary import Point
from ragmeter.core.requests.figure import metric_label
from ragmeter.core.result.result import RunResult
from ragmeter.report.html.charts import histogram, over_time, quantiles
from ragmeter.report.html.layout import Row, section, table
from ragmeter.report.words.failures import counts_of, failure_name, group_words
from ragmeter.report.words.format import count, percent, quantity, symbol, unit_of_all
from ragmeter.report.words.markup import Html, element

_PLOTTED: Final = ("ttft_ms", "tpot_ms", "e2e_ms")


def distributions(result: RunResult, ident: str) -> Html | None:
    drawn = [at for at in (_distribution(result, name, f"{ident}-{name}") for name in (*_PLOTTED, "itl_ms")) if at]
    if not drawn:
        return None
    return section(
        "Distributions",
        element("div", *drawn, class_="figures"),
        lead="Dots are percentiles, lines their intervals; a hollow dot has too few samples behind it.",
    )


def _distribution(result: RunResult, name: str, ident: str) -> Html | None:
    at = result.estimates.get(name)
    if at is None or at.p50.value is None:
        return None
    values = [
        value for value in (_value(point, name) for point in result.points if point.error is None) if value is not None
    ]
    unit = unit_of_all(at)
    title = f"{metric_label(name)}, {symbol(unit)}"
    drawing = (
        histogram(values, at, unit, title=title, ident=ident)
        if values
        else quantiles(at, unit, title=title, ident=ident)
    )
    return element("figure", element("figcaption", title, element("small", _drawn(len(values), at.n))), drawing)


def _drawn(values: int, n: int) -> str:
    return f"n = {count(n)}, {count(values)} of them drawn" if 0 < values < n else f"n = {count(n)}"


def _value(point: Point, name: str) -> float | None:
    return {"ttft_ms": point.ttft_ms, "tpot_ms": point.tpot_ms, "e2e_ms": point.e2e_ms}.get(name)


def ttft_over_time(result: RunResult, ident: str) -> Html | None:
    if not result.points:
        return None
    bounds = [verdict.bound for verdict in result.verdicts if verdict.metric == "ttft_ms" and verdict.statistic]
    slow = [one for one in result.slowest if one.ttft_rank is not None]
    drawing = over_time(
        result.points, slow, min(bounds, default=None), title="Time to first token over time", ident=f"{ident}-time"
    )
    rings = "; the slowest are ringed, and listed below" if slow else ""
    caption = element(
        "figcaption", f"ms, by seconds since the measured phase began{rings}", element("small", _counted(result))
    )
    return section("Time to first token over time", element("figure", caption, drawing))


def failures(result: RunResult) -> Html | None:
    """By what they said, with when; of a result that was written without that, by class and status."""
    of = result.measured_requests
    if result.failure_groups:
        head: Row = ("Failure", "Requests", "Share", "First", "Last")
        rows: list[Row] = [
            (
                group_words(at),
                count(at.requests),
                _share(at.requests, of),
                quantity(at.first_s, "s"),
                quantity(at.last_s, "s"),
            )
            for at in result.failure_groups
        ]
    else:
        head = ("Failure", "Requests", "Share")
        rows = [(failure_name(at), count(at.requests), _share(at.requests, of)) for at in counts_of(result)]
    if not rows:
        return None
    grid = table("Failed requests by what they said", head, rows, numbers_from=1, hide_caption=True, kind="failures")
    since = "First and last are since the measured phase began." if result.failure_groups else None
    return section("Failed requests", grid, lead=since)


def _share(errors: int, requests: int) -> str:
    return percent(errors / requests) if requests else ""


def _counted(result: RunResult) -> str:
    failed = sum(point.error is not None for point in result.points)
    drawn = f"{count(len(result.points) - failed)} successes (dots), {count(failed)} failed (strokes in the upper lane)"
    thinned = len(result.points) < result.measured_requests
    return f"{drawn}, drawn of {count(result.measured_requests)} requests" if thinned else drawn
