"""Words that users do not read, and the field's standard term for each: one table, for every text that users see."""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """pattern: what is not written, as a regular expression over one line of prose. instead: what is."""

    pattern: str
    instead: str


WORDS = (
    Word(r"rates? asked", "offered rate"),
    Word(r"most in flight", "peak concurrency"),
    Word(r"\bwhole time\b", "end-to-end latency"),
    Word(r"streams decoding", "mean concurrent streams"),
    Word(r"tokens an answer", "tokens per response"),
    Word(r"what weakens|to be weighed", "caveats"),
    Word(r"in what the (systems|runs) differ", "configuration differences"),
    Word(r"not to be trusted", "suspect measurement"),
    Word(r"fit to measure", "load generator was saturated; the run is invalid"),
    Word(r"\bown error", "client measurement error"),
    Word(r"segments? (that were )?sent again", "retransmits"),
    Word(r"where the time to first token went", "TTFT breakdown"),
    Word(r"shows? and do(es)? not claim", "too few trials to conclude"),
    Word(r"\bn too small", "insufficient samples (needs N)"),
    Word(r"had no room for", "capture ring overflowed: N packets dropped"),
    Word(r"translates? its addresses|addresses translated", "is NAT active on this host?"),
    Word(r"is no name of", "invalid image name"),
    Word(r"\bagain and again", "repeatedly; of a container: is crash-looping"),
    Word(r"had too long to", "timed out waiting for"),
    Word(r"no business of", "exceeds what etcd should hold"),
    Word(r"\b(is|are) to be had|\bto be had\b", "is available"),
    Word(r"\bcarr(y|ies|ied) (it )?out\b", "run the job"),
    Word(r"\bforetells?\b", "predicted duration"),
    Word(r"\b(tell|tells|told) (them )?apart", "distinguish, distinguishable"),
    Word(r"places? that it can have", "rank range"),
    Word(r"\bdear(er|est)?\b", "expensive"),
    Word(r"\bdealt\b|\bdeals\b", "assigned"),
    Word(r"\bspeeded\b", "sped up"),
    Word(r"\b\d+ errored", "failed requests"),
    Word(r"\bin the place of\b", "instead of"),
    Word(r"\bwhoever\b", "anyone who"),
    Word(r"\btwins\b", "run"),
    Word(r"\barms\b|\ban arm\b", "run, variant"),
    Word(r"\blanguage model( server)?'s? server\b", "LLM server"),
    Word(r"\bby as long as it likes\b", "for any length of time"),
)


def old_words(text: str, words: tuple[Word, ...] = WORDS) -> Iterator[str]:
    """Each old word of a text with what to write instead. A line break within a phrase does not hide it."""
    flat = " ".join(text.split())
    for word in words:
        for match in re.finditer(word.pattern, flat, re.IGNORECASE):
            around = flat[max(0, match.start() - 30) : match.end() + 30]
            yield f"'{match[0]}' in '…{around}…': write {word.instead}"
