"""Quality guard: did the backend find the labelled passages, under this load?"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ragmeter.core.figures.series import mean_over_questions
from ragmeter.core.inputs.questions.prompts import Prompt
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.stats.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Quality guard: recall@k over the measured requests whose prompt has labelled passages.

    recall_at_k: mean over requests of |retrieved ∩ relevant| / |relevant|; hit_ratio: share with at least one. mrr,
    ndcg_at_k: means of `reciprocal_rank` and `ndcg`; None in results that were written without them.
    foreign: no answer names a passage of any document that a label names, so the service searches other documents than
    the questions are about, or does not tell what it finds: n is 0, and every share is unknown.
    labels, gone: different labels of the questions, and how many of them name a document that the service says it does
    not have. Questions with one of them are left out; with more than a tenth of the labels gone n is 0.
    """

    k: int
    n: int
    recall_at_k: Estimate
    hit_ratio: Estimate
    foreign: bool = False
    mrr: Estimate | None = None
    ndcg_at_k: Estimate | None = None
    labels: int = 0
    gone: int = 0


GONE = 0.1
"""Share of the labels from which on what is left is another set of questions."""
SEPARATORS = ("#", ":")
"""Passage ids read ``document#section:chunk``."""


def is_labelled(passage_id: str, label: str) -> bool:
    """Whether a passage is one the label means: the same id, or an id inside it.

    ``guide.md`` means every passage of that document, ``guide.md#install`` every chunk of that section; neither
    means ``guide.md.old`` or ``guide.md#installed:0``.
    """
    return passage_id == label or passage_id.startswith(tuple(label + separator for separator in SEPARATORS))


def recall(documents: Sequence[str], labels: Sequence[str]) -> float:
    """|labels with a passage among the documents| / |labels|."""
    found = sum(1 for label in labels if any(is_labelled(document, label) for document in documents))
    return found / len(labels)


def labels_of(prompts: Iterable[Prompt]) -> dict[int, tuple[str, ...]]:
    """By the index of the prompt."""
    return {index: prompt.relevant for index, prompt in enumerate(prompts)}


def reciprocal_rank(documents: Sequence[str], labels: Sequence[str]) -> float:
    """1 / rank of the first document that any label means; 0 without one."""
    ranks = (rank for rank, at in enumerate(documents, start=1) if any(is_labelled(at, label) for label in labels))
    return 1 / next(ranks, math.inf)


def ndcg(documents: Sequence[str], labels: Sequence[str], k: int) -> float:
    """Discounted gain of the first document of each label, by that of the best order in which k documents can stand."""
    left, gained = list(labels), 0.0
    for rank, document in enumerate(documents, start=1):
        label = next((label for label in left if is_labelled(document, label)), None)
        if label is not None:
            left.remove(label)
            gained += 1 / math.log2(rank + 1)
    return gained / sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(labels)) + 1))


def retrieval_of(
    samples: Iterable[RequestSample],
    labels: Mapping[int, Sequence[str]],
    k: int,
    gone: Collection[str] = (),
    *,
    run: Iterable[RequestSample] | None = None,
) -> Retrieval | None:
    """Quality of the first ``k`` passages of measured successes; None when no prompt has labels.

    labels: labelled passages by prompt index. gone: labels that the service has no document of. run: all samples of the
    run, where these are of a part of it. A success without passages has recall 0, unless all of the run are so or the
    service searches other documents; failures are in error_ratio.
    The value is a mean over requests. The interval is Wilson's, and its n the number of different prompts: asking
    the same question again says nothing new about other questions.
    """
    found = _labelled(samples, labels, gone, run)
    if found is None:
        return None
    known = found.known
    asked = len({sample.prompt_index for sample in known})
    ranked = [(sample.documents[:k], found.labels[sample.prompt_index]) for sample in known]
    recalls = [recall(*each) for each in ranked]
    return Retrieval(
        k=k,
        n=len(known),
        recall_at_k=mean_over_questions(recalls, asked),
        hit_ratio=mean_over_questions([float(share > 0) for share in recalls], asked),
        foreign=found.foreign,
        mrr=mean_over_questions([reciprocal_rank(*each) for each in ranked], asked),
        ndcg_at_k=mean_over_questions([ndcg(*each, k) for each in ranked], asked),
        labels=found.named,
        gone=found.gone,
    )


