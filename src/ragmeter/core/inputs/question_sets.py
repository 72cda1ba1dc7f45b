"""Questions and documents as other people publish them: SQuAD, HotpotQA, ShareGPT, BEIR, and tables of questions."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.questions.prompts import Prompt

QUESTION_KEYS: Final = ("prompt", "question", "query", "user_input", "text")
"""How tables call a question, the first that is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """documents: text by name; empty where the format has none."""

    format: str
    questions: tuple[Prompt, ...]
    documents: Mapping[str, str]


def format_of(document: Any) -> str | None:
    """The name of a format that a JSON document is of."""
    return next((name for name, (recognises, _) in _JSON.items() if recognises(document)), None)


def set_of(document: Any, where: str) -> QuestionSet:
    """The questions and documents of a JSON document, or of a list of rows. Raises ConfigError."""
    name = format_of(document)
    if name is None:
        raise ConfigError(
            f"{where}: is of no known format ({', '.join((*_JSON, 'BEIR'))}); it has {keys_seen(document)}"
        )
    try:
        return checked(_JSON[name][1](document), where)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"{where}: is not as {name} is written: {type(error).__name__}: {error}") from error


def beir(
    corpus: Iterable[Mapping[str, Any]], queries: Iterable[Mapping[str, Any]], judged: str, where: str
) -> QuestionSet:
    """Of the files of a BEIR folder. judged: the text of its qrels; a query that has no positive one is left out."""
    rows = list(corpus)
    relevant: dict[str, list[str]] = {}
    for row in csv.reader(judged.splitlines(), delimiter="\t"):
        parts = row[:3] if len(row) == 3 else [row[0], *row[2:4]] if len(row) == 4 else []  # with TREC's second column
        if parts and _positive(parts[2]):
            relevant.setdefault(parts[0], []).append(parts[1])
    names = _names(str(row["_id"]) for row in rows)
    texts = {names[str(row["_id"])]: _titled(row.get("title"), str(row["text"])) for row in rows}
    questions = tuple(
        Prompt(text=str(row["text"]), relevant=tuple(names.get(each, each) for each in relevant[str(row["_id"])]))
        for row in queries
        if str(row["_id"]) in relevant
    )
    return checked(QuestionSet(format="BEIR", questions=questions, documents=texts), where)


def checked(found: QuestionSet, where: str) -> QuestionSet:
    """Raises ConfigError for a set without a question, and for labels that name no document, with their share."""
    if not found.questions:
        raise ConfigError(f"{where}: has no question")
    labels = [label for each in found.questions for label in each.relevant]
    missing = [label for label in labels if label not in found.documents]
    if missing and found.documents:
        share = f"{len(missing)} of {len(labels)} labels ({len(missing) / len(labels):.0%})"
        known = ", ".join(list(found.documents)[:3])
        raise ConfigError(f"{where}: {share} name no document, such as {missing[0]!r}; known: {known}, …")
    return found


def keys_seen(document: Any) -> str:
    """What stands at the top of a document, for a sentence."""
    if isinstance(document, Mapping):
        return "the keys " + ", ".join(str(key)[:40] for key in list(document)[:8])
    if isinstance(document, Sequence) and not isinstance(document, str) and document:
        return f"a list of {len(document)}, the first with {keys_seen(document[0])}"
    return f"{str(document)[:40]!r}"


def _is_squad(document: Any) -> bool:
    at = _first(document.get("data")) if isinstance(document, Mapping) else None
    return _is_flat_squad(document) or (isinstance(at, Mapping) and "paragraphs" in at)


def _squad(document: Any) -> QuestionSet:
    """A paragraph is a document."""
    if _is_flat_squad(document):
        return _flat_squad(document)
    questions, texts = [], {}
    for article in document["data"]:
        for number, paragraph in enumerate(article["paragraphs"], start=1):
            name = _file_name(f"{article.get('title') or 'article'}-{number}")
            texts[name] = _titled(article.get("title"), paragraph["context"])
            questions += [
                Prompt(text=each["question"].strip(), relevant=(name,), answers=_answers(each))
                for each in paragraph["qas"]
                if each["question"].strip() and not each.get("is_impossible")
            ]
    return QuestionSet(format="SQuAD", questions=tuple(questions), documents=texts)


def _answers(asked: Mapping[str, Any]) -> tuple[str, ...]:
    texts = (str(answer["text"]).strip() for answer in asked.get("answers", ()))
    return tuple(dict.fromkeys(text for text in texts if text))


