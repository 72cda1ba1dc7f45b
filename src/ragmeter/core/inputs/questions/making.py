"""A number of distinct questions over passages: as even as they allow, and the same on every machine.

Round by round, each passage gives its best question that is not asked yet. So the first N of any number of questions
are the questions of N, and N passages are asked about before any is asked about again. What is drawn is drawn by
hashes of the texts: a passage that changes leaves the questions of the others as they are.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ragmeter.core.inputs.questions.candidates import candidates_in, contexts, terms_of
from ragmeter.core.inputs.questions.lexical import LexicalIndex
from ragmeter.core.inputs.questions.passages import Blocks, Passage, blocks_of
from ragmeter.core.inputs.questions.sentences import Candidate, Kind
from ragmeter.core.inputs.questions.words import key_of, plain, words

WITHIN = 5
"""A search by words must find the passage of a question among so many: otherwise others answer it as well."""
MIN_WORDS, MAX_WORDS, MAX_CHARS = 4, 28, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """text: what is asked. passage: the only one whose own words answer it."""

    text: str
    passage: Passage
    kind: Kind


class Label(StrEnum):
    """What is to be found: the passage, by its id, or any passage of its document."""

    PASSAGE = "passage"
    DOCUMENT = "document"


class Maker:
    """Passages of a docset, in the order of their documents and of their numbers within them."""

    def __init__(self, passages: Sequence[Passage], *, seed: int) -> None:
        self.passages = tuple(passages)
        self._seed = seed
        self._index = LexicalIndex([passage.text for passage in passages])
        self._number = {passage.id: number for number, passage in enumerate(self.passages)}
        self._made = self._candidates()

    def _candidates(self) -> dict[str, list[Candidate]]:
        """Of each passage those that it alone gives: what two passages say is not asked."""
        read = self._read()
        used = Counter(term.casefold() for blocks in read for term in terms_of(blocks))
        made: dict[str, list[Candidate]] = {}
        for (passage, _, neighbours), blocks in zip(contexts(self.passages), read, strict=True):
            around = " ".join(plain(other.text) for other in neighbours)
            found = candidates_in(passage, blocks, lambda term: self._weight(term, used))
            made[passage.id] = [each for each in found if _is_sound(each.text) and each.evidence not in around]
        askers = Counter(key for found in made.values() for key in {key_of(each.text) for each in found})
        sayers = Counter(said for found in made.values() for said in {each.evidence for each in found})
        return {
            passage: [each for each in found if askers[key_of(each.text)] == 1 and sayers[each.evidence] == 1]
            for passage, found in made.items()
        }

    def _read(self) -> list[Blocks]:
        read: list[Blocks] = []
        for passage, whole, _ in contexts(self.passages):
            header = () if whole or not read else read[-1].header
            read.append(blocks_of(passage, whole=whole, header=header))
        return read

    def _weight(self, term: str, used: Mapping[str, int]) -> float:
        """Mean rarity of its words; 0 where it is used once and has no capital: words that met by chance."""
        found = words(term)
        is_term = used[term.casefold()] > 1 or any(word[1:] != word[1:].lower() or "-" in word for word in term.split())
        return sum(map(self._index.weight, found)) / len(found) if is_term else 0.0

    def order(self) -> list[Passage]:
        """The passages as they are asked about in each round."""
        return sorted(self.passages, key=lambda passage: self._drawn(passage.id, passage.text))

    def make(
        self, count: int, *, asked: Iterable[str] = (), written: Mapping[str, Sequence[str]] | None = None
    ) -> list[Question]:
        """So many questions, or all that there are.

        asked: questions that are there already. written: of an LLM, by id of the passage: they come first, if sound.
        """
        keys = {key_of(question) for question in asked}
        waiting = {passage.id: self._queue(passage, written or {}) for passage in self.passages}
        order = self.order()
        made: list[Question] = []
        while order and len(made) < count:
            going = []
            for passage in order:
                if len(made) == count:
                    break
                question = self._next(passage, waiting[passage.id], keys)
                if question is not None:
                    made.append(question)
                    going.append(passage)
            order = going
        return made

    def _queue(self, passage: Passage, written: Mapping[str, Sequence[str]]) -> list[Candidate]:
        """The best last."""
        own = sorted(self._made[passage.id], key=lambda each: (_place(each.kind), self._drawn(each.text)))
        llm = [Candidate(kind=Kind.LLM, text=text, evidence=text) for text in written.get(passage.id, ())]
        return [*(each for each in llm if _is_sound(each.text)), *own][::-1]

    def _next(self, passage: Passage, queue: list[Candidate], keys: set[frozenset[str]]) -> Question | None:
        while queue:
            candidate = queue.pop()
            key = key_of(candidate.text)
            rank = None if key in keys else self._index.rank(candidate.text, self._number[passage.id])
            if rank is not None and rank <= WITHIN:
                keys.add(key)
                return Question(text=candidate.text, passage=passage, kind=candidate.kind)
        return None

    def _drawn(self, *texts: str) -> str:
        return hashlib.sha256("\0".join((str(self._seed), *texts)).encode("utf-8", "surrogatepass")).hexdigest()


def _place(kind: Kind) -> int:
    return list(Kind).index(kind)


def _is_sound(text: str) -> bool:
    """Whether it reads as one question of a usual length."""
    fits = MIN_WORDS <= len(text.split()) <= MAX_WORDS and len(text) <= MAX_CHARS
    return fits and text.isprintable() and len(words(text)) > 2


def line_of(question: Question, label: Label) -> str:
    """A line of a ``prompts_file``."""
    relevant = question.passage.id if label is Label.PASSAGE else question.passage.document
    return json.dumps({"prompt": question.text, "relevant": [relevant]}, ensure_ascii=False)
