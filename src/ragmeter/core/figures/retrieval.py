"""Quality guard: did the backend find the labelled passages, under this load?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.stats.estimate import Estimate, estimate_ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Quality guard: recall@k over the measured requests whose prompt has labelled passages.

    recall_at_k: mean over requests of |retrieved ∩ relevant| / |relevant|; hit_ratio: share with at least one.
    foreign: no answer names a passage of any document that a label names, so the service searches other documents than
    the questions are about, or does not tell what it finds: n is 0, and both shares are unknown.
    """

    k: int
    n: int
    recall_at_k: Estimate
    hit_ratio: Estimate
    foreign: bool = False


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


def retrieval_of(samples: Iterable[RequestSample], labels: Mapping[int, Sequence[str]], k: int) -> Retrieval | None:
    """Recall and hits among the first ``k`` passages of measured successes; None when no prompt has labels.

    labels: labelled passages by prompt index. A success without passages has recall 0, unless all are so or the service
    searches other documents; failures are in error_ratio.
    The value is a mean over requests. The interval is Wilson's, and its n the number of different prompts: asking
    the same question again says nothing new about other questions.
    """
    labelled = {index: tuple(dict.fromkeys(wanted)) for index, wanted in labels.items() if wanted}
    if not labelled:
        return None
    mine = [s for s in samples if s.ok and s.phase is Phase.MEASURED and s.prompt_index in labelled]
    found = cache(lambda documents, prompt_index: recall(documents, labelled[prompt_index]))
    recalls: list[float] = [found(sample.documents[:k], sample.prompt_index) for sample in mine]
    if mine and _is_foreign({id_ for sample in mine for id_ in sample.documents}, labelled.values()):
        return Retrieval(k=k, n=0, recall_at_k=_mean_share([], 0), hit_ratio=_mean_share([], 0), foreign=True)
    asked = len({sample.prompt_index for sample in mine})
    hits = [float(share > 0) for share in recalls]
    return Retrieval(k=k, n=len(mine), recall_at_k=_mean_share(recalls, asked), hit_ratio=_mean_share(hits, asked))


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


def caveat_of_retrieval(retrieval: Retrieval | None) -> str | None:
    """A sentence where recall says nothing."""
    if retrieval is None or not retrieval.foreign:
        return None
    return (
        "recall is unknown: no response names a passage of a document that the labelled questions are about, so the "
        "service searches other documents, or does not tell what it finds; 'ragmeter questions' makes questions about "
        "yours"
    )


def retrieval_rates(retrieval: Retrieval) -> dict[str, Estimate]:
    """What an SLO can judge, by name."""
    return {"recall_at_k": retrieval.recall_at_k, "hit_ratio": retrieval.hit_ratio}


def _mean_share(shares: Sequence[float], n: int) -> Estimate:
    return estimate_ratio(sum(shares) / len(shares) * n, n) if shares else estimate_ratio(0, 0)