def recall_by_question(
    samples: Iterable[RequestSample], labels: Mapping[int, Sequence[str]], k: int, gone: Collection[str] = ()
) -> dict[int, float]:
    """The mean recall of each labelled question, by its index; empty where `retrieval_of` knows none."""
    found = _labelled(samples, labels, gone, None)
    if found is None:
        return {}
    recalls: dict[int, list[float]] = {}
    for sample in found.known:
        own = recall(sample.documents[:k], found.labels[sample.prompt_index])
        recalls.setdefault(sample.prompt_index, []).append(own)
    return {question: sum(own) / len(own) for question, own in recalls.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labelled:
    """labels: of the questions that are left, by index. known: their requests, none where nothing is known of them.
    named, gone: how many different labels there are, and how many without a document.
    """

    labels: Mapping[int, tuple[str, ...]]
    known: list[RequestSample]
    foreign: bool
    named: int
    gone: int


def _labelled(
    samples: Iterable[RequestSample],
    labels: Mapping[int, Sequence[str]],
    gone: Collection[str],
    run: Iterable[RequestSample] | None,
) -> _Labelled | None:
    """None when no prompt has labels."""
    all_labelled = {index: tuple(dict.fromkeys(wanted)) for index, wanted in labels.items() if wanted}
    if not all_labelled:
        return None
    named = {label for wanted in all_labelled.values() for label in wanted}
    lost = named & set(gone)
    labelled = {index: wanted for index, wanted in all_labelled.items() if lost.isdisjoint(wanted)}
    mine = [sample for sample in samples if _counts(sample, labelled)]
    whole = mine if run is None else [sample for sample in run if _counts(sample, labelled)]
    foreign = bool(mine) and _is_foreign({id_ for sample in whole for id_ in sample.documents}, labelled.values())
    known = [] if foreign or len(lost) > GONE * len(named) else mine
    return _Labelled(labels=labelled, known=known, foreign=foreign, named=len(named), gone=len(lost))


def _counts(sample: RequestSample, labelled: Collection[int]) -> bool:
    return sample.ok and sample.phase is Phase.MEASURED and sample.prompt_index in labelled


def _is_foreign(passage_ids: Iterable[str], labels: Iterable[Sequence[str]]) -> bool:
    """Whether no passage is of a document that the label of any question names; so it is, too, where none came."""
    came = {_document_of(passage_id) for passage_id in passage_ids}
    return not came & {_document_of(label) for wanted in labels for label in wanted}


def _document_of(label: str) -> str:
    """Of an id that is a URL, the separators behind its scheme count."""
    scheme, mark, rest = label.rpartition("://")
    for separator in SEPARATORS:
        rest = rest.partition(separator)[0]
    return f"{scheme}{mark}{rest}"


def why_no_retrieval(retrieval: Retrieval | None) -> str | None:
    """Why the figures of a retrieval are unknown, in words; None where they are known."""
    if retrieval is None:
        return "no question has labelled passages"
    if retrieval.n:
        return None
    if retrieval.gone:
        return f"{_share_gone(retrieval)} that the service does not have"
    if retrieval.foreign:
        return (
            "no response names a passage of a document that the labelled questions are about, so the service searches "
            "other documents, or does not tell what it finds; 'ragmeter questions' makes questions about yours"
        )
    return "no labelled question was answered"


def gone_from(labels: Iterable[str], documents: Mapping[str, int | None]) -> tuple[str, ...]:
    """The labels, in order, that mean nothing of a corpus. documents: how many passages each has, where it is told: of
    the label ``guide.md#7`` there is nothing in a ``guide.md`` with seven.
    """
    return tuple(sorted(label for label in set(labels) if not _is_there(label, documents)))


def _is_there(label: str, documents: Mapping[str, int | None]) -> bool:
    if label in documents:
        return True
    for at in (at for at, letter in enumerate(label) if letter in SEPARATORS):
        if label[:at] in documents:
            passages, place = documents[label[:at]], label[at + 1 :]
            return passages is None or not place.isdecimal() or int(place) < passages
    return False


def caveat_of_retrieval(retrieval: Retrieval | None) -> str | None:
    """A sentence where recall says nothing, or less than it seems to."""
    if retrieval is None or not (retrieval.foreign or retrieval.gone):
        return None
    if retrieval.n:
        return f"questions with one are left out of recall: {_share_gone(retrieval)} that the service does not have"
    return f"recall is unknown: {why_no_retrieval(retrieval)}"


def _share_gone(retrieval: Retrieval) -> str:
    share = retrieval.gone / retrieval.labels
    return f"{retrieval.gone} of {retrieval.labels} labels ({share:.0%}) name a document"


def retrieval_rates(retrieval: Retrieval) -> dict[str, Estimate]:
    """What an SLO can judge, by name."""
    rates = {
        "recall_at_k": retrieval.recall_at_k,
        "hit_ratio": retrieval.hit_ratio,
        "mrr": retrieval.mrr,
        "ndcg_at_k": retrieval.ndcg_at_k,
    }
    return {name: rate for name, rate in rates.items() if rate is not None}
