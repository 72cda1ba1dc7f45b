"""One card for each side: what it does, how sure that is, and which place it can have."""

from collections.abc import Iterator

from ragmeter.core.comparison import Comparison, Rank, Ranking, Side
from ragmeter.core.result import Estimate
from ragmeter.report.comparison.hues import hue
from ragmeter.report.comparison_text import place
from ragmeter.report.format import TOO_SMALL, UNKNOWN, Unit, interval, number, quantity, unit_of
from ragmeter.report.markup import Child, Html, element
from ragmeter.report.naming import figure_label

_FIGURES = (
    ("p50(ttft_ms)", "ttft_ms", "p50"),
    ("p95(ttft_ms)", "ttft_ms", "p95"),
    ("p50(tpot_ms)", "tpot_ms", "p50"),
    ("p50(e2e_ms)", "e2e_ms", "p50"),
    ("p95(e2e_ms)", "e2e_ms", "p95"),
    ("output_tokens_per_s", "output_tokens_per_s", None),
    ("good_ratio", "good_ratio", None),
    ("error_ratio", "error_ratio", None),
)


def cards(found: Comparison) -> Html:
    ranks = {(at.metric, at.statistic): at for at in found.rankings}
    return element("div", *(_card(side, index, ranks) for index, side in enumerate(found.sides)), class_="cards")


def _card(side: Side, index: int, ranks: dict[tuple[str, str | None], Ranking]) -> Html:
    rows = [row for row in (*_latencies(side, ranks), *_money(side, ranks)) if row is not None]
    return element(
        "article",
        element("h3", side.label),
        element("p", _about(side), class_="n"),
        element("table", element("caption", f"Figures of {side.label}", class_="unseen"), element("tbody", *rows)),
        class_=f"card {hue(index)}",
    )


def _about(side: Side) -> str:
    cut = ", interrupted" if side.status == "interrupted" else ""
    return f"{side.trials} trials, {side.requests:,} requests{cut}"


def _latencies(side: Side, ranks: dict[tuple[str, str | None], Ranking]) -> Iterator[Html | None]:
    for name, metric, statistic in _FIGURES:
        at = side.estimates.get(name)
        unit = unit_of(metric)
        beside = _streams(side) if metric == "tpot_ms" else None
        yield _row(figure_label(metric, statistic), at, unit, _rank(side, ranks.get((metric, statistic))), beside)


def _money(side: Side, ranks: dict[tuple[str, str | None], Ranking]) -> Iterator[Html | None]:
    if side.cost is None:
        return
    for name in ("usd_per_1m_tokens", "usd_per_good_request"):
        yield _row(
            figure_label(name, None), getattr(side.cost, name), "usd", _rank(side, ranks.get((name, None))), None
        )
    if side.cost.at_demand is not None:
        yield _row("USD a month at the demand", side.cost.at_demand.usd_per_month, "usd", None, None)


def _streams(side: Side) -> str | None:
    streams = side.effective_decode_concurrency
    return None if streams is None else f"with {number(streams)} streams decoding"


def _rank(side: Side, at: Ranking | None) -> Rank | None:
    return None if at is None else next(rank for rank in at.ranks if rank.label == side.label)


def _row(label: str, at: Estimate | None, unit: Unit, rank: Rank | None, beside: str | None) -> Html | None:
    if at is None:
        return None
    value = UNKNOWN if at.value is None else quantity(at.value, unit)
    certain = at.value is None or (at.low is not None and at.low == at.high)
    small: Child = None if certain else interval(at, unit) if at.enough else TOO_SMALL
    chip = None
    if rank is not None:
        words = f"place {place(rank)}"
        chip = element("span", words, class_="chip first" if rank.worst == 1 else "chip")
    return element(
        "tr",
        element("th", label, None if beside is None else element("small", f" {beside}"), scope="row"),
        element("td", element("span", value, class_="main"), element("small", small), chip),
    )
