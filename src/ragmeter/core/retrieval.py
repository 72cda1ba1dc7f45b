"""Quality guard: did the backend find the labelled passages, under this load?"""

from collections.abc import Iterable, Mapping, Sequence

from ragmeter.core.records import Phase, RequestSample
from ragmeter.core.result import Estimate, Retrieval
from ragmeter.core.stats import estimate_ratio

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

    labels: labelled passages by prompt index. A success without passages has recall 0; failures are in error_ratio.
    The value is a mean over requests. The interval is Wilson's, and its n the number of different prompts: asking
    the same question again says nothing new about other questions.
    """
    labelled = {index: tuple(dict.fromkeys(wanted)) for index, wanted in labels.items() if wanted}
    if not labelled:
        return None
    mine = [s for s in samples if s.ok and s.phase is Phase.MEASURED and s.prompt_index in labelled]
    recalls = [recall(sample.documents[:k], labelled[sample.prompt_index]) for sample in mine]
    asked = len({sample.prompt_index for sample in mine})
    hits = [float(share > 0) for share in recalls]
    return Retrieval(k=k, n=len(mine), recall_at_k=_mean_share(recalls, asked), hit_ratio=_mean_share(hits, asked))


def retrieval_rates(retrieval: Retrieval) -> dict[str, Estimate]:
    """What an SLO can judge, by name."""
    return {"recall_at_k": retrieval.recall_at_k, "hit_ratio": retrieval.hit_ratio}


def _mean_share(shares: Sequence[float], n: int) -> Estimate:
    return estimate_ratio(sum(shares) / len(shares) * n, n) if shares else estimate_ratio(0, 0)
