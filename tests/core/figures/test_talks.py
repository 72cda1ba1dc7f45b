"""Figures by turn, and how sessions ended."""

from typing import Any

import pytest

from ragmeter.core.codec import decode, encode
from ragmeter.core.figures.summary import summarise
from ragmeter.core.figures.talks import caveat_of_departures, departures_of, talks_of
from ragmeter.core.inputs.drawn import Drawn
from ragmeter.core.inputs.talks import Sessions
from ragmeter.core.requests.cache_counts import CacheCounts, TrialCounts
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample, TokenSource
from tests.core.samples import sample

SESSIONS = Sessions(turns=(3, 1), count=2, warmup=0, think=Drawn(kind="fixed", value=0))


def turn(session: int, number: int, *, script: int = 0, **fields: Any) -> RequestSample:
    return sample(session=session, turn=number, prompt_index=SESSIONS.first_prompt(script) + number - 1, **fields)


WHOLE = [turn(0, 1), turn(0, 2), turn(0, 3)]
SHORT = [turn(1, 1, script=1)]
ABANDONED = [turn(2, 1), turn(2, 2, error=ErrorClass.TIMEOUT)]
LEFT = [turn(3, 1, error=ErrorClass.LEFT)]
CUT = [turn(4, 1)]
STOPPED = [turn(5, 1), turn(5, 2, error=ErrorClass.INTERRUPTED)]

ENDS = {
    "nothing": ([], (0, 0, 0, 0, 0, 0)),
    "whole": ([*WHOLE, *SHORT], (2, 2, 0, 0, 0, 0)),
    "a failed turn": (ABANDONED, (1, 0, 1, 0, 0, 1)),
    "a failed first turn": ([turn(2, 1, error=ErrorClass.HTTP_STATUS)], (1, 0, 1, 0, 0, 2)),
    "a user who left": (LEFT, (1, 0, 0, 1, 0, 2)),
    "the end of the phase": (CUT, (1, 0, 0, 0, 1, 2)),
    "Ctrl-C": (STOPPED, (1, 0, 0, 0, 1, 1)),
    "all of them": ([*WHOLE, *SHORT, *ABANDONED, *LEFT, *CUT, *STOPPED], (6, 2, 1, 1, 2, 6)),
    "the same session of two trials": ([turn(0, 1), turn(0, 1, trial=1)], (2, 0, 0, 0, 2, 4)),
}


@pytest.mark.parametrize(("samples", "ends"), ENDS.values(), ids=ENDS)
def test_each_session_ended_in_one_way_and_the_rest_is_counted(
    samples: list[RequestSample], ends: tuple[int, ...]
) -> None:
    found = talks_of(samples, SESSIONS)
    assert found is not None
    assert (
        found.sessions, found.whole, found.abandoned, found.left, found.unfinished, found.not_asked,
    ) == ends  # fmt: skip


def test_figures_are_of_the_successes_of_each_turn() -> None:
    samples = [
        turn(0, 1, ttft_ms=100, prompt_tokens=10, cached_tokens=0),
        turn(1, 1, ttft_ms=300, prompt_tokens=30, cached_tokens=0),
        turn(0, 2, ttft_ms=50, prompt_tokens=100, cached_tokens=80),
        turn(1, 2, ttft_ms=900, error=ErrorClass.TIMEOUT),
    ]
    found = talks_of(samples, SESSIONS)
    assert found is not None
    first, second = found.turns
    assert (first.turn, first.requests, first.success, first.errors) == (1, 2, 2, 0)
    assert (first.prompt_tokens, first.cached_tokens, first.cached_ratio) == (20, 0, 0)
    assert (second.requests, second.success, second.errors, second.ttft_p50_ms.value) == (2, 1, 1, 50)
    assert (second.prompt_tokens, second.cached_tokens, second.cached_ratio) == (100, 80, 0.8)


def test_tokens_that_one_answer_lacks_are_unknown() -> None:
    found = talks_of([turn(0, 1, cached_tokens=5), turn(1, 1)], SESSIONS)
    assert found is not None
    assert (found.turns[0].prompt_tokens, found.turns[0].cached_tokens, found.turns[0].cached_ratio) == (50, None, None)


def test_without_sessions_there_are_no_figures_of_them() -> None:
    assert talks_of([sample()], None) is None


def test_clients_that_left_are_neither_successes_nor_errors() -> None:
    gone = [sample(index=number, error=ErrorClass.LEFT) for number in range(3)]
    figures = summarise([sample(index=9), *gone, sample(index=10, error=ErrorClass.TIMEOUT)], Phase.MEASURED)
    assert (figures.phase.requests, figures.phase.success, figures.phase.errors) == (5, 1, 1)
    assert figures.rates["error_ratio"].value == 0.5
    assert figures.errors_by_class == {"timeout": 1}
    assert not any("own doing" in words for words in figures.warnings)
    said = caveat_of_departures(departures_of([sample(), *gone]), 4)
    assert said is not None
    assert said.startswith("3 of 4 requests: their client went away")
    assert "what the service still did for them is unknown" in said
    assert caveat_of_departures(departures_of([sample()]), 1) is None


def grew(made: float | None, trial: int = 0) -> TrialCounts:
    counts = CacheCounts(source="vLLM", asked_tokens=9, hit_tokens=0, made_tokens=made)
    return TrialCounts(trial=trial, step=0, counts=counts)


GONE = sample(error=ErrorClass.LEFT)
THREE = sample(output_tokens=3)
COUNTED: dict[str, tuple[list[RequestSample], list[TrialCounts], int | None]] = {
    "nobody counts": ([THREE, GONE], [], None),
    "counted": ([THREE, GONE], [grew(10)], 7),
    "none for them": ([THREE, GONE], [grew(3)], 0),
    "two trials": ([THREE, sample(error=ErrorClass.LEFT, trial=1)], [grew(5), grew(4, trial=1)], 6),
    "one trial of two": ([THREE, sample(error=ErrorClass.LEFT, trial=1)], [grew(5)], None),
    "counters of another kind": ([THREE, GONE], [grew(None)], None),
    "fewer than were received": ([THREE, GONE], [grew(2)], None),
    "a success without a count": ([sample(output_tokens=None), GONE], [grew(9)], None),
    "a success counted here": ([sample(token_source=TokenSource.DELTAS), GONE], [grew(9)], None),
}


@pytest.mark.parametrize(("samples", "counts", "made"), COUNTED.values(), ids=COUNTED)
def test_what_the_llm_made_for_them_is_what_its_counters_have_beside_the_successes(
    samples: list[RequestSample], counts: list[TrialCounts], made: int | None
) -> None:
    found = departures_of(samples, counts)
    assert found is not None
    assert found.made_tokens == made
    said = caveat_of_departures(found, len(samples))
    assert said is not None
    assert ("unknown" in said) == (made is None)


def test_a_record_that_was_written_before_there_were_sessions_is_read() -> None:
    document = encode(sample())
    for name in ("session", "turn"):
        del document[name]
    assert decode(RequestSample, document, where="old") == sample()
