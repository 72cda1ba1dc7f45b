"""What stands beside the waterfall of the TTFT, in words that the page and the terminal share."""

from collections.abc import Iterator

from ragmeter.core.figures.attribution import Attribution
from ragmeter.core.figures.stages import Stage
from ragmeter.report.words.format import percent, quantity


def beside_waterfall(at: Attribution) -> Iterator[str]:
    """Sentences without their full stops. What is advised says what dominates, so that is not said before it again."""
    advised = None if at.advice is None else _whose(at.advice.sentence)
    yield from (said for said in (at.sentence, at.tail_sentence) if said and _whose(said) != advised)
    if at.advice is not None:
        yield at.advice.sentence
    bounded = f", {percent(at.bounded_ratio)} known between bounds" if at.bounded_ratio else ""
    yield f"{percent(at.measured_ratio)} of the mean is measured{bounded}, the rest inferred"
    if at.llm_split is not None:
        yield at.llm_split
    if at.tail_bounds:
        known = ", ".join(f"{each.label} {bounds(each.low_ms, each.high_ms)}" for each in at.tail_bounds)
        yield f"of the slowest 5 %, by the same histograms: {known}"
    if at.decode_mean_ms is not None:
        yield f"decoding after the first token took {quantity(at.decode_mean_ms, 'ms')} on average{_of_decoding(at)}"
    if at.llm_network is not None:
        yield f"network to the LLM: {at.llm_network}"
    if at.later:
        told = ", ".join(f"{stage.name} {quantity(stage.mean_ms, 'ms')}" for stage in at.later)
        yield f"also told, and not said to come before the first token: {told}"


def _whose(sentence: str) -> str:
    """``the mean TTFT`` of ``70 % of the mean TTFT is LLM prefill: …``."""
    return sentence.partition(" % of ")[2].partition(" is ")[0]


def between(stage: Stage) -> str | None:
    """The bounds of a stage that is not known better."""
    return None if stage.low_ms is None or stage.high_ms is None else bounds(stage.low_ms, stage.high_ms)


def bounds(low_ms: float, high_ms: float) -> str:
    return f"between {quantity(low_ms, 'ms')} and {quantity(high_ms, 'ms')}"


def _of_decoding(at: Attribution) -> str:
    parts = (
        None if at.llm_decode_mean_ms is None else f"{quantity(at.llm_decode_mean_ms, 'ms')} by the LLM's own clock",
        None
        if at.stalled_mean_ms is None
        else f"{quantity(at.stalled_mean_ms, 'ms')} in stalls (gaps over 5 times the request's median)",
    )
    known = [part for part in parts if part is not None]
    return f", {' and '.join(known)}" if known else ""
