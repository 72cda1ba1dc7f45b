"""How the tokens of a run were counted: counts by usage and counts of deltas are never added up or compared."""

from collections.abc import Sequence
from dataclasses import replace

from ragmeter.core.requests.records import RequestSample, TokenSource

_BY_DELTAS = (
    "tokens are counted by deltas, one for each event with text, as the server sent no usage block: TPOT is the mean "
    "gap between events, and tokens, throughput and cost per token are off where an event carries several tokens"
)


def token_source(samples: Sequence[RequestSample]) -> TokenSource | None:
    """Of the successes: usage as soon as one of them has it. None when none has a count."""
    found = {sample.token_source for sample in samples if sample.ok and sample.output_tokens is not None}
    return TokenSource.USAGE if TokenSource.USAGE in found else next(iter(found), None)


def remarks(samples: Sequence[RequestSample]) -> tuple[str, ...]:
    """What a reader of figures of these samples must know."""
    return (_BY_DELTAS,) if token_source(samples) is TokenSource.DELTAS else ()


def of_one_source(samples: Sequence[RequestSample]) -> tuple[RequestSample, ...]:
    """The samples of a run; where some were counted by usage, the tokens of those that were not are unknown."""
    if token_source(samples) is not TokenSource.USAGE:
        return tuple(samples)
    return tuple(
        replace(sample, output_tokens=None) if sample.token_source is TokenSource.DELTAS else sample
        for sample in samples
    )
