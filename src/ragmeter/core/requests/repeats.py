"""Questions that a run asks more than once: a cache in the service answers them sooner, and the figures are of that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from ragmeter.core.formatting import number_text, percent
from ragmeter.core.requests.measures import ttft_ms
from ragmeter.core.requests.records import Phase, RequestSample

SOONER = 0.5
"""A median TTFT of repeated prompts below this share of that of the new ones is no chance of queueing."""
KEPT_SHARE = 0.25
"""Share of the new prompts that the server may know already: from a contract test, or from an earlier run."""
MIN_NEW = 3
"""New prompts that are no chance."""
MOSTLY = 0.5
"""Share of the measured requests that ask what was asked before, from which on the figures are theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """requests: measured ones. questions: how many different ones they asked. in_run: requests that asked what a
    request of the run, the warm-up included, had asked before. in_trial: what one of the same trial had.
    """

    requests: int
    questions: int
    in_run: int
    in_trial: int


def repeats_of(samples: Sequence[RequestSample], prompts: Sequence[str]) -> Repeats:
    """samples: of the whole run, the warm-up included. prompts: the text of each index; equal texts are one question.

    Of a trace the question is the text that its prompts begin with. Requests that were never sent asked nothing.
    """
    texts = dict(enumerate(prompts))
    known: set[object] = set()
    of_trials: dict[int, set[object]] = {}
    measured: set[object] = set()
    requests = in_run = in_trial = 0
    for sample in _in_order(sample for sample in samples if sample.sent_ns is not None):
        question = texts.get(sample.prompt_index, sample.prompt_index)
        if sample.phase is Phase.MEASURED:
            asked = of_trials.setdefault(sample.trial, set())
            requests, in_run, in_trial = requests + 1, in_run + (question in known), in_trial + (question in asked)
            asked.add(question)
            measured.add(question)
        known.add(question)
    return Repeats(requests=requests, questions=len(measured), in_run=in_run, in_trial=in_trial)


def undeclared(repeats: Repeats) -> str | None:
    """Why a run without a declared cache state shows nothing; None where it repeats no question."""
    if not repeats.in_run:
        return None
    return (
        f"{repeats.in_run} of {repeats.requests} requests ({percent(repeats.in_run / repeats.requests)} %) repeat a "
        f"question of this run, and no cache state is declared: {DECLARE}"
    )


DECLARE = "write cache: {kv: cold}, warm or natural, or pass --bench-cache-kv"


def _in_order(samples: Iterable[RequestSample]) -> list[RequestSample]:
    return sorted(samples, key=lambda each: (each.scheduled_ns, each.index))


def caveat_of_repeats(samples: Sequence[RequestSample]) -> str | None:
    """samples: of the whole run, the warm-up included; None where repeated prompts were not answered sooner."""
    new: list[float] = []
    again: list[float] = []
    known: set[int] = set()
    measured = [sample for sample in samples if sample.phase is Phase.MEASURED]
    for sample in _in_order(samples):
        is_new = sample.prompt_index not in known
        known.add(sample.prompt_index)
        wait_ms = ttft_ms(sample) if sample.ok else None
        if wait_ms is not None and (is_new or sample.phase is Phase.MEASURED):
            (new if is_new else again).append(wait_ms)
    if len(new) < MIN_NEW or len(again) < MOSTLY * len(measured):
        return None
    if median(again) >= SOONER * sorted(new)[int(KEPT_SHARE * len(new))]:
        return None
    prompts = len({sample.prompt_index for sample in measured})
    waits = f"TTFT p50 {number_text(median(again), 3)} ms, new ones {number_text(median(new), 3)} ms"
    return (
        f"{len(measured)} requests asked {prompts} different prompts, and those asked before were answered sooner "
        f"({waits}): the server probably keeps prompts; declare cache: {{kv: cold}} to measure without"
    )
