"""What stands beside the waterfall of the TTFT, in words that the page and the terminal share."""

from collections.abc import Iterator

from ragmeter.core.figures.attribution import Attribution
from ragmeter.report.words.format import percent, quantity


def beside_waterfall(at: Attribution) -> Iterator[str]:
    """Sentences without their full stops. What is advised says what dominates, so that is not said before it again."""
    advised = None if at.advice is None else _whose(at.advice.sentence)
    yield from (said for said in (at.sentence, at.tail_sentence) if said and _whose(said) != advised)
    if at.advice is not None:
        yield at.advice.sentence
    yield f"{percent(at.measured_ratio)} of the mean is measured, the rest inferred"
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


def _of_decoding(at: Attribution) -> str:
    parts = (
        None if at.llm_decode_mean_ms is None else f"{quantity(at.llm_decode_mean_ms, 'ms')} by the LLM's own clock",
        None
        if at.stalled_mean_ms is None
        else f"{quantity(at.stalled_mean_ms, 'ms')} in stalls (gaps over 5 times the request's median)",
    )
    known = [part for part in parts if part is not None]
    return f", {' and '.join(known)}" if known else ""
