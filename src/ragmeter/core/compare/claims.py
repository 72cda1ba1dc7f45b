"""What a comparison comes down to: sentences that claim no more than is decided, the answer first, the open ones last.

A side that meets its SLOs can be the cheapest or the fastest. One that misses them is said to miss them; one whose
measurement is not valid, or that has spent its error budget, is called neither faster nor cheaper. A ratio is always
that of the second side of a pair to the first, so that one fact has one percentage wherever it stands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from ragmeter.core.compare.comparison import (
    Claim,
    Comparison,
    Decision,
    Further,
    Kind,
    MetricComparison,
    PairComparison,
    Side,
)
from ragmeter.core.formatting import number_text, percent
from ragmeter.core.requests.figure import Figure
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import Outcome, SloVerdict

PER_ANSWERS: Final = 1000
_PRICES: Final = (Figure("usd_per_good_request"), Figure("usd_per_1m_tokens"))
_SPEEDS: Final = (Figure("ttft_ms", "p95"), Figure("ttft_ms", "p50"))
_MISSING: Final = {Outcome.FAIL: "misses", Outcome.INCONCLUSIVE: "is not shown to meet"}


def claims_of(found: Comparison) -> tuple[Claim, ...]:
    """Who is best, how the others that meet their SLOs differ, who misses them, what is open, and at which load."""
    barred = [side for side in found.sides if _bar(side)]
    fit = [side for side in found.sides if side not in barred]
    view = _view(found)
    missing = [_misses(side) for side in fit if side not in view.sides]
    none = [] if view.sides or not fit else [_claim("answer", fit, _nobody(fit))]
    said = (*_answers(view), *none, *_relations(view), *missing, *map(_barred, barred), *_open(view), *_unpriced(view))
    return (*said, _basis(found))


def further_of(found: Comparison) -> Further | None:
    """For the prices and the speeds of the sides that can be the best of something."""
    open_ones = [at for figures in (_PRICES, _SPEEDS) for _, at in _undecided(_view(found), figures)]
    trials = max((at.trials_needed or 0 for at in open_ones), default=0)
    lasting = [side.seconds_per_trial for side in found.sides]
    if not trials or None in lasting:
        return None
    hours = trials * sum(seconds or 0.0 for seconds in lasting) / 3600
    prices = [None if side.cost is None else side.cost.usd_per_hour for side in found.sides]
    usd = None if None in prices else sum(price or 0.0 for price in prices) * hours
    return Further(trials=trials, minutes=round(hours * 60, 2), usd=None if usd is None else round(usd, 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """sides: those that can be the best."""

    found: Comparison
    sides: tuple[Side, ...]

    def pair(self, one: Side, other: Side) -> PairComparison | None:
        labels = {one.label, other.label}
        return next((pair for pair in self.found.pairs if {pair.a, pair.b} == labels), None)

    @property
    def one_system(self) -> bool:
        """States of one provider, or now and then: nobody chooses between them."""
        return len({side.provider for side in self.found.sides}) == 1


def _view(found: Comparison) -> _View:
    meeting = (Outcome.PASS, Outcome.NOT_JUDGED, None)
    return _View(found=found, sides=tuple(side for side in found.sides if not _bar(side) and side.outcome in meeting))


def _claim(kind: Kind, sides: Sequence[Side], sentence: str) -> Claim:
    return Claim(kind=kind, labels=tuple(side.label for side in sides), sentence=sentence)


def _bar(side: Side) -> str | None:
    """Why nothing is claimed of a side."""
    if side.not_fit:
        return f"its measurement is not valid: {side.not_fit[0]}"
    return side.overspent or ("its measurement is not valid" if side.outcome is Outcome.INVALID else None)


def _barred(side: Side) -> Claim:
    return _claim("barred", [side], f"{side.label} is called neither faster nor cheaper: {_bar(side)}")


def _judged(side: Side) -> bool:
    return side.outcome is Outcome.PASS


def _meets(sides: Sequence[Side]) -> str:
    """Behind who is best: of whom."""
    return " that meets your SLOs" if all(map(_judged, sides)) else ""


def _nobody(fit: Sequence[Side]) -> str:
    if len(fit) == 1:
        return f"{fit[0].label} is the only one that was validly measured, and is not shown to meet your SLOs"
    many = "neither" if len(fit) == 2 else "none"
    return f"{many} of {_names(fit)} is shown to meet your SLOs"


def _names(sides: Sequence[Side]) -> str:
    *first, last = (side.label for side in sides)
    return f"{', '.join(first)} and {last}" if first else last


def _misses(side: Side) -> Claim:
    """The SLOs that decided, the worst first."""
    deciding = [verdict for verdict in side.verdicts if verdict.outcome is side.outcome]
    if not deciding:
        return _claim("misses", [side], f"{side.label} is not shown to meet its SLOs: {_words(side.outcome)}")
    verb = _MISSING.get(deciding[0].outcome, "has too little data for")
    return _claim("misses", [side], f"{side.label} {verb} {' and '.join(map(_slo_words, deciding))}")


def _words(outcome: Outcome | None) -> str:
    return (outcome or Outcome.NOT_JUDGED).value.replace("_", " ").lower()


def _slo_words(verdict: SloVerdict) -> str:
    """``p95(ttft_ms) <= 1500 (it is 1843 ms)``."""
    unit = " ms" if METRICS[verdict.metric].unit == "ms" else ""
    known = "" if verdict.value is None else f" (it is {number_text(verdict.value)}{unit})"
    return f"{verdict.slo}{known}"


def _answers(view: _View) -> Iterator[Claim]:
    if view.one_system or not view.sides:
        return
    priced = [side for side in view.sides if _price(side) is not None]
    best = _best(view, priced, _PRICES)
    fastest = _best(view, view.sides, _SPEEDS) if not priced else None
    if best is not None:
        alone = "the only one" if len(view.sides) == 1 and _judged(best) else "the cheapest"
        yield _claim("answer", [best], f"{best.label} is {alone}{_meets(view.sides)}{_at(best)}: {_price(best)}")
    elif len(view.sides) == 1:
        (only,) = view.sides
        yield _claim("answer", [only], f"{only.label} is the only one{_meets(view.sides)}{_at(only)}")
    elif fastest is not None:
        words = f"{fastest.label} is the fastest to the first token{_meets(view.sides)}{_at(fastest)}"
        yield _claim("answer", [fastest], words)
    else:
        yield _claim("answer", view.sides, _several(view.sides, "cheapest" if priced else "fastest to the first token"))
    if not any(map(_judged, view.sides)):
        yield _claim("answer", view.sides, "no SLO was declared, so none is said to be met")


def _several(sides: Sequence[Side], best: str) -> str:
    names = _names(sides)
    meet = f"{names} meet your SLOs, and " if all(map(_judged, sides)) else f"of {names} "
    return f"{meet}none is shown to be the {best}"


def _best(view: _View, sides: Sequence[Side], figures: Sequence[Figure]) -> Side | None:
    """The one that is shown to be better than every other of them."""
    for side in sides:
        pairs = [(view.pair(side, other), other) for other in sides if other is not side]
        if all(pair is not None and _wins(pair, side, figures) for pair, _ in pairs):
            return side
    return None


def _wins(pair: PairComparison, side: Side, figures: Sequence[Figure]) -> bool:
    at = _first(pair, figures)
    return at is not None and at.decision is (Decision.A_BETTER if pair.a == side.label else Decision.B_BETTER)


def _first(pair: PairComparison, figures: Sequence[Figure]) -> MetricComparison | None:
    """Of the first of these figures that was compared: of one with enough requests, if there is any."""
    known = [at for figure in figures for at in pair.metrics if at.figure == figure and at.ratio.value is not None]
    return next((at for at in known if at.ratio.enough), known[0] if known else None)


def _headlines(pair: PairComparison) -> list[MetricComparison]:
    return [at for at in (_first(pair, _SPEEDS), _first(pair, _PRICES)) if at is not None]


def _price(side: Side) -> str | None:
    """``1.84 USD [1.79, 1.90] per 1,000 good answers``; None where it is not known."""
    if side.cost is None:
        return None
    if (usd := side.cost.usd_per_good_request).value is not None:
        return f"{_usd(usd, PER_ANSWERS)} per {PER_ANSWERS:,} good answers"
    return None


def _usd(at: Estimate, times: int) -> str:
    low, value, high = (None if end is None else end * times for end in (at.low, at.value, at.high))
    known = "" if low is None or high is None or low == high else f" [{_money(low)}, {_money(high)}]"
    return f"{_money(value or 0.0)} USD{known}"


def _money(usd: float) -> str:
    """Cents, and below ten of them three digits."""
    return f"{usd:,.2f}" if usd >= 0.1 else number_text(usd, 3)


def _at(side: Side) -> str:
    """`` at its capacity of 11 requests/s``, `` at 10 concurrent requests (14.2 requests/s)``."""
    rate = side.estimates.get("requests_per_s")
    served = "" if rate is None or rate.value is None else f"{number_text(rate.value, 3)} requests/s"
    if side.capacity is not None and side.capacity.held is not None:
        held = f"{number_text(side.capacity.held, 3)} {side.capacity.unit}"
        beside = f" ({served})" if served and side.capacity.unit != "requests/s" else ""
        return f" at its capacity of {held}{beside}"
    load = str(side.asked.get("load", ""))
    return f" at {load}{f' ({served})' if served else ''}" if load else ""


def _relations(view: _View) -> Iterator[Claim]:
    """Of the best with each other; of all of them where there is no best."""
    best = _best(view, [side for side in view.sides if _price(side) is not None], _PRICES)
    for one, other in combinations(view.sides, 2):
        pair = view.pair(one, other)
        if pair is None or (best is not None and best not in (one, other) and not view.one_system):
            continue
        shown = [_shown(at) for at in _headlines(pair) if at.decision in (Decision.A_BETTER, Decision.B_BETTER)]
        if shown:
            yield _claim("relation", [one, other], f"{pair.b} {' and '.join(shown)} than {pair.a}")
        ties = [_of(at) for at in _headlines(pair) if at.decision is Decision.NO_DIFFERENCE]
        if ties:
            within = f"within ±{percent(view.found.min_effect_ratio)} %"
            yield _claim("tie", [one, other], f"{pair.a} and {pair.b} do not differ in {' and '.join(ties)}, {within}")


def _of(at: MetricComparison) -> str:
    return f"time to first token ({at.statistic})" if at.metric == "ttft_ms" else "price"


def _shown(at: MetricComparison) -> str:
    """``is 12 % [9, 15] faster to the first token (p95)``, ``costs 36 % [34, 38] more``."""
    lower = (at.ratio.value or 1.0) < 1
    share = _share(at.ratio, lower=lower)
    if at.metric == "ttft_ms":
        return f"is {share} {'faster' if lower else 'slower'} to the first token ({at.statistic})"
    return f"costs {share} {'less' if lower else 'more'}"


def _share(ratio: Estimate, *, lower: bool) -> str:
    sign = -1 if lower else 1
    value, *ends = (sign * ((end or 1.0) - 1) for end in (ratio.value, ratio.low, ratio.high))
    return f"{percent(value)} % [{', '.join(percent(end) for end in sorted(ends))}]"


def _open(view: _View) -> Iterator[Claim]:
    """One sentence for each figure, of the pairs of which it is not decided."""
    for figures, words in ((_PRICES, "the cheaper one"), (_SPEEDS, "the faster one to the first token")):
        mine = _undecided(view, figures)
        if not mine:
            continue
        between = "; ".join(f"{pair.a} or {pair.b}" for pair, _ in mine)
        needed = [at.trials_needed for _, at in mine]
        why = mine[0][1].sentence.removeprefix("not decidable: ").partition("; change of ")[0]
        more = f"about {max(filter(None, needed))} more trials decide it" if all(needed) else why
        sides = [side for side in view.sides if any(side.label in (pair.a, pair.b) for pair, _ in mine)]
        yield _claim("open", sides, f"which is {words} is not decided: {between} ({more})")


def _undecided(view: _View, figures: Sequence[Figure]) -> list[tuple[PairComparison, MetricComparison]]:
    """The pairs of sides that can be the best, of which these figures are not decided."""
    labels = {side.label for side in view.sides}
    pairs = [(pair, _first(pair, figures)) for pair in view.found.pairs if {pair.a, pair.b} <= labels]
    return [(pair, at) for pair, at in pairs if at is not None and at.decision is Decision.NOT_DECIDABLE]


def _unpriced(view: _View) -> Iterator[Claim]:
    without = [side for side in view.sides if _price(side) is None]
    if without and not view.one_system:
        verb = "costs" if len(without) == 1 else "cost"
        yield _claim("open", without, f"what {_names(without)} {verb} is not known")


def _basis(found: Comparison) -> Claim:
    searched = [side for side in found.sides if side.capacity is not None and side.capacity.held is not None]
    if len(searched) == len(found.sides):
        return _claim("basis", found.sides, "each is compared at its own capacity, the highest load that held")
    loads = list(dict.fromkeys(str(side.asked["load"]) for side in found.sides if "load" in side.asked))
    if len(loads) == 1 and not searched:
        return _claim("basis", found.sides, f"compared at equal load: {loads[0]}")
    return _claim("basis", found.sides, "the loads are not equal, or not all of them are known")
