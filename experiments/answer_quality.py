"""Whether the scores of answers agree with labels: of answers that are right, wrong, foreign, cut, empty and refused.

    python -m experiments.answer_quality

Each of the labelled questions of ``experiments/answers/labelled.jsonl`` is given the five passages of the documentation
that BM25 ranks first, and answered in ways of which it is known what they are. ``answer`` is its label, ``said`` is
right in other words, ``wrong`` is fluent and stands nowhere, ``german`` is right in another language. Prints the table
of `docs/explanation-quality.md`, and how many answers groundedness puts on the right side of 0.5.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from ragmeter.core.figures.quality.scoring import Given, score_answer
from ragmeter.core.inputs.questions.lexical import LexicalIndex
from ragmeter.core.inputs.questions.passages import Passage
from ragmeter.core.requests.quality_metrics import OF_ANSWERS
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.run.questions.documents import read_docset

LABELLED = Path(__file__).parent / "answers" / "labelled.jsonl"
K = 5
REFUSALS = (
    "I don't know.",
    "The context does not contain the answer to this question.",
    "I'm sorry, but I cannot answer that from the passages.",
    "There is no information about this in the provided context.",
    "The documentation does not say.",
    "Unfortunately, the sources stay silent on the matter.",
)
COLUMNS = ("groundedness", "token_f1", "exact_match", "collapsed_ratio", "refusal_ratio", "same_language_ratio")
Row = dict[str, Any]
Answered = Callable[[int, Sequence[Row]], str]

VARIANTS: dict[str, tuple[Answered, bool | None]] = {
    "the label itself": (lambda at, rows: rows[at]["answer"], True),
    "right, in other words": (lambda at, rows: rows[at]["said"], True),
    "first half of it": (lambda at, rows: _half(rows[at]["said"]), None),
    "right, to another question": (lambda at, rows: rows[(at + 5) % len(rows)]["said"], False),
    "wrong, and fluent": (lambda at, rows: rows[at]["wrong"], False),
    "the opposite of what is right": (lambda at, rows: f"It is not so that {rows[at]['said']}", False),
    "right, in German": (lambda at, rows: rows[at]["german"], None),
    "declined": (lambda at, _: REFUSALS[at % len(REFUSALS)], None),
    "empty": (lambda _at, _rows: " ", None),
}
"""How each question is answered, and whether that stands in the passages; None where that is not asked."""


def main() -> None:
    argparse.ArgumentParser(prog="experiments.answer_quality", description=__doc__).parse_args()
    rows = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    passages = read_docset("default").passages
    index = LexicalIndex([passage.text for passage in passages])
    given = [_given(row["prompt"], passages, index) for row in rows]
    reached = [_is_right_page(row, at) for row, at in zip(rows, given, strict=True)]
    print(f"{len(rows)} questions, of {sum(reached)} a passage of the labelled page among the {K} given\n")
    print(f"| answer | {' | '.join(COLUMNS)} | on the right side |")
    print(f"|---|{'---|' * (len(COLUMNS) + 1)}")
    for name, (answered, stands) in VARIANTS.items():
        print(_line(name, [answered(at, rows) for at in range(len(rows))], rows, given, stands))
    elsewhere = [given[(at + 5) % len(given)] for at in range(len(given))]
    print(_line("right, without its passages", [row["said"] for row in rows], rows, elsewhere, stands=False))


def _half(text: str) -> str:
    words = text.split()
    return " ".join(words[: len(words) // 2])


def _given(question: str, passages: Sequence[Passage], index: LexicalIndex) -> Given:
    best = index.best(question, K)
    return Given(ids=[passages[at].id for at in best], texts=[passages[at].text for at in best])


def _is_right_page(row: Row, given: Given) -> bool:
    return any(name.partition("#")[0] in row["relevant"] for name in given.ids)


def _line(name: str, answers: Sequence[str], rows: Sequence[Row], given: Sequence[Given], stands: bool | None) -> str:
    samples = list(_samples(answers, rows, given))
    measures = {metric.name: metric.measure for metric in OF_ANSWERS}
    found = {column: [v for s in samples if (v := measures[column](s)) is not None] for column in COLUMNS}  # type: ignore[misc]
    cells = [f"{fmean(values):.2f} ({len(values)})" if values else "unknown" for values in found.values()]
    right = sum((value >= 0.5) is stands for value in found["groundedness"])
    said = "" if stands is None else f"{right} of {len(found['groundedness'])}"
    return f"| {name} | {' | '.join(cells)} | {said} |"


def _samples(answers: Sequence[str], rows: Sequence[Row], given: Sequence[Given]) -> Iterator[RequestSample]:
    for answer, row, at in zip(answers, rows, given, strict=True):
        scores = score_answer(answer, row["prompt"], (row["answer"],), at)
        yield RequestSample(index=0, phase=Phase.MEASURED, scheduled_ns=0, ended_ns=1, scores=scores)


if __name__ == "__main__":
    main()
