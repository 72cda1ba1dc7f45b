"""Every effect on every figure, with its interval, on an axis for each figure."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from ragmeter.core.compare.comparison import Decision
from ragmeter.core.compare.factors.document import EffectFigure, FactorsFound
from ragmeter.core.schedule.design import effect_name
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.html import svg
from ragmeter.report.html.layout import Row, section, stacked, table
from ragmeter.report.html.ratios import ratio_scale
from ragmeter.report.html.scale import Scale, fitting
from ragmeter.report.words.factors import CONCLUDED, effect_words
from ragmeter.report.words.markup import Html, element, join


def effects(found: FactorsFound) -> Html | None:
    figures = [list(own) for _, own in groupby(found.effects, lambda at: at.figure)]
    rows = [row for index, own in enumerate(figures) for row in _rows(own, f"effect-{index}")]
    head = ("Figure", "Factor", "", "Change", "Verdict")
    return section(
        "Effects",
        table("Effect of each factor on each figure", head, rows, kind="forest", hide_caption=True),
        lead="The change of each figure with the factor, at the mean of all others, on one axis for each figure. The "
        "line is the 95 % interval, the upright stroke is no change. A hollow dot is not decided.",
    )


def _rows(own: Sequence[EffectFigure], ident: str) -> Iterator[Row]:
    scale, name = _scale(own), own[0].figure.label
    for place, at in enumerate(own):
        shown = join(name) if place == 0 else element("span", name, class_="unseen")
        yield (shown, *_row(at, scale, f"{ident}-{place}"))


def _scale(own: Sequence[EffectFigure]) -> Scale:
    ratios = [at.ratio for at in own if at.ratio is not None]
    if ratios:
        return ratio_scale(ratios)
    ends = [end for at in own if at.difference is not None for end in _ends(at.difference)]
    return fitting([*ends, 0.0])


def _ends(at: Estimate) -> list[float]:
    return [end for end in (at.low, at.value, at.high) if end is not None]


def _row(at: EffectFigure, scale: Scale, ident: str) -> Row:
    decided = at.decision in CONCLUDED
    kind = "pass" if decided else "no_data" if at.decision is Decision.NO_DIFFERENCE else "inconclusive"
    word = "effect" if decided else "no effect" if at.decision is Decision.NO_DIFFERENCE else "not decidable"
    why = at.sentence.partition("; change of ")[0].removeprefix("not decidable: ").removeprefix("no difference shown: ")
    alias = None
    if at.aliases:
        alias = element("p", f"not distinguished from {' and '.join(at.aliases)}")
    badge = element("span", word, class_=f"badge {kind}")
    return (
        stacked(effect_name(at.effect), at.change),
        join(_strip(at, scale, ident)),
        effect_words(at),
        element("div", badge, element("p", why), alias, class_="slo"),
    )


def _strip(at: EffectFigure, scale: Scale, ident: str) -> Html | None:
    estimate, none = (at.ratio, 1.0) if at.ratio is not None else (at.difference, 0.0)
    if estimate is None or estimate.value is None:
        return None
    whisker = None
    if estimate.low is not None and estimate.high is not None:
        whisker = svg.level(12, kind="whisker", start=scale.share(estimate.low), end=scale.share(estimate.high))
    return svg.chart(
        svg.upright(scale.share(none), 0, 24, kind="axis"),
        whisker,
        svg.dot(
            scale.share(estimate.value), 12, kind="mark hollow" if at.decision is Decision.NOT_DECIDABLE else "mark"
        ),
        title=f"{at.figure.label}, {effect_name(at.effect)}: {effect_words(at)}",
        description=at.sentence,
        height=24,
        ident=ident,
        kind="chart strip",
    )
