"""The distributions of all sides on one axis, and how trials differ from one another."""

from collections.abc import Sequence

from ragmeter.core.comparison import Comparison, Side
from ragmeter.core.curves import CURVES, STEPS
from ragmeter.report import svg
from ragmeter.report.comparison.hues import hue, legend
from ragmeter.report.comparison.plots import HEIGHT, TOP, plot, y_of
from ragmeter.report.format import quantity, symbol, unit_of
from ragmeter.report.markup import Html, element, join
from ragmeter.report.naming import figure_label, metric_label
from ragmeter.report.scale import Scale, fitting, labelled, spanning
from ragmeter.report.scorecard.layout import section

_SHARES = ((0.0, "0 %"), (0.25, "25"), (0.5, "50"), (0.75, "75"), (0.95, "95"))
_ROW = 30


def curves(found: Comparison) -> Html | None:
    """Cumulative distributions of the requests of all trials, up to the 99th percentile."""
    drawn = [
        _curve(found.sides, name, f"curve-{name}") for name in CURVES if any(name in s.curves for s in found.sides)
    ]
    if not drawn:
        return None
    return section(
        "Distributions",
        legend(found.sides),
        element("div", *drawn, class_="figures"),
        lead="Share of the requests that were done by then, over all trials; left and up is faster. The last hundredth "
        "is left out of the drawing.",
    )


def _curve(sides: Sequence[Side], name: str, ident: str) -> Html:
    kept = [(index, side.curves[name][:STEPS]) for index, side in enumerate(sides) if name in side.curves]
    scale = spanning([value for _, values in kept for value in (values[0], values[-1])])
    unit = unit_of(name)
    medians = ", ".join(f"{sides[index].label} {quantity(values[50], unit)}" for index, values in kept)
    drawing = plot(
        *(
            svg.line(
                [(scale.share(value), 1 - at / STEPS) for at, value in enumerate(values)],
                TOP,
                HEIGHT,
                kind=f"curve {hue(index)}",
            )
            for index, values in kept
        ),
        across=scale,
        across_unit=unit,
        up=_SHARES,
        title=f"Distribution of {metric_label(name)}",
        description=f"Medians: {medians}.",
        ident=ident,
    )
    return element("figure", element("figcaption", f"{metric_label(name)}, {symbol(unit)}"), drawing)


def strips(found: Comparison) -> Html | None:
    """Every trial of every side as a dot, for each figure that is compared."""
    drawn = [
        strip
        for index, at in enumerate(found.rankings)
        if (strip := _strip(found.sides, at.metric, at.statistic, f"trials-{index}")) is not None
    ]
    if not drawn:
        return None
    return section(
        "From trial to trial",
        element("div", *drawn, class_="figures"),
        lead="One dot a trial; the stroke is the median. Dots of two sides can overlap and the sides still differ: "
        "interleaved trials are compared in pairs, and what a block met is shared.",
    )


def _strip(sides: Sequence[Side], metric: str, statistic: str | None, ident: str) -> Html | None:
    name = f"{statistic}({metric})" if statistic else metric
    rows = [(index, side, [v for v in side.figures.get(name, ()) if v is not None]) for index, side in enumerate(sides)]
    known = [value for _, _, values in rows for value in values]
    if not known:
        return None
    scale, unit = fitting(known), unit_of(metric)
    base = _ROW * len(rows) + 4
    drawing = svg.chart(
        *(_row(scale, index, side.label, values) for index, side, values in rows),
        svg.horizontal_axis(scale, base, labelled(scale, unit)),
        title=f"{figure_label(metric, statistic)} of each trial",
        description="; ".join(
            f"{side.label}: {', '.join(quantity(v, unit) for v in values)}" for _, side, values in rows
        ),
        height=base + 22,
        ident=ident,
    )
    return element("figure", element("figcaption", f"{figure_label(metric, statistic)}, {symbol(unit)}"), drawing)


def _row(scale: Scale, index: int, label: str, values: Sequence[float]) -> Html:
    y = _ROW * index + 20
    middle = sorted(values)[len(values) // 2] if values else None
    return join(
        svg.label(label, 0, y - 9, kind="tick"),
        svg.level(y, kind="grid"),
        *(svg.dot(scale.share(value), y, kind=f"spot {hue(index)}", radius=4) for value in values),
        None if middle is None else svg.upright(scale.share(middle), y - 8, y + 8, kind="mark"),
    )


def pareto(found: Comparison) -> Html | None:
    """Cost against the p95 of the TTFT: nobody is better than a side that nothing lies left of and below."""
    placed = [
        (index, side, side.estimates["p95(ttft_ms)"], side.cost.usd_per_1m_tokens)
        for index, side in enumerate(found.sides)
        if side.cost is not None and "p95(ttft_ms)" in side.estimates
    ]
    known = [one for one in placed if one[2].value is not None and one[3].value is not None]
    if len(known) < 2:
        return None
    across = fitting([end for _, _, ttft, _ in known for end in (ttft.low, ttft.value, ttft.high) if end is not None])
    up = fitting([end for _, _, _, usd in known for end in (usd.low, usd.value, usd.high) if end is not None])
    marks = []
    for index, side, ttft, usd in known:
        x, y = across.share(ttft.value or 0.0), y_of(up.share(usd.value or 0.0))
        marks += [
            None
            if ttft.low is None or ttft.high is None
            else svg.level(y, kind=f"reach {hue(index)}", start=across.share(ttft.low), end=across.share(ttft.high)),
            None
            if usd.low is None or usd.high is None
            else svg.upright(x, y_of(up.share(usd.high)), y_of(up.share(usd.low)), kind=f"reach {hue(index)}"),
            svg.dot(x, y, kind=f"spot {hue(index)}", radius=5),
            svg.label(side.label, x, y - 10, kind="value halo", near=0.15),
        ]
    drawing = plot(
        *marks,
        across=across,
        across_unit="ms",
        up=[(up.share(value), f"${words}") for value, words in labelled(up, "usd")],
        title="USD per 1M output tokens against TTFT p95",
        description="; ".join(
            f"{s.label} {quantity(t.value, 'ms')}, {quantity(u.value, 'usd')}" for _, s, t, u in known
        ),
        ident="pareto",
    )
    return section(
        "Price against speed",
        element("figure", element("figcaption", "USD per 1M output tokens, over TTFT p95 in ms"), drawing),
        lead="Left is faster, down is cheaper; the cross is the 95 % interval of both.",
    )
