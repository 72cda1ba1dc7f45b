"""By what factor the sides differ: every pair on one axis, and every figure behind it."""

import math
from typing import Final

from ragmeter.core.compare.comparison import Comparison, Decision, MetricComparison, PairComparison
from ragmeter.core.formatting import percent as per_cent
from ragmeter.report.html import svg
from ragmeter.report.html.layout import Row, folded, section, stacked, table
from ragmeter.report.html.ratios import ratio_scale, ratio_strip
from ragmeter.report.html.scale import Scale
from ragmeter.report.words.comparison import change_text, design, reason, streams_text, value_text
from ragmeter.report.words.format import UNKNOWN, interval, unit_of
from ragmeter.report.words.markup import Html, element, join

_KINDS: Final = {
    Decision.A_BETTER: "pass",
    Decision.B_BETTER: "pass",
    Decision.NO_DIFFERENCE: "no_data",
    Decision.NOT_DECIDABLE: "inconclusive",
}
_WORDS: Final = {
    Decision.A_BETTER: "difference",
    Decision.B_BETTER: "difference",
    Decision.NO_DIFFERENCE: "no difference",
    Decision.NOT_DECIDABLE: "not decidable",
}
_TICKS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1.0, 1.25, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def forest(found: Comparison) -> Html | None:
    """One line for each pair below each metric, all on one logarithmic axis."""
    scale = ratio_scale(at.ratio for pair in found.pairs for at in pair.metrics)
    rows: list[Row] = []
    for index, at in enumerate(found.rankings):
        name = at.figure.label
        for row, pair in enumerate(found.pairs):
            shown = join(name) if row == 0 else element("span", name, class_="unseen")
            rows.append((shown, *_row(found, pair, pair.metrics[index], scale, name, f"forest-{index}-{row}")))
    axis: Row = ("", "", _axis(scale, "forest-axis"), "", "")
    head = ("Figure", "B and A", "B / A", "Change of B", "Verdict")
    return section(
        "Differences",
        table("Difference of each figure for each pair", head, [*rows, axis], kind="forest", hide_caption=True),
        lead="B / A on one axis: left of 1, B has the smaller figure. The line is the 95 % interval. A hollow dot is "
        "not decided. Shaded is how much identical systems differed, where that was measured.",
    )


def _row(found: Comparison, pair: PairComparison, at: MetricComparison, scale: Scale, name: str, ident: str) -> Row:
    badge = element("span", _WORDS[at.decision], class_=f"badge {_KINDS[at.decision]}")
    streams = streams_text(found, pair, at)
    why = reason(at).removeprefix(f"{_WORDS[at.decision]}: ")
    words = f"{why}; {streams}" if streams else why
    return (
        stacked(pair.b, f"and {pair.a}"),
        join(ratio_strip(at, scale, title=f"{name}, {pair.b} to {pair.a}", ident=ident)),
        change_text(at.ratio),
        element("div", badge, element("p", words), class_="slo"),
    )


def _axis(scale: Scale, ident: str) -> Html:
    inside = [at for at in _TICKS if scale.low <= at <= scale.high]
    apart = [1.0]
    for at in sorted(inside, key=lambda at: abs(math.log(at))):
        if all(abs(scale.share(at) - scale.share(other)) > 0.18 for other in apart):
            apart.append(at)
    return svg.chart(
        svg.horizontal_axis(scale, 2, [(at, f"{at:g}") for at in apart]),
        title="B / A",
        description="Axis of the ratios, logarithmic.",
        height=26,
        ident=ident,
        kind="chart strip",
    )


def every_figure(found: Comparison) -> Html:
    """What the forest leaves out: figures of both sides, the difference in the unit, p and what is detectable."""
    return folded("All figures of the comparison", *(_figures(found, pair) for pair in found.pairs))


def _figures(found: Comparison, pair: PairComparison) -> Html | None:
    head = ("Figure", f"{pair.a} (A)", f"{pair.b} (B)", "B - A", "Detectable", "p", "p, corrected")
    rows = [
        (
            stacked(at.figure.label, at.metric),
            value_text(at, at.a),
            value_text(at, at.b),
            UNKNOWN if at.difference.value is None else interval(at.difference, unit_of(at.metric)),
            UNKNOWN if at.detectable_ratio is None else f"{per_cent(at.detectable_ratio)} %",
            _probability(at.p_value),
            _probability(at.p_adjusted),
        )
        for at in pair.metrics
    ]
    return table(f"{pair.a} (A) and {pair.b} (B), {design(found, pair)}", head, rows, kind="wide")


def _probability(p: float | None) -> str:
    if p is None:
        return UNKNOWN
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def ranks(found: Comparison) -> Html | None:
    """Which place each side can have."""
    if len(found.sides) < 3:
        return None
    labels = [side.label for side in found.sides]
    rows = []
    for at in found.rankings:
        by_label = {rank.label: rank for rank in at.ranks}
        cells = (_place(by_label[label].best, by_label[label].worst) for label in labels)
        rows.append((at.figure.label, *cells))
    return section(
        "Places",
        table("Place of each side by each figure", ("Figure", *labels), rows, hide_caption=True, kind="wide"),
        lead="1 is the best. Several places: not decided between them. All places hold together with 95 % confidence.",
    )


def _place(best: int, worst: int) -> Html:
    if best == worst:
        return join(element("strong", str(best)))
    return join(f"{best} to {worst}")
