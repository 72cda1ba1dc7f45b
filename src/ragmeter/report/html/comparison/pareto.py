"""Price against speed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.html import svg
from ragmeter.report.html.comparison.hues import hue
from ragmeter.report.html.comparison.plots import plot, y_of
from ragmeter.report.html.layout import section
from ragmeter.report.html.scale import Scale, fitting, labelled
from ragmeter.report.words.format import quantity
from ragmeter.report.words.markup import Html, element


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """A side with a TTFT p95 and a price."""

    label: str
    index: int
    ttft: Estimate
    usd: Estimate


def pareto(found: Comparison) -> Html | None:
    """Cost against the p95 of the TTFT: nobody is better than a side that nothing lies left of and below."""
    spots = list(_spots(found))
    if len(spots) < 2:
        return None
    across, up = (fitting(_ends(estimates)) for estimates in ([at.ttft for at in spots], [at.usd for at in spots]))
    said = (f"{at.label} {quantity(at.ttft.value, 'ms')}, {quantity(at.usd.value, 'usd')}" for at in spots)
    drawing = plot(
        *(part for at in spots for part in _mark(at, across, up)),
        across=across,
        across_unit="ms",
        up=[(up.share(value), f"${words}") for value, words in labelled(up, "usd")],
        title="USD per 1M output tokens against TTFT p95",
        description="; ".join(said),
        ident="pareto",
    )
    return section(
        "Price against speed",
        element("figure", element("figcaption", "USD per 1M output tokens, over TTFT p95 in ms"), drawing),
        lead="Left is faster, down is cheaper; the cross is the 95 % interval of both.",
    )


def _spots(found: Comparison) -> Iterator[_Spot]:
    for index, side in enumerate(found.sides):
        ttft = side.estimates.get("p95(ttft_ms)")
        usd = side.cost.usd_per_1m_tokens if side.cost else None
        if ttft and usd and ttft.value is not None and usd.value is not None:
            yield _Spot(label=side.label, index=index, ttft=ttft, usd=usd)


def _ends(estimates: Sequence[Estimate]) -> list[float]:
    return [end for at in estimates for end in (at.low, at.value, at.high) if end is not None]


def _mark(at: _Spot, across: Scale, up: Scale) -> Iterator[Html]:
    """The cross of both intervals, a dot, and the name."""
    x, y = across.share(at.ttft.value or 0.0), y_of(up.share(at.usd.value or 0.0))
    reach = f"reach {hue(at.index)}"
    if at.ttft.low is not None and at.ttft.high is not None:
        yield svg.level(y, kind=reach, start=across.share(at.ttft.low), end=across.share(at.ttft.high))
    if at.usd.low is not None and at.usd.high is not None:
        yield svg.upright(x, y_of(up.share(at.usd.high)), y_of(up.share(at.usd.low)), kind=reach)
    yield svg.dot(x, y, kind=f"spot {hue(at.index)}", radius=5)
    yield svg.label(at.label, x, y - 10, kind="value halo", near=0.15)
