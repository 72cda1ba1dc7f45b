"""Counts of different sources are told apart, and never added up."""

from dataclasses import replace

import pytest

from ragmeter.core.codec import decode, encode
from ragmeter.core.requests.records import ErrorClass, RequestSample, TokenSource
from ragmeter.core.requests.token_source import of_one_source, remarks, token_source
from tests.core.samples import sample

USAGE = sample(output_tokens=5)
DELTAS = sample(output_tokens=3, token_source=TokenSource.DELTAS)
TOKENIZER = sample(output_tokens=4, token_source=TokenSource.TOKENIZER)
UNKNOWN = sample(output_tokens=None)
LOST = sample(error=ErrorClass.TIMEOUT)


@pytest.mark.parametrize(
    ("samples", "source", "tokens"),
    [
        ([USAGE, USAGE], TokenSource.USAGE, [5, 5]),
        ([DELTAS, DELTAS], TokenSource.DELTAS, [3, 3]),
        ([DELTAS, UNKNOWN], TokenSource.DELTAS, [3, None]),
        ([USAGE, DELTAS], TokenSource.USAGE, [5, None]),
        ([TOKENIZER, TOKENIZER], TokenSource.TOKENIZER, [4, 4]),
        ([TOKENIZER, USAGE], TokenSource.USAGE, [None, 5]),
        ([DELTAS, TOKENIZER], TokenSource.TOKENIZER, [None, 4]),
        ([TOKENIZER, LOST], TokenSource.TOKENIZER, [4, 3]),
        ([DELTAS, LOST], TokenSource.DELTAS, [3, 3]),  # a failed request says nothing about the successes
        ([UNKNOWN], None, [None]),
        ([], None, []),
    ],
)
def test_a_run_has_one_source_and_usage_wins(
    samples: list[RequestSample], source: TokenSource | None, tokens: list[int | None]
) -> None:
    assert token_source(samples) == source
    assert [each.output_tokens for each in of_one_source(samples)] == tokens
    assert bool(remarks(samples)) == (source in {TokenSource.DELTAS, TokenSource.TOKENIZER})


def test_a_record_that_was_written_without_the_source_was_counted_by_usage() -> None:
    document = encode(replace(USAGE, output_tokens=7))
    del document["token_source"]
    assert decode(RequestSample, document, where="old").token_source is TokenSource.USAGE
