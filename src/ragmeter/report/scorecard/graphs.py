"""Distributions of the latencies, TTFT over time, and the classes of errors."""

from typing import Final

from ragmeter.core.result import Point, RunResult
from ragmeter.report.charts import histogram, over_time, quantiles
from ragmeter.report.format import count, percent, symbol, unit_of_all
from ragmeter.report.markup import Html, element
from ragmeter.report.naming import metric_label
from ragmeter.report.scorecard.layout import section, table

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


def error_classes(result: RunResult) -> Html | None:
    found = {name: errors for name, errors in result.errors_by_class.items() if errors}
    if not found:
        return None
    rows = ((name.replace("_", " "), count(errors), _share(errors, result)) for name, errors in _by_count(found))
    return section(
        "Failed requests",
        table(
            "Failed requests by class",
            ("Class", "Requests", "Share"),
            rows,
            numbers_from=1,
            hide_caption=True,
            kind="compact",
        ),
    )


def _by_count(found: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def _share(errors: int, result: RunResult) -> str:
    return percent(errors / result.measured_requests) if result.measured_requests else ""


def _counted(result: RunResult) -> str:
    failed = sum(point.error is not None for point in result.points)
    drawn = f"{count(len(result.points) - failed)} successes (dots), {count(failed)} failed (strokes in the upper lane)"
    thinned = len(result.points) < result.measured_requests
    return f"{drawn}, drawn of {count(result.measured_requests)} requests" if thinned else drawn
