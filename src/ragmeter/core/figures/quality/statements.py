"""Sentences of an answer: the content words that they have, and the passages that they cite."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ragmeter.core.figures.quality.language import FUNCTION_WORDS
from ragmeter.core.inputs.questions.words import STOP_WORDS, plain, words

_CITATION = re.compile(r"(?<!\w)[\[\u3010]([^\[\]\u3010\u3011\n]{1,120})[\]\u3011](?!\()")
_NUMBERS = re.compile(r"\s*\d{1,3}(?:\s*(?:[,;]|-|\u2013)\s*\d{1,3})*\s*")
_AFTER_STOP = re.compile(r"([.!?\u3002\uff01\uff1f])((?:\s*[\[\u3010][^\[\]\u3010\u3011\n]{1,120}[\]\u3011])+)")
_END = re.compile(r"(?<=[.!?])[\"'\u201d\u2019)*_]*\s+|(?<=[\u3002\uff01\uff1f])|\n+")
_MARKER = re.compile(r"^[ \t]*(?:[-*+•>#]+|\d{1,2}[.)])[ \t]+", re.MULTILINE)
_LONGEST_RANGE = 20
_MARKUP = re.compile(r"[\[`*_<]")
_NUMBER_OR_REST = re.compile(r"^\d[\d.]*(?=[^\W\d_]+$)|(?<=\d)[^\W\d_]+$|^.+$")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_NO_CONTENT = STOP_WORDS.union(*FUNCTION_WORDS.values())
_PLURAL_CHARS = 4
"""From which length on a final s is an ending."""
WORDS_REMEMBERED, TEXTS_REMEMBERED = 65_536, 2048


@dataclass(frozen=True, slots=True)
class Sentence:
    """content: its content words. cites: what each of its citations names, in order: a number as text, or an id."""

    content: frozenset[str]
    cites: tuple[str, ...]


def sentences(answer: str) -> Iterator[Sentence]:
    """Of prose and of the lines of a list. A citation behind the full stop is of the sentence before it."""
    for part in _END.split(_AFTER_STOP.sub(r"\2\1", _MARKER.sub("", answer))):
        cites = tuple(name for found in _CITATION.finditer(part) for name in _named(found[1]))
        text = _CITATION.sub(" ", part) if cites else part
        sentence = Sentence(content_of(text), cites)
        if sentence.content or cites:
            yield sentence


def _named(inside: str) -> Iterator[str]:
    """``2``, ``1, 3`` and ``2-4`` are numbers of passages; what looks like the id of one is one."""
    if _NUMBERS.fullmatch(inside):
        for part in re.split(r"[,;]", inside):
            first, last = (int(end) for end in (re.split(r"[-\u2013]", part) * 2)[:2])
            yield from (str(number) for number in range(first, min(last, first + _LONGEST_RANGE) + 1))
    elif "#" in inside and " " not in inside:
        yield inside


def content_of(text: str) -> frozenset[str]:
    """Its words without those that carry no meaning, in the singular; compounds are their parts, a number and its unit
    are two words, and of scripts without blanks each pair of neighbours is one.
    """
    found: set[str] = set()
    for word in words(plain(text) if _MARKUP.search(text) else text):
        found.update(_parts(word))
    return frozenset(found)


@lru_cache(maxsize=WORDS_REMEMBERED)
def _parts(word: str) -> tuple[str, ...]:
    """What is kept of a word."""
    if word in _NO_CONTENT:
        return ()
    if _CJK.search(word):
        return tuple(word[at : at + 2] for at in range(max(1, len(word) - 1)))
    parts = (part for each in word.split("-") for part in _NUMBER_OR_REST.findall(each))
    return tuple(_singular(part) for part in parts if part not in _NO_CONTENT and (len(part) > 1 or part.isdecimal()))


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) >= _PLURAL_CHARS and not word.endswith("ss") else word


@lru_cache(maxsize=TEXTS_REMEMBERED)
def content_of_text(text: str) -> frozenset[str]:
    """`content_of`, kept: the same passages and questions come repeatedly."""
    return content_of(text)
