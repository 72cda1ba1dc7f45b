"""A comparison of runs on a terminal, and the words that its page shares."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Final

from ragmeter.core.compare.comparison import Comparison, Decision, MetricComparison, PairComparison
from ragmeter.core.run.identity import FieldDifference
from ragmeter.report.words.answer import question
from ragmeter.report.words.comparison import (
    change_text,
    conclusions,
    design,
    designs,
    method,
    rank_words,
    reason,
    streams_text,
    value_text,
)
from ragmeter.report.words.format import shown
from ragmeter.report.words.markup import clean
from ragmeter.report.words.shown import with_figures

_COLOURS: Final = {
    Decision.A_BETTER: "1;32",
    Decision.B_BETTER: "1;32",
    Decision.NO_DIFFERENCE: "1;36",
    Decision.NOT_DECIDABLE: "1;33",
}


def comparison_lines(found: Comparison, *, width: int, colour: bool) -> list[str]:
    """The answer, ranks, then each pair: figures with the change and its interval, the verdict, caveats."""
    wide, known = max(width, 60), with_figures(found)
    lines = [line for pair in known.pairs for line in (*_pair_lines(found, pair, wide, colour), "")]
    ranks = [*_rank_lines(known, wide), ""] if len(found.sides) > 2 else []
    about = [*_about_lines(found, wide), ""]
    methods = [line for words in method(found) for line in wrap(words, wide)]
    return [*_answer_lines(found, wide), "", *ranks, *lines, *about, *methods]


def _answer_lines(found: Comparison, width: int) -> Iterator[str]:
    yield from wrap(clean(question(found)), width)
    for words in conclusions(found):
        yield from wrap(clean(words), width, initial_indent="  ", subsequent_indent="    ")
    yield from wrap(designs(found), width, initial_indent="  ", subsequent_indent="  ")


def _about_lines(found: Comparison, width: int) -> Iterator[str]:
    """What is said of a run once, and not with each of its pairs."""
    unverified = dict.fromkeys(field for pair in found.pairs for field in pair.identity.unverified)
    sentences = [f"{side.label}: {words}" for side in found.sides for words in side.caveats]
    if unverified:
        sentences.append(f"must match and is not known of all runs: {', '.join(unverified)}")
    for words in sentences:
        yield from wrap(clean(words), width, initial_indent="  ", subsequent_indent="    ")


def _rank_lines(found: Comparison, width: int) -> Iterator[str]:
    yield "Ranks, 1 is the best; a side has several where a comparison is not decided"
    for at in found.rankings:
        words = f"{at.figure.short:14}{rank_words(at)}"
        yield from wrap(clean(words), width, initial_indent="  ", subsequent_indent=" " * 16)


def _pair_lines(found: Comparison, pair: PairComparison, width: int, colour: bool) -> Iterator[str]:
    yield from wrap(clean(f"{pair.a} (A) and {pair.b} (B), {design(found, pair)}"), width)
    yield f"  {'':14}{'A':>15}{'B':>15}  change of B"
    shared = _shared_reasons(pair)
    for at in pair.metrics:
        name = at.figure.short
        yield f"  {name:14}{value_text(at, at.a):>15}{value_text(at, at.b):>15}  {change_text(at.ratio)}"
        if reason(at) not in shared:
            yield from _reason_lines(reason(at), at.decision, width, colour)
        yield from wrap(streams_text(found, pair, at), width, initial_indent="      ", subsequent_indent="      ")
    for words, metrics in shared.items():
        whose = "all" if len(metrics) == len(pair.metrics) else ", ".join(at.figure.short for at in metrics)
        yield from _reason_lines(f"{whose}: {words}", metrics[0].decision, width, colour)
    for words in (*_differences_in_words(pair), *(f"caveat: {words}" for words in pair.caveats)):
        yield from wrap(clean(words), width, initial_indent="  ", subsequent_indent="    ")


def _shared_reasons(pair: PairComparison) -> Mapping[str, Sequence[MetricComparison]]:
    """What is said of several metrics alike, once for all of them."""
    found: dict[str, list[MetricComparison]] = {}
    for at in pair.metrics:
        found.setdefault(reason(at), []).append(at)
    return {words: metrics for words, metrics in found.items() if len(metrics) > 1}


def _reason_lines(words: str, decision: Decision, width: int, colour: bool) -> Iterator[str]:
    first, *rest = wrap(clean(words), width - 6)
    yield "      " + (f"\x1b[{_COLOURS[decision]}m{first}\x1b[0m" if colour else first)
    yield from (f"      {line}" for line in rest)


def _differences_in_words(pair: PairComparison) -> Iterator[str]:
    if pair.identity.must_match:
        yield f"NOT THE SAME MEASUREMENT: {_listed(pair.identity.must_match)}"
    if pair.identity.could_explain:
        yield f"could explain a difference: {_listed(pair.identity.could_explain)}"


def _listed(differences: Sequence[FieldDifference]) -> str:
    return "; ".join(f"{at.field} {shown(at.a)} / {shown(at.b)}" for at in differences)
