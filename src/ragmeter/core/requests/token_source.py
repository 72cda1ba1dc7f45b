"""How the tokens of a run were counted: counts of two sources are never added up or compared."""

from collections.abc import Sequence
from dataclasses import replace

from ragmeter.core.requests.records import RequestSample, TokenSource

_BY_DELTAS = (
    "tokens are counted by deltas, one for each event with text, as the server sent no usage block: TPOT is the mean "
    "gap between events, and tokens, throughput and cost per token are off where an event carries several tokens"
)
_BY_TOKENIZER = (
    "tokens are counted by the workload's tokenizer, as the server sent no usage block: of the text that came, without "
    "special tokens and hidden reasoning"
)
_REMARKS = {TokenSource.DELTAS: _BY_DELTAS, TokenSource.TOKENIZER: _BY_TOKENIZER}
_TRUSTED = (TokenSource.USAGE, TokenSource.TOKENIZER, TokenSource.DELTAS)
"""The first of them that a success of the run has is the source of the run."""


def token_source(samples: Sequence[RequestSample]) -> TokenSource | None:
    """Of the successes: usage as soon as one of them has it, then the tokenizer. None when none has a count."""
    found = {sample.token_source for sample in samples if sample.ok and sample.output_tokens is not None}
    return next((source for source in _TRUSTED if source in found), None)


def remarks(samples: Sequence[RequestSample]) -> tuple[str, ...]:
    """What a reader of figures of these samples must know."""
    source = token_source(samples)
    return (_REMARKS[source],) if source in _REMARKS else ()


def of_one_source(samples: Sequence[RequestSample]) -> tuple[RequestSample, ...]:
    """The samples of a run; the tokens of those that a lesser source counted than the run's are unknown."""
    source = token_source(samples)
    lesser = () if source is None else _TRUSTED[_TRUSTED.index(source) + 1 :]
    return tuple(
        replace(sample, output_tokens=None, events_tokens=None) if sample.token_source in lesser else sample
        for sample in samples
    )