def _is_hotpot(document: Any) -> bool:
    at = _first(document)
    return isinstance(at, Mapping) and {"question", "supporting_facts"} <= at.keys()


def _hotpot(document: Any) -> QuestionSet:
    """A paragraph of a context is a document, once by its title; those of the supporting facts are relevant."""
    texts: dict[str, str] = {}
    titles: dict[str, str] = {}
    for row in document:
        for title, sentences in _pairs(row.get("context") or (), "sentences"):
            titles[title] = _file_name(title)
            texts.setdefault(titles[title], _titled(title, "".join(sentences)))
    questions = tuple(
        Prompt(
            text=row["question"],
            relevant=tuple(
                dict.fromkeys(
                    titles.get(title, _file_name(title)) for title, _ in _pairs(row["supporting_facts"], "sent_id")
                )
            ),
            answers=(row["answer"],) if row.get("answer") else (),
        )
        for row in document
    )
    return QuestionSet(format="HotpotQA", questions=questions, documents=texts)


def _pairs(listed: Any, second: str) -> Iterable[tuple[str, Any]]:
    """Of titles and what belongs to them: pairs in JSON, two lists in Parquet."""
    return zip(listed["title"], listed[second], strict=True) if isinstance(listed, Mapping) else listed


def _is_flat_squad(document: Any) -> bool:
    at = _first(document)
    return (
        isinstance(at, Mapping) and {"question", "context", "answers"} <= at.keys() and isinstance(at["context"], str)
    )


def _flat_squad(document: Any) -> QuestionSet:
    """A row is a question with its paragraph, which is a document once."""
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for row in document:
        if row["context"] not in names:
            title = str(row.get("title") or "article")
            counts[title] += 1
            names[row["context"]] = _file_name(f"{title}-{counts[title]}")
            texts[names[row["context"]]] = _titled(row.get("title"), row["context"])
    questions = tuple(
        Prompt(
            text=row["question"].strip(),
            relevant=(names[row["context"]],),
            answers=tuple(dict.fromkeys(str(text).strip() for text in row["answers"]["text"] if str(text).strip())),
        )
        for row in document
        if row["question"].strip() and _first(row["answers"].get("text")) is not None
    )
    return QuestionSet(format="SQuAD", questions=questions, documents=texts)


def _is_sharegpt(document: Any) -> bool:
    at = _first(document)
    return isinstance(at, Mapping) and "conversations" in at


def _sharegpt(document: Any) -> QuestionSet:
    """The first words of a person in each conversation."""
    asked = [
        turn["value"].strip()
        for row in document
        for turn in next(([turn] for turn in row["conversations"] if turn.get("from") in ("human", "user")), [])
    ]
    questions = tuple(Prompt(text=text) for text in dict.fromkeys(asked) if text)
    return QuestionSet(format="ShareGPT", questions=questions, documents={})


def _is_table(document: Any) -> bool:
    at = _first(document)
    return isinstance(at, Mapping) and any(isinstance(at.get(key), str) for key in QUESTION_KEYS)


def _table(document: Any) -> QuestionSet:
    key = next(key for key in QUESTION_KEYS if isinstance(document[0].get(key), str))
    asked = [str(row.get(key) or "").strip() for row in document]
    questions = tuple(Prompt(text=text) for text in asked if text)
    return QuestionSet(format=f"a table of questions (column {key!r})", questions=questions, documents={})


_JSON: Final[Mapping[str, tuple[Callable[[Any], bool], Callable[[Any], QuestionSet]]]] = {
    "SQuAD": (_is_squad, _squad),
    "HotpotQA": (_is_hotpot, _hotpot),
    "ShareGPT": (_is_sharegpt, _sharegpt),
    "a table of questions": (_is_table, _table),
}


def _first(document: Any) -> Any:
    return document[0] if isinstance(document, list) and document else None


def _positive(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:  # the head
        return False


def _titled(title: Any, text: str) -> str:
    return f"# {title}\n\n{text}\n" if title else f"{text}\n"


def _names(identifiers: Iterable[str]) -> dict[str, str]:
    return {each: _file_name(each) for each in identifiers}


def _file_name(text: str) -> str:
    """A name that every file system and the service take; its label is the same."""
    plain = re.sub(r"[^\w.-]+", "_", text, flags=re.ASCII).strip("._")
    if plain == text and len(plain) <= 100:
        return f"{plain}.md"
    mark = 0
    for letter in text:
        mark = (mark * 131 + ord(letter)) % 0xFFFFFFFF
    return f"{plain[:80] or 'document'}-{mark:08x}.md"
