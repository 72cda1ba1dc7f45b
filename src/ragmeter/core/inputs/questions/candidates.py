"""Every question that a passage answers by the patterns: of its sentences, tables, items, headings and rare words."""

import re
from collections.abc import Callable, Iterator, Sequence

from ragmeter.core.inputs.questions.grammar import VERBS, within
from ragmeter.core.inputs.questions.passages import Blocks, Passage, Row
from ragmeter.core.inputs.questions.sentences import Candidate, Kind, questions_in
from ragmeter.core.inputs.questions.words import STOP_WORDS, listed, title, words

_MEANING = re.compile(
    r"meaning|description|definition|purpose|explanation|what it (?:does|is|means|gives)", re.IGNORECASE
)
_NAME = re.compile(r"[A-Za-z][A-Za-z -]{1,24}")
_ITEM = re.compile(r"(?P<key>[^:;,.()]{2,50})(?::| [-\u2013\u2014]) (?P<rest>.{12,})")
_TERM = re.compile(r"[^\W\d_][\w'\u2019-]{2,}")
_NO_TERM = re.compile(r"[^\w\s'\u2019-]+")
_NUMBERING = re.compile(r"^\d+[.)]? +")
_SIGNS = listed("note notes example examples warning tip hint see default defaults returns result important")
"""Words before a colon that name nothing."""
TERMS = 6
"""Rare expressions of a passage that are asked about at most."""


def candidates_in(passage: Passage, blocks: Blocks, weigh: Callable[[str], float]) -> Iterator[Candidate]:
    """In no order that matters; some may be the same, or be answered by other passages, too.

    weigh: how much an expression says of what its passage is about; 0 for one that is no term.
    """
    for heading in blocks.headings:
        if heading.endswith("?"):
            yield Candidate(kind=Kind.HEADING, text=heading, evidence=heading)
    for sentence in blocks.sentences:
        yield from questions_in(sentence)
    for item in blocks.items:
        yield from _of_item(item)
    for row in blocks.rows:
        yield from _of_row(row)
    yield from _of_section(passage, blocks)
    yield from _of_terms(passage, blocks, weigh)


def _of_item(item: str) -> Iterator[Candidate]:
    """``key: what it is``."""
    found = _ITEM.match(item)
    if found and len(key := found["key"].split()) <= 5 and words(found["key"])[:1] and key[0].casefold() not in _SIGNS:
        yield Candidate(kind=Kind.ITEM, text=f"What is meant by {within(found['key'])}?", evidence=item)


def _of_row(row: Row) -> Iterator[Candidate]:
    """What a column says of the thing that the first column names."""
    thing, *others = row.cells
    thing = _NUMBERING.sub("", thing)
    if not 0 < len(thing.split()) <= 8 or not any(character.isalpha() for character in thing):
        return
    sort = row.header[0] if row.header and _is_noun(row.header[0]) else ""
    named = f"the {sort} {thing}" if sort else thing
    evidence = " ".join(row.cells)
    if not row.header:
        yield Candidate(kind=Kind.TABLE, text=f"What is said about {thing}?", evidence=evidence)
    for column, cell in zip(row.header[1:], others, strict=False):
        if words(cell) and _MEANING.fullmatch(column):
            yield Candidate(kind=Kind.TABLE, text=f"What does {named} mean?", evidence=evidence)
        elif words(cell) and _is_noun(column):
            be = "are" if column.endswith("s") and not column.endswith("ss") else "is"
            yield Candidate(kind=Kind.TABLE, text=f"What {be} the {column} of {named}?", evidence=evidence)


def _is_noun(header: str) -> bool:
    """Whether the name of a column can follow an article: ``default value``, and not ``observed by``."""
    found = header.casefold().split()
    return (
        bool(_NAME.fullmatch(header))
        and len(found) < 4
        and not found[-1].endswith("ed")
        and not {found[0], found[-1]} & STOP_WORDS
    )


def _of_section(passage: Passage, blocks: Blocks) -> Iterator[Candidate]:
    """Of a section that the passage begins; where others go on with it, they answer the question, too."""
    section = title(passage.section or "")
    if section in blocks.headings and not section.endswith("?") and len(words(section)) > 1:
        yield Candidate(kind=Kind.SECTION, text=f'What is said about "{section}"?', evidence=section)


def _of_terms(passage: Passage, blocks: Blocks, weigh: Callable[[str], float]) -> Iterator[Candidate]:
    """The last resort: what the section says about an expression of the passage."""
    weights = {term: weight for term in terms_of(blocks) if (weight := weigh(term))}
    section = title(passage.section or passage.document)
    for term in sorted(weights, key=lambda each: (-round(weights[each], 6), each))[:TERMS]:
        text = f'What does "{section}" say about {term}?'
        yield Candidate(kind=Kind.TERM, text=text, evidence=f"{passage.id} {term}")


def terms_of(blocks: Blocks) -> list[str]:
    """Every expression of the sentences, once, in their order."""
    return list(dict.fromkeys(term for sentence in blocks.sentences for term in _terms(sentence)))


def _terms(sentence: str) -> Iterator[str]:
    """Runs of two or three words with a meaning (Rose et al., Automatic Keyword Extraction, 2010), and names."""
    for part in _NO_TERM.split(sentence):
        run: list[str] = []
        for word in (*part.split(), ""):
            if word and word.casefold() not in STOP_WORDS and word.casefold() not in VERBS and len(word) > 2:
                run.append(word)
                continue
            if 2 <= len(run) <= 3 and all(map(_TERM.fullmatch, run)):
                yield " ".join(run)
            run = []


def contexts(passages: Sequence[Passage]) -> list[tuple[Passage, bool, tuple[Passage, ...]]]:
    """Each passage, whether its text begins where a block begins, and its neighbours, whose text it may share."""
    found = []
    for number, passage in enumerate(passages):
        near = (passages[at] for at in (number - 1, number + 1) if 0 <= at < len(passages))
        neighbours = tuple(other for other in near if other.document == passage.document)
        first = number == 0 or passages[number - 1].document != passage.document
        found.append((passage, first or passage.text.lstrip().startswith("#"), neighbours))
    return found
