"""The metrics of what was retrieved and of what was answered: none of them is a judgement of a language model."""

from collections.abc import Callable

from ragmeter.core.requests.metric import OVER_QUESTIONS, Metric, per_request, phase
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.requests.scores import AnswerScores

_SQUAD = "Rajpurkar et al., SQuAD, arXiv 1606.05250"
_MANNING = "Manning et al., Introduction to Information Retrieval, 8.4"


def _of_scores(score: Callable[[AnswerScores], float | None]) -> Callable[[RequestSample], float | None]:
    return lambda sample: None if sample.scores is None else score(sample.scores)


def _share(part: int | None, whole: int) -> float | None:
    return None if part is None or not whole else part / whole


def _mark(value: bool | None) -> float | None:
    return None if value is None else float(value)


def _answer_chars(sample: RequestSample) -> float | None:
    return float(sample.answer_chars) if sample.ok else None


OF_RETRIEVAL = (
    phase(
        "recall_at_k",
        "Recall at k",
        "ratio",
        "higher",
        "mean over requests of |relevant passages among the first k| / |relevant passages|",
        "Retrieval quality on labelled questions, under load.",
        interval=OVER_QUESTIONS,
        source=_MANNING,
        prometheus="ragmeter_recall_ratio",
    ),
    phase(
        "hit_ratio",
        "Hits",
        "ratio",
        "higher",
        "requests with a relevant passage among the first k / requests",
        "Share of labelled requests that got at least one relevant passage.",
        interval=OVER_QUESTIONS,
    ),
    phase(
        "mrr",
        "Mean reciprocal rank",
        "ratio",
        "higher",
        "mean over requests of 1 / rank of the first relevant passage among the first k, 0 without one",
        "How far up the first relevant passage stands.",
        interval=OVER_QUESTIONS,
        source="Voorhees, The TREC-8 Question Answering Track Report",
        short="MRR",
    ),
    phase(
        "ndcg_at_k",
        "nDCG at k",
        "ratio",
        "higher",
        "mean over requests of (sum of 1 / log2(rank + 1) of each label's first passage) / (the same sum of the best "
        "order)",
        "Normalised discounted cumulative gain with labels of one grade: whether all labels are found, and how far up. "
        "A label that means a document gains once, with the first passage of it.",
        interval=OVER_QUESTIONS,
        source="Järvelin and Kekäläinen, ACM TOIS 20(4), 2002",
        short="nDCG",
    ),
)

OF_ANSWERS: tuple[Metric, ...] = (
    per_request(
        "groundedness",
        "Groundedness",
        _of_scores(lambda at: _share(at.grounded, at.statements)),
        "grounded statements / statements of the answer",
        "Share of an answer's statements that stand in the passages that it was given. A statement is a sentence with "
        "a content word that the question does not have; it is grounded where one passage has all its numbers and at "
        "least 6 of 10 of those words. Unknown where the service does not tell the text of the passages, and of an "
        "answer that states nothing.",
        unit="ratio",
        better="higher",
        interval=OVER_QUESTIONS,
    ),
    per_request(
        "citations_found_ratio",
        "Citations that exist",
        _of_scores(lambda at: _share(at.cited, at.citations)),
        "citations of a passage that was given / citations",
        "Share of an answer's citations, such as [2], that name a passage that was given, by its number or its id. "
        "Unknown of an answer that cites nothing.",
        unit="ratio",
        better="higher",
        interval=OVER_QUESTIONS,
    ),
    per_request(
        "citations_supported_ratio",
        "Citations that support",
        _of_scores(lambda at: _share(at.supported, at.citations)),
        "citations of a passage in which their sentence is grounded / citations",
        "Share of an answer's citations whose passage holds the sentence that they stand in, by the rule of "
        "groundedness. One that does not exist does not support.",
        unit="ratio",
        better="higher",
        interval=OVER_QUESTIONS,
    ),
    per_request(
        "refusal_ratio",
        "Refusals",
        _of_scores(lambda at: float(at.refused)),
        "answers that decline / answers",
        "Share of answers that decline: short ones that say, in English, German, French or Spanish, that the answer is "
        "not known, not in the context, or not given.",
        unit="ratio",
        interval=OVER_QUESTIONS,
    ),
    per_request(
        "same_language_ratio",
        "Answers in the question's language",
        _of_scores(lambda at: _mark(at.same_language)),
        "answers in the language of their question / answers of which both languages are recognised",
        "Languages are recognised by their script and, of those in Latin letters, by their function words: English, "
        "German, French, Spanish, Italian, Portuguese and Dutch. Unknown where either text is too short to tell.",
        unit="ratio",
        better="higher",
        interval=OVER_QUESTIONS,
    ),
    per_request(
        "collapsed_ratio",
        "Collapsed answers",
        _of_scores(lambda at: _mark(at.collapsed)),
        "answers with less than a quarter of the words of the shortest labelled answer / labelled answers",
        "Share of answers that are far shorter than the answer they are labelled with. Unknown without a label: bound "
        "answer_chars instead.",
        unit="ratio",
        interval=OVER_QUESTIONS,
    ),
    per_request(
        "exact_match",
        "Exact match",
        _of_scores(lambda at: _mark(at.exact)),
        "answers equal to a labelled answer / labelled answers",
        "Equal without case, punctuation, English articles and blanks. Unknown without a label.",
        _SQUAD,
        unit="ratio",
        better="higher",
        interval=OVER_QUESTIONS,
    ),
    per_request(
        "token_f1",
        "Token F1",
        _of_scores(lambda at: at.token_f1),
        "2 * P * R / (P + R) of the words shared with a labelled answer; the best of several",
        "Harmonic mean of precision P and recall R of the answer's words, repeated ones counted, against those of the "
        "labelled answer, without case, punctuation and English articles. Unknown without a label.",
        _SQUAD,
        unit="ratio",
        better="higher",
        interval=OVER_QUESTIONS,
    ),
    per_request(
        "answer_chars",
        "Length of the answer",
        _answer_chars,
        "characters of the answer's text",
        "Length of the answer in characters, without reasoning.",
        unit="chars",
        better=None,
    ),
)

SHARES_OF_ANSWERS = tuple(metric.name for metric in OF_ANSWERS if metric.unit == "ratio")
OF_QUALITY = frozenset(metric.name for metric in (*OF_RETRIEVAL, *OF_ANSWERS))
NEEDS_PASSAGES = frozenset(metric.name for metric in OF_RETRIEVAL)
"""The metrics of questions that have labelled passages."""
NEEDS_ANSWER = frozenset({"collapsed_ratio", "exact_match", "token_f1"})
"""The metrics of questions that have a labelled answer."""
