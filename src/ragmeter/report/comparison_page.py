"""A comparison of runs as a page in the style of the scorecard."""

import math
from collections.abc import Sequence
from typing import Final

from ragmeter.core.comparison import Comparison, Decision, MetricComparison, PairComparison, Side
from ragmeter.core.decide import percent as per_cent
from ragmeter.report import svg
from ragmeter.report.comparison_text import change_text, design, method, value_text
from ragmeter.report.format import UNKNOWN, count, interval, moment, number, quantity, unit_of
from ragmeter.report.html import whole_page
from ragmeter.report.markup import Html, element, join
from ragmeter.report.naming import metric_label
from ragmeter.report.scale import Scale
from ragmeter.report.scorecard.layout import Row, callout, code, folded, section, stacked, table
from ragmeter.report.scorecard.provenance import shown

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
_OTHER_LABELS: Final = {"usd_per_1m_tokens": "USD per 1M tokens"}


def comparison_page(found: Comparison) -> str:
    """A self-contained page: no script, nothing to load."""
    pairs = (_pair(found, pair, f"pair{index}") for index, pair in enumerate(found.pairs, start=1))
    content = element("div", *pairs, _sides(found.sides), _methods(found), class_="ragmeter")
    return whole_page(" and ".join(side.label for side in found.sides), content)


def _pair(found: Comparison, pair: PairComparison, ident: str) -> Html:
    return element(
        "article",
        element("h2", pair.a, element("span", " and ", class_="at"), pair.b),
        element("p", f"{design(found, pair)}.", class_="lead"),
        _answers(pair),
        _differing_measurement(pair),
        callout("What weakens this comparison", pair.caveats, kind="warning"),
        section(
            "Differences",
            _difference_table(pair, ident),
            lead=f"B / A on one axis: left of 1, {pair.b} has the smaller figure. Line: 95 % interval. "
            "Shaded: identical systems differ as much, where that was measured.",
        ),
        _explanations(pair),
        id=ident,
        class_="run",
    )


def _answers(pair: PairComparison) -> Html:
    """What was decided on top; if nothing was, it says so."""
    decided = [at for at in pair.metrics if at.decision is not Decision.NOT_DECIDABLE]
    shown_first = [f"{_label(at)}: {at.sentence}" for at in decided]
    open_count = len(pair.metrics) - len(decided)
    rest = f"{open_count} of {len(pair.metrics)} metrics are not decidable" if open_count else None
    lines = [*shown_first, *([rest] if rest else [])]
    return element("ul", *(element("li", words) for words in lines), class_="reason")


def _label(at: MetricComparison) -> str:
    name = _OTHER_LABELS.get(at.metric) or metric_label(at.metric)
    return f"{name}, {at.statistic}" if at.statistic else name


def _differing_measurement(pair: PairComparison) -> Html | None:
    words = [f"{at.field}: {shown(at.a)} and {shown(at.b)}" for at in pair.identity.must_match]
    return callout("These runs did not measure the same", words, kind="invalid")


def _difference_table(pair: PairComparison, ident: str) -> Html | None:
    scale = _scale(pair)
    head = ("Metric", pair.a, pair.b, "B / A", "Change of B", "Detectable", "p, corrected", "Verdict")
    rows = [_row(at, scale, f"{ident}-m{index}") for index, at in enumerate(pair.metrics)]
    axis = ("", "", "", _axis(scale, f"{ident}-axis"), "", "", "", "")
    return table("Difference of each metric", head, [*rows, axis], kind="differences wide", hide_caption=True)


def _row(at: MetricComparison, scale: Scale, ident: str) -> Row:
    unit = unit_of(at.metric)
    badge = element("span", _WORDS[at.decision], class_=f"badge {_KINDS[at.decision]}")
    return (
        stacked(_label(at), at.metric),
        value_text(at, at.a),
        value_text(at, at.b),
        "" if at.ratio.value is None else _strip(at, at.ratio.value, scale, ident),
        stacked(change_text(at.ratio), None if at.difference.value is None else interval(at.difference, unit)),
        UNKNOWN if at.detectable_ratio is None else f"{per_cent(at.detectable_ratio)} %",
        UNKNOWN if at.p_adjusted is None else _probability(at.p_adjusted),
        element("div", badge, element("p", at.sentence), class_="slo"),
    )


def _probability(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _scale(pair: PairComparison) -> Scale:
    """Logarithmic, with 1 on it."""
    known = [end for at in pair.metrics for end in (at.ratio.low, at.ratio.value, at.ratio.high) if end]
    return Scale(low=min(0.8, *known, 1.0) / 1.1, high=max(1.25, *known, 1.0) * 1.1, log=True)


def _strip(at: MetricComparison, value: float, scale: Scale, ident: str) -> Html:
    noise = at.noise_ratio
    low, high = at.ratio.low, at.ratio.high
    band = None
    if noise is not None:
        band = svg.box(scale.share(1 / (1 + noise)), scale.share(1 + noise), 2, 20, kind="allowed")
    whisker = None
    if low is not None and high is not None:
        whisker = svg.level(12, kind="whisker", start=scale.share(low), end=scale.share(high))
    return svg.chart(
        band,
        svg.upright(scale.share(1.0), 0, 24, kind="axis"),
        whisker,
        svg.dot(scale.share(value), 12, kind="mark" if at.decision is not Decision.NOT_DECIDABLE else "mark hollow"),
        title=f"{_label(at)}: B / A {number(value)}",
        description=at.sentence,
        height=24,
        ident=ident,
        kind="chart strip",
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


def _explanations(pair: PairComparison) -> Html:
    rows = [(code(at.field), shown(at.a), shown(at.b)) for at in pair.identity.could_explain]
    unknown = pair.identity.unverified
    lead = "Besides the provider, the runs differ in this; the likeliest explanation of a difference comes first."
    note = f"Must match and is not known of both runs: {', '.join(unknown)}." if unknown else None
    return section(
        "What could explain a difference",
        table("Fields in which the runs differ", ("Field", pair.a, pair.b), rows, hide_caption=True, kind="wide"),
        None if note is None else element("p", note, class_="lead"),
        lead=lead if rows else "Nothing that is known of both runs differs.",
    )


def _sides(sides: Sequence[Side]) -> Html:
    head = ("Run", "Started", "Trials", "Requests", "Failed", "Tokens an answer", "Streams decoding", "Raw record")
    return section("Runs", table("Compared runs", head, [_side(side) for side in sides], kind="wide"))


def _side(side: Side) -> Row:
    return (
        stacked(side.label, side.run_id),
        moment(side.started_at),
        count(side.trials),
        count(side.requests),
        quantity(side.error_ratio.value, "ratio"),
        UNKNOWN if side.mean_output_tokens is None else number(side.mean_output_tokens),
        UNKNOWN if side.effective_decode_concurrency is None else number(side.effective_decode_concurrency),
        join(side.raw_samples_path),
    )


def _methods(found: Comparison) -> Html:
    return folded("Method", *(element("p", words, class_="lead") for words in method(found)))
