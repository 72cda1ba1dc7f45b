"""Why figures of quality are unknown, in words."""

from collections.abc import Sequence

from ragmeter.core.requests.quality_metrics import NEEDS_ANSWER, OF_ANSWERS
from ragmeter.core.requests.records import RequestSample

_UNTOLD = (
    "the service does not tell the text of the passages that it gave; `retrieval.passage_texts: true` asks our backend "
    "for it, and `sources.text` says where another target has it"
)


def unknown_quality(samples: Sequence[RequestSample]) -> dict[str, str]:
    """Of each metric of answers that no success has, and of those that only some have where that would mislead."""
    successes = [sample for sample in samples if sample.ok]
    if not successes:
        return {}
    missing = {
        metric.name: [at for at in successes if metric.measure is None or metric.measure(at) is None]
        for metric in OF_ANSWERS
    }
    return {name: _why(name, few) for name, few in missing.items() if len(few) == len(successes)}


def _why(name: str, missing: Sequence[RequestSample]) -> str:
    scores = [sample.scores for sample in missing if sample.scores is not None]
    if not scores:
        return "the raw record was written without scores of answers"
    if name in NEEDS_ANSWER:
        return "no question has a labelled answer (`answer` in the prompts_file)"
    if name == "same_language_ratio":
        return "no question and its answer are long enough to tell their languages"
    if name.startswith("citations_") and not any(at.citations for at in scores):
        return "no answer cites a passage"
    if any(at.grounded is None for at in scores):
        return _UNTOLD
    return "no answer states anything that its question does not"
