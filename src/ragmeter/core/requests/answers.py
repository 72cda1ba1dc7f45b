"""What a reader must know of the answers of a run before its figures: how they ended, how long they are, what of their
counts is none, and why a figure is missing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from ragmeter.core.formatting import number_text
from ragmeter.core.requests.addresses import is_loopback
from ragmeter.core.requests.finish import Ending, ending_of
from ragmeter.core.requests.measures import why_no_tpot
from ragmeter.core.requests.records import ErrorClass, RequestSample, TokenSource

REFUSED_SHARE = 0.01
"""Responses whose token count cannot be, from which share on a run is INVALID: as many as may fail unnoticed."""
COLLAPSED = 0.25
"""A median below this share of what was asked for..."""
SHORT_TOKENS = 64
"""...and below this many tokens is another task than the one that was asked for."""
LINGERED = 0.1
"""Share of a request that its body may stay open after the end: more makes rates and latencies disagree."""
_SHOWN = 3


def finish_reasons(samples: Sequence[RequestSample]) -> dict[str, int]:
    """How often the successes ended for which reason; those that said none are not in it."""
    return dict(Counter(sample.finish_reason for sample in samples if sample.ok and sample.finish_reason).most_common())


def caveats_of_answers(samples: Sequence[RequestSample], max_tokens: int | None) -> tuple[str, ...]:
    """In sentences, the weightiest first. samples: of the measured phase. max_tokens: what each request asked for."""
    successes = [sample for sample in samples if sample.ok]
    return (
        *_endings(successes),
        *_lengths(successes, max_tokens),
        *_refused(successes),
        *_counted_apart(samples),
        *_lingering(successes),
        *_fallbacks(samples),
        *_on_this_machine(samples),
    )


def unknown_figures(samples: Sequence[RequestSample]) -> dict[str, str]:
    """Metrics that some successes do not have, and why; empty where each has its figure."""
    successes = [sample for sample in samples if sample.ok]
    whys = Counter(why for sample in successes if (why := why_no_tpot(sample)) is not None)
    if not whys:
        return {}
    words = f"{whys.total()} of {len(successes)} responses have none: {_commonest(whys)}"
    return dict.fromkeys(("tpot_ms", "tokens_per_s"), words)


def untrusted_counts(samples: Sequence[RequestSample]) -> list[str]:
    """Why a run whose token counts cannot be is no measurement of tokens; empty where they are few."""
    successes = [sample for sample in samples if sample.ok]
    without = [s for s in successes if s.output_tokens is None and s.token_source is TokenSource.USAGE]
    refused = Counter(sample.refused[0] for sample in without if sample.refused)
    if refused.total() <= REFUSED_SHARE * len(successes):
        return []
    return [f"{refused.total()} of {len(successes)} responses have a token count that cannot be: {_commonest(refused)}"]


def own_faults(samples: Sequence[RequestSample]) -> list[str]:
    """Requests that failed on this machine: they say nothing of the service, and the others met less than was asked."""
    mine = Counter(sample.error_message or "" for sample in samples if sample.error is ErrorClass.CLIENT)
    if not mine:
        return []
    return [f"{mine.total()} of {len(samples)} requests failed on this machine: {_commonest(mine)}"]


def _commonest(words: Mapping[str, int]) -> str:
    first, *others = sorted(words, key=lambda each: -words[each])
    return f"{first} (and {len(others)} other reasons)" if others else first


def _endings(successes: Sequence[RequestSample]) -> list[str]:
    by_ending: dict[Ending, Counter[str]] = {ending: Counter() for ending in Ending}
    for sample in successes:
        if sample.finish_reason:
            by_ending[ending_of(sample.finish_reason)][sample.finish_reason] += 1
    total, found = len(successes), []
    if filtered := by_ending[Ending.FILTERED]:
        found.append(f"{filtered.total()} of {total} responses were cut by a content filter ({_named(filtered)})")
    if unknown := by_ending[Ending.UNKNOWN]:
        found.append(f"{unknown.total()} of {total} responses ended for a reason that is not known: {_named(unknown)}")
    return found


def _named(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason!r}" for reason, _ in reasons.most_common(_SHOWN))


def _lengths(successes: Sequence[RequestSample], max_tokens: int | None) -> list[str]:
    """Of a workload that asks for a length: shorter answers are less work, and longer ones are more."""
    counts = [sample.output_tokens for sample in successes if sample.output_tokens is not None]
    if max_tokens is None or not counts:
        return []
    typical = median(counts)
    if typical > max_tokens + 1:
        return [f"responses have {typical:g} tokens (median) where max_tokens allowed {max_tokens}"]
    if typical < min(COLLAPSED * max_tokens, SHORT_TOKENS):
        return [
            f"responses have {typical:g} tokens (median) of the {max_tokens} that max_tokens allowed: latency and "
            "throughput are those of short responses"
        ]
    return []


def _refused(successes: Sequence[RequestSample]) -> list[str]:
    refused = Counter(words for sample in successes for words in sample.refused)
    if not refused:
        return []
    times = sum(1 for sample in successes if sample.refused)
    return [f"{times} of {len(successes)} responses told figures that cannot be: {_commonest(refused)}"]


def _lingering(successes: Sequence[RequestSample]) -> list[str]:
    """Time that is in the rates of a closed loop, since the slot is held, and in no latency."""
    lengths_ms = [sample.lingered_ns / 1e6 for sample in successes if sample.lingered_ns is not None]
    whole_ms = [(sample.ended_ns - sample.scheduled_ns) / 1e6 for sample in successes]
    if not lengths_ms or median(lengths_ms) <= LINGERED * median(whole_ms):
        return []
    held = f"responses stayed open for {number_text(median(lengths_ms), 3)} ms (median) after their end"
    return [f"{held}: that is in the rates and in no latency"]


def _fallbacks(samples: Sequence[RequestSample]) -> list[str]:
    waits_ms = [sample.fallback_ns / 1e6 for sample in samples if sample.fallback_ns is not None]
    if not waits_ms:
        return []
    return [
        f"{len(waits_ms)} new connections first tried an address of the host that did not answer in time: up to "
        f"{number_text(max(waits_ms), 3)} ms of their connect_ms"
    ]


def _on_this_machine(samples: Sequence[RequestSample]) -> list[str]:
    """A forwarded port is here, too, and its service is not."""
    addresses = {sample.server_address for sample in samples if sample.server_address}
    here = ", ".join(sorted(filter(is_loopback, addresses)))
    return [f"the service answers at {here}: if it runs here, it shares the processors with the load"] if here else []


def _counted_apart(samples: Sequence[RequestSample]) -> list[str]:
    capped = [s for s in samples if s.error is ErrorClass.EMPTY and s.reasoning_chars and s.finish_reason == "length"]
    if not capped:
        return []
    return [
        f"{len(capped)} of {len(samples)} requests reached max_tokens while the model was still reasoning: they have "
        "no answer, and count as failed"
    ]
