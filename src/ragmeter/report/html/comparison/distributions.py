"""The distributions of all sides on one axis, and how trials differ from one another."""

from collections.abc import Sequence

from ragmeter.core.compare.comparison import Comparison, Side
from ragmeter.core.figures.curves import CURVES, STEPS
from ragmeter.core.requests.figure import Figure, metric_label
from ragmeter.report.html import svg
from ragmeter.report.html.comparison.hues import hue, legend
from ragmeter.report.html.comparison.plots import HEIGHT, TOP, plot
from ragmeter.report.html.layout import section
from ragmeter.report.html.scale import Scale, fitting, labelled, spanning
from ragmeter.report.words.format import quantity, symbol, unit_of
from ragmeter.report.words.markup import Html, element, join

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
        if (strip := _strip(found.sides, at.figure, f"trials-{index}")) is not None
    ]
    if not drawn:
        return None
    return section(
        "From trial to trial",
        element("div", *drawn, class_="figures"),
        lead="One dot a trial; the stroke is the median. Dots of two sides can overlap and the sides still differ: "
        "interleaved trials are compared in pairs, and what a block met is shared.",
    )


def _strip(sides: Sequence[Side], of: Figure, ident: str) -> Html | None:
    figures = [[value for value in side.figures.get(str(of), ()) if value is not None] for side in sides]
    rows = list(zip(range(len(sides)), sides, figures, strict=True))
    known = [value for _, _, values in rows for value in values]
    if not known:
        return None
    scale, unit = fitting(known), unit_of(of.metric)
    base = _ROW * len(rows) + 4
    drawing = svg.chart(
        *(_row(scale, index, side.label, values) for index, side, values in rows),
        svg.horizontal_axis(scale, base, labelled(scale, unit)),
        title=f"{of.label} of each trial",
        description="; ".join(
            f"{side.label}: {', '.join(quantity(v, unit) for v in values)}" for _, side, values in rows
        ),
        height=base + 22,
        ident=ident,
    )
    return element("figure", element("figcaption", f"{of.label}, {symbol(unit)}"), drawing)


def _row(scale: Scale, index: int, label: str, values: Sequence[float]) -> Html:
    y = _ROW * index + 20
    middle = sorted(values)[len(values) // 2] if values else None
    return join(
        svg.label(label, 0, y - 9, kind="tick"),
        svg.level(y, kind="grid"),
        *(svg.dot(scale.share(value), y, kind=f"spot {hue(index)}", radius=4) for value in values),
        None if middle is None else svg.upright(scale.share(middle), y - 8, y + 8, kind="mark"),
    )
