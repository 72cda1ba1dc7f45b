"""By what factor a figure changed, on a logarithmic axis with 1 on it."""

from collections.abc import Iterable

from ragmeter.core.compare.comparison import Decision, MetricComparison
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.html import svg
from ragmeter.report.html.scale import Scale
from ragmeter.report.words.format import number
from ragmeter.report.words.markup import Html


def ratio_scale(ratios: Iterable[Estimate]) -> Scale:
    known = [end for at in ratios for end in (at.low, at.value, at.high) if end]
    return Scale(low=min(0.8, *known, 1.0) / 1.1, high=max(1.25, *known, 1.0) * 1.1, log=True)


def ratio_strip(at: MetricComparison, scale: Scale, *, title: str, ident: str) -> Html | None:
    """B / A with its interval and the noise band; hollow where nothing is decided. None without a ratio."""
    value, noise, low, high = at.ratio.value, at.noise_ratio, at.ratio.low, at.ratio.high
    if value is None:
        return None
    band = whisker = None
    if noise is not None:
        band = svg.box(scale.share(1 / (1 + noise)), scale.share(1 + noise), 2, 20, kind="allowed")
    if low is not None and high is not None:
        whisker = svg.level(12, kind="whisker", start=scale.share(low), end=scale.share(high))
    return svg.chart(
        band,
        svg.upright(scale.share(1.0), 0, 24, kind="axis"),
        whisker,
        svg.dot(scale.share(value), 12, kind="mark" if at.decision is not Decision.NOT_DECIDABLE else "mark hollow"),
        title=f"{title}: {number(value)}",
        description=at.sentence,
        height=24,
        ident=ident,
        kind="chart strip",
    )
