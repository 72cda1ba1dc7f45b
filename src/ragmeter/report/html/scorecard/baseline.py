"""The figures beside those of the baseline, and the verdict of the gate on each."""

from collections.abc import Sequence

from ragmeter.core.compare.regression import Regression
from ragmeter.report.html.layout import Row, badge, code, section, stacked, table
from ragmeter.report.html.ratios import ratio_scale, ratio_strip
from ragmeter.report.html.scale import Scale
from ragmeter.report.words.comparison import change_text
from ragmeter.report.words.format import quantity, unit_of
from ragmeter.report.words.markup import Html, element, join


def against_baseline(gate: Sequence[Regression], ident: str) -> Html | None:
    """None without a baseline."""
    if not gate:
        return None
    scale = ratio_scale(at.metric.ratio for at in gate)
    rows = [_row(at, scale, f"{ident}-baseline{index}") for index, at in enumerate(gate)]
    head = ("Outcome", "Figure", "Now", "Now / baseline", "Change")
    return section(
        "Against the baseline",
        table("Verdict on each figure against the baseline", head, rows, kind="verdicts against", hide_caption=True),
        lead="Worse, same and better say what the interval shows; a change for the worse can be too small to fail. "
        "Left of 1, the figure is smaller now. A hollow dot is not decided.",
    )


def change_beside(at: Regression | None) -> Html | None:
    """In small print below a figure; None where it has no baseline."""
    return None if at is None else element("small", _words(at), class_=f"change {at.change}")


def _words(at: Regression) -> str:
    return f"{at.change}: {change_text(at.metric.ratio)}"


def _row(at: Regression, scale: Scale, ident: str) -> Row:
    unit = unit_of(at.metric.metric)
    return (
        badge(at.outcome),
        element("div", code(at.subject), element("p", at.remark), class_="slo"),
        stacked(quantity(at.metric.b, unit), f"baseline {quantity(at.metric.a, unit)}"),
        join(ratio_strip(at.metric, scale, title=f"{at.subject}, now to baseline", ident=ident)),
        element("span", _words(at), class_=f"change {at.change}"),
    )
