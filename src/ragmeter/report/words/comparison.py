"""The words of a comparison, for terminal and page."""

from collections.abc import Callable, Iterable

from ragmeter.core.compare.comparison import (
    Claim,
    Comparison,
    Further,
    MetricComparison,
    PairComparison,
    Rank,
    Ranking,
    Side,
)
from ragmeter.core.formatting import percent as per_cent
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.words.format import number, quantity, span, unit_of
from ragmeter.report.words.shown import without_figures


def rank_words(at: Ranking) -> str:
    """``1 aws-eks, 2-3 gcp-gke, 2-3 akamai-lke``."""
    return ", ".join(f"{place(rank)} {rank.label}" for rank in at.ranks)


def place(rank: Rank) -> str:
    return str(rank.best) if rank.best == rank.worst else f"{rank.best}-{rank.worst}"


def reason(at: MetricComparison) -> str:
    """The sentence for a place where the change stands beside it."""
    return at.sentence.partition("; change of ")[0]


def streams_text(found: Comparison, pair: PairComparison, at: MetricComparison) -> str:
    """What a TPOT must be read with: a GPU that decodes more streams at once is slower at each. Empty elsewhere."""
    streams = {side.label: side.effective_decode_concurrency for side in found.sides}
    of_a, of_b = streams[pair.a], streams[pair.b]
    if at.metric != "tpot_ms" or of_a is None or of_b is None:
        return ""
    return f"with {number(of_a)} concurrent streams on average on A and {number(of_b)} on B"


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


def sentence_of(claim: Claim) -> str:
    """As a sentence of its own; one that begins with the name of a side keeps it as it is written."""
    named = claim.sentence.startswith(claim.labels)
    return f"{claim.sentence[:1] if named else claim.sentence[:1].upper()}{claim.sentence[1:]}."


def conclusions(found: Comparison) -> list[str]:
    """What it comes down to, a sentence for each claim, and what it takes to decide what is open."""
    open_ones = [] if found.further is None else [further_words(found.further)]
    return [*map(sentence_of, found.claims), *open_ones]


def further_words(at: Further) -> str:
    """``About 4 more trials of each side: 6 min 0 s of load, 0.51 USD with all clusters running meanwhile.``"""
    many = f"{at.trials} more trial{'' if at.trials == 1 else 's'} of each side"
    price = "its price is not known" if at.usd is None else f"{number(at.usd)} USD with all clusters running meanwhile"
    return f"About {many}: {span(at.minutes * 60)} of load, {price}."


def said_once(found: Comparison, of: Callable[[Side], Iterable[str]]) -> list[str]:
    """What is said of each side, with the names of those of which the same is said in front."""
    labels: dict[str, list[str]] = {}
    for side in found.sides:
        for words in of(side):
            labels.setdefault(words, []).append(side.label)
    return [f"{', '.join(names)}: {words}" for words, names in labels.items()]
