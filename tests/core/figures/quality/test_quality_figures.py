"""Scores of answers as figures: means over requests, intervals over questions, and why one is unknown."""

from typing import Any

import pytest

from ragmeter.core.figures.summary import Figures, summarise
from ragmeter.core.requests.records import Phase
from ragmeter.core.requests.scores import AnswerScores
from tests.core.samples import sample

GOOD = AnswerScores(statements=2, grounded=2, citations=1, cited=1, supported=1, same_language=True)
BAD = AnswerScores(statements=2, grounded=0, citations=1, cited=0, supported=0, same_language=False)


def figures(*scores: AnswerScores | None, questions: int = 1_000, **fields: Any) -> Figures:
    found = [sample(index=n, prompt_index=n % questions, scores=at, **fields) for n, at in enumerate(scores)]
    return summarise(found, Phase.MEASURED)


def test_a_share_is_a_mean_over_requests() -> None:
    at = figures(*[GOOD] * 3, BAD).estimate("groundedness", "mean")
    assert at is not None
    assert (at.value, at.n) == (0.75, 4)


def test_to_ask_a_question_again_narrows_no_interval() -> None:
    once, often = (figures(*[GOOD] * n, questions=20).estimate("groundedness", "mean") for n in (20, 200))
    assert once == often
    assert once is not None
    assert (once.value, once.n) == (1.0, 20)
    assert once.low == pytest.approx(0.83887, abs=1e-5)


def test_trials_of_the_same_questions_are_no_further_questions() -> None:
    samples = [
        sample(index=n, trial=trial, prompt_index=n, scores=GOOD if n else BAD) for trial in range(5) for n in range(10)
    ]
    at = summarise(samples, Phase.MEASURED).estimate("groundedness", "mean")
    assert at is not None
    assert at.value == pytest.approx(0.9)
    assert at.n == 10


@pytest.mark.parametrize(
    ("scores", "metric", "why"),
    [
        (None, "groundedness", "written without scores"),
        (AnswerScores(statements=1), "groundedness", "does not tell the text of the passages"),
        (AnswerScores(statements=0, grounded=0), "groundedness", "states anything"),
        (AnswerScores(statements=1, grounded=1), "citations_found_ratio", "no answer cites"),
        (AnswerScores(citations=1, cited=1), "citations_supported_ratio", "does not tell the text"),
        (GOOD, "token_f1", "no question has a labelled answer"),
        (AnswerScores(), "same_language_ratio", "long enough"),
    ],
)
def test_what_is_unknown_says_why(scores: AnswerScores | None, metric: str, why: str) -> None:
    found = figures(scores, scores)
    at = found.estimate(metric, "mean")
    assert at is not None
    assert (at.value, at.n) == (None, 0)
    assert why in found.unknown[metric]


def test_what_is_known_has_no_reason() -> None:
    assert {"groundedness", "citations_found_ratio", "refusal_ratio"}.isdisjoint(figures(GOOD).unknown)
    assert "groundedness" not in summarise([], Phase.MEASURED).unknown
