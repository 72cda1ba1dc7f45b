"""Questions that a sentence of English answers: patterns of its grammar, without a model of the language."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ragmeter.core.inputs.questions.grammar import (
    INFINITIVE_OF,
    INFINITIVES,
    ORDERS,
    capital,
    is_clear,
    is_subject,
    within,
)
from ragmeter.core.inputs.questions.words import listed, words


class Kind(StrEnum):
    """How a question was made; the better ones first."""

    LLM = "LLM"
    HEADING = "heading"
    DEFINITION = "definition"
    CONDITION = "condition"
    PURPOSE = "purpose"
    CAUSE = "cause"
    PROPERTY = "property"
    TABLE = "table"
    SECTION = "section"
    ITEM = "item"
    FACT = "fact"
    TERM = "term"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A question before it is checked. evidence: what of the passage answers it."""

    kind: Kind
    text: str
    evidence: str


def _any(words_of: frozenset[str] | set[str]) -> str:
    return "|".join(sorted(words_of))


_SUBJECT = r"(?P<subject>[^,;:()]{2,60}?)"
_CLAUSE = r"(?P<clause>[^,;:]{6,110})"
_CONDITION = re.compile(rf"^(?P<word>If|When|Unless|As long as|Where|Once) {_CLAUSE}, (?P<rest>.{{12,}})$")
_CONDITION_LAST = re.compile(rf"^(?P<rest>[^;:]{{12,140}}?),? (?P<word>if|when|unless|as long as) {_CLAUSE}\.$")
_ASIDE = re.compile(rf"^(?P<word>Without|With|After|Before|During) {_CLAUSE}, (?P<rest>.{{12,}})$")
_RESULT = re.compile(rf"^{_CLAUSE}, so (?:that )?(?P<rest>.{{12,}})$")
_TO_DO = re.compile(rf"^To {_CLAUSE}, (?P<rest>.{{8,}})$")
_USE_TO = re.compile(rf"^Use (?P<rest>[^,;:]{{2,80}}?) to {_CLAUSE}\.$")
_ORDER = re.compile(rf"^(?P<clause>(?:{_any(ORDERS)}) [^,;:(]{{8,110}}?)(?:[,;:(].*)?[.!]$")
_CAUSE = re.compile(r"^(?P<clause>[^;:]{10,130}?),? because (?P<rest>.{8,})$")
_IS = re.compile(
    rf"^{_SUBJECT} (?P<verb>is|are|was|were|can|must|may|should|will|cannot) "
    r"(?P<rest>[^,;:(]{6,120}?)(?:[,;].*)?[.!]$"
)
_DOES = re.compile(rf"^{_SUBJECT} (?P<verb>{_any(set(INFINITIVE_OF))}) (?P<rest>.{{4,}})[.!]$")
_DO = re.compile(
    rf"^(?P<subject>[^,;:()]{{2,60}}? [^,;:() ]{{2,30}}?s) (?P<verb>{_any(INFINITIVES)}) (?P<rest>.{{4,}})[.!]$"
)
_NUMBER = re.compile(r"(?:at (?:most|least) |about |up to |exactly )?\d[\d,.]* (?P<unit>[a-z]+s)\b")
_NOUN = re.compile(r"(?:a|an|the|one of|any|those|what|how)\b(?! (?:same|only|most|least|more))", re.IGNORECASE)
_PREPOSITION = re.compile(r"(?:on|of|to|from|with|for|by|in|at|into|as|until|after|before|between)\b")
_NO_OBJECT = listed("again also and as because but if on once only or so then together too twice until up while")


def questions_in(sentence: str) -> Iterator[Candidate]:
    """Every question that the sentence answers by one of the patterns."""
    for make in (_conditions, _purposes, _causes, _beings, _properties):
        for kind, text in make(sentence):
            yield Candidate(kind=kind, text=text, evidence=sentence)


_Made = Iterator[tuple[Kind, str]]


def _conditions(sentence: str) -> _Made:
    found = _CONDITION.match(sentence) or _CONDITION_LAST.match(sentence)
    if found and is_clear(found["clause"]) and len(words(found["clause"])) > 2:
        yield Kind.CONDITION, f"What happens {found['word'].lower()} {found['clause']}?"
    aside = _ASIDE.match(sentence)
    if aside and is_clear(aside["clause"]):
        verb = "is different" if aside["word"] == "With" else "happens"
        yield Kind.CONDITION, f"What {verb} {aside['word'].lower()} {aside['clause']}?"
    result = _RESULT.match(sentence)
    if result and is_clear(result["clause"]) and _is_sentence(f"{result['clause']}."):
        yield Kind.CONDITION, f"What follows if {within(result['clause'])}?"


def _purposes(sentence: str) -> _Made:
    found = _TO_DO.match(sentence) or _USE_TO.match(sentence)
    if found and is_clear(found["clause"]):
        yield Kind.PURPOSE, f"How can I {found['clause']}?"
    order = _ORDER.match(sentence)
    if order and is_clear(order["clause"]):
        yield Kind.FACT, f"Should I {order['clause'][0].lower()}{order['clause'][1:]}?"


def _causes(sentence: str) -> _Made:
    found = _CAUSE.match(sentence)
    if not found or not is_clear(found["clause"]):
        return
    being, doing = _IS.match(f"{found['clause']}."), _DOES.match(f"{found['clause']}.")
    if being and is_subject(being["subject"]):
        yield Kind.CAUSE, f"Why {_inverted(being)}?"
    elif doing and is_subject(doing["subject"]):
        yield Kind.CAUSE, f"Why {_doing(doing)} {doing['rest']}?"


def _beings(sentence: str) -> _Made:
    found = _IS.match(sentence)
    if not found or not is_subject(found["subject"]):
        return
    rest = found["rest"]
    if found["verb"] in {"is", "are"} and _NOUN.match(rest):
        yield Kind.DEFINITION, f"What {found['verb']} {within(found['subject'])}?"
    elif is_clear(rest) and rest.count(" ") > 1 and not rest.startswith("not "):
        yield Kind.FACT, f"{capital(_inverted(found))}?"


def _properties(sentence: str) -> _Made:
    found = _DOES.match(sentence) or _DO.match(sentence)
    if not found or not is_subject(found["subject"]):
        return
    preposition, number = _PREPOSITION.match(found["rest"]), _NUMBER.match(found["rest"])
    first = found["rest"].split()[0].casefold()
    if first in {"when", "where"}:
        yield Kind.PROPERTY, f"{capital(first)} {_doing(found)}?"
    elif number:
        yield Kind.PROPERTY, f"How many {number['unit']} {_doing(found)}?"
    elif preposition:
        yield Kind.PROPERTY, f"What {_doing(found)} {preposition[0]}?"
    elif first not in _NO_OBJECT and not first.endswith("ly"):
        yield Kind.PROPERTY, f"What {_doing(found)}?"


def _is_sentence(text: str) -> bool:
    found = _IS.match(text) or _DOES.match(text)
    return found is not None and is_subject(found["subject"])


def _inverted(found: re.Match[str]) -> str:
    """``a chunk is split`` becomes ``is a chunk split``."""
    verb, negation = ("can", "not ") if found["verb"] == "cannot" else (found["verb"], "")
    return f"{verb} {within(found['subject'])} {negation}{found['rest']}"


def _doing(found: re.Match[str]) -> str:
    """``a chunk ends`` becomes ``does a chunk end``."""
    verb = found["verb"]
    auxiliary = "does" if verb in INFINITIVE_OF else "do"
    return f"{auxiliary} {within(found['subject'])} {INFINITIVE_OF.get(verb, verb)}"
