"""A comparison of runs on a terminal, and the words that its page shares."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from ragmeter.core.comparison import Comparison, Decision, MetricComparison, PairComparison, Rank, Ranking
from ragmeter.core.decide import percent as per_cent
from ragmeter.core.identity import FieldDifference
from ragmeter.core.result import Estimate
from ragmeter.report.comparison.answer import answers, question
from ragmeter.report.comparison.shown import with_figures, without_figures
from ragmeter.report.format import number, quantity, unit_of
from ragmeter.report.markup import clean
from ragmeter.report.scorecard.provenance import shown

_COLOURS: Final = {
    Decision.A_BETTER: "1;32",
    Decision.B_BETTER: "1;32",
    Decision.NO_DIFFERENCE: "1;36",
    Decision.NOT_DECIDABLE: "1;33",
}


def comparison_lines(found: Comparison, *, width: int, colour: bool) -> list[str]:
    """The answer, ranks, then each pair: figures with the change and its interval, the verdict, what weakens it."""
    wide, known = max(width, 60), with_figures(found)
    lines = [line for pair in known.pairs for line in (*_pair_lines(found, pair, wide, colour), "")]
    ranks = [*_rank_lines(known, wide), ""] if len(found.sides) > 2 else []
    about = [*_about_lines(found, wide), ""]
    methods = [line for words in method(found) for line in wrap(words, wide)]
    return [*_answer_lines(found, wide), "", *ranks, *lines, *about, *methods]


def _answer_lines(found: Comparison, width: int) -> Iterator[str]:
    yield from wrap(clean(question(found)), width)
    for name, words in answers(with_figures(found)):
        yield from wrap(clean(f"{name}: {words}"), width, initial_indent="  ", subsequent_indent="    ")
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
        words = f"{metric_name(at.metric, at.statistic):14}{rank_words(at)}"
        yield from wrap(clean(words), width, initial_indent="  ", subsequent_indent=" " * 16)


def rank_words(at: Ranking) -> str:
    """``1 aws-eks, 2-3 gcp-gke, 2-3 akamai-lke``."""
    return ", ".join(f"{place(rank)} {rank.label}" for rank in at.ranks)


def place(rank: Rank) -> str:
    return str(rank.best) if rank.best == rank.worst else f"{rank.best}-{rank.worst}"


def _pair_lines(found: Comparison, pair: PairComparison, width: int, colour: bool) -> Iterator[str]:
    yield from wrap(clean(f"{pair.a} (A) and {pair.b} (B), {design(found, pair)}"), width)
    yield f"  {'':14}{'A':>15}{'B':>15}  change of B"
    for at in pair.metrics:
        name = metric_name(at.metric, at.statistic)
        yield f"  {name:14}{value_text(at, at.a):>15}{value_text(at, at.b):>15}  {change_text(at.ratio)}"
        first, *rest = wrap(clean(reason(at)), width - 6)
        yield "      " + (f"\x1b[{_COLOURS[at.decision]}m{first}\x1b[0m" if colour else first)
        yield from (f"      {line}" for line in rest)
        yield from wrap(streams_text(found, pair, at), width, initial_indent="      ", subsequent_indent="      ")
    for words in (*_differences_in_words(pair), *(f"caveat: {words}" for words in pair.caveats)):
        yield from wrap(clean(words), width, initial_indent="  ", subsequent_indent="    ")


def reason(at: MetricComparison) -> str:
    """The sentence for a place where the change stands beside it."""
    return at.sentence.partition("; change of ")[0]


def streams_text(found: Comparison, pair: PairComparison, at: MetricComparison) -> str:
    """What a TPOT must be read with: a GPU that decodes more streams at once is slower at each. Empty elsewhere."""
    streams = {side.label: side.effective_decode_concurrency for side in found.sides}
    of_a, of_b = streams[pair.a], streams[pair.b]
    if at.metric != "tpot_ms" or of_a is None or of_b is None:
        return ""
    return f"with {number(of_a)} streams decoding at a time on A and {number(of_b)} on B"


def designs(found: Comparison) -> str:
    """What the answer rests on, and of what there is none."""
    trials = {side.trials for side in found.sides}
    each = f"{min(trials)}" if len(trials) == 1 else f"{min(trials)} to {max(trials)}"
    requests = sum(side.requests for side in found.sides)
    order = "interleaved in blocks" if all(pair.blocks for pair in found.pairs) else "not interleaved"
    missing = without_figures(found)
    lacking = f" No side has a figure of {' or '.join(missing)}." if missing else ""
    return (
        f"{each} trials a side, {order}; {requests:,} requests. Brackets are 95 % intervals; significance is corrected "
        f"over all {found.family} differences that were tested.{lacking}"
    )


def design(found: Comparison, pair: PairComparison) -> str:
    trials = {side.label: side.trials for side in found.sides}
    counts = f"{trials[pair.a]} and {trials[pair.b]} trials"
    return f"{counts}, {f'{pair.blocks} interleaved pairs' if pair.blocks else 'not interleaved'}"


_SHORT: Final = {"ttft_ms": "TTFT", "tpot_ms": "TPOT", "e2e_ms": "e2e", "output_tokens_per_s": "throughput"}


def metric_name(metric: str, statistic: str | None) -> str:
    name = "USD/1M tokens" if metric == "usd_per_1m_tokens" else _SHORT.get(metric, metric)
    return f"{name} {statistic or ''}".rstrip()


def value_text(at: MetricComparison, value: float | None) -> str:
    return quantity(value, unit_of(at.metric))


def change_text(ratio: Estimate) -> str:
    """``-12 % [-18, -5]``."""
    if ratio.value is None:
        return "unknown"
    if ratio.low is None or ratio.high is None:
        return f"{_signed(ratio.value)} %, no interval"
    return f"{_signed(ratio.value)} % [{_signed(ratio.low)}, {_signed(ratio.high)}]"


def _signed(ratio: float) -> str:
    text = per_cent(ratio - 1)
    return text if text.startswith("-") or text == "0" else f"+{text}"


def _differences_in_words(pair: PairComparison) -> Iterator[str]:
    if pair.identity.must_match:
        yield f"NOT THE SAME MEASUREMENT: {_listed(pair.identity.must_match)}"
    if pair.identity.could_explain:
        yield f"could explain a difference: {_listed(pair.identity.could_explain)}"


def _listed(differences: Sequence[FieldDifference]) -> str:
    return "; ".join(f"{at.field} {shown(at.a)} / {shown(at.b)}" for at in differences)


def method(found: Comparison) -> tuple[str, ...]:
    """How the figures were found, for the end of a report."""
    noise = ""
    if found.noise_from:
        noise = f" The noise band is the far end of the interval between {' and '.join(found.noise_from)}."
    return (
        "Figures are of the typical trial: the geometric mean of one figure a trial. Intervals are 95 %, Student's t "
        "of the logarithms with a trial as the unit: of the differences within a block where trials were interleaved, "
        "else Welch's. "
        f"Significance is corrected by Holm over all {found.family} figures tested. A difference below "
        f"{per_cent(found.min_effect_ratio)} % does not matter here; further trials are counted for a power of 80 %."
        f"{noise}",
    )
