from dataclasses import replace

import pytest

from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from ragmeter.core.requests.repeats import Repeats, caveat_of_repeats, repeats_of, undeclared
from tests.core.samples import sample


def asked(prompts: list[int], *, new_ms: float, again_ms: float, warm: int = 0) -> list[RequestSample]:
    known: set[int] = set()
    samples = []
    for place, prompt in enumerate(prompts):
        phase = Phase.WARMUP if place < warm else Phase.MEASURED
        wait_ms = again_ms if prompt in known else new_ms
        samples.append(sample(index=place, at_ms=1e3 * place, ttft_ms=wait_ms, prompt_index=prompt, phase=phase))
        known.add(prompt)
    return samples


@pytest.mark.parametrize("warm", [0, 2, 3])
def test_prompts_that_are_answered_sooner_when_asked_again_are_a_caveat(warm: int) -> None:
    caveat = caveat_of_repeats(asked([0, 1, 2] * 20, new_ms=200, again_ms=14, warm=warm))
    assert caveat is not None
    assert "asked 3 different prompts" in caveat
    assert "TTFT p50 14 ms, new ones 200 ms" in caveat


@pytest.mark.parametrize(("kept", "is_told"), [(0, True), (1, True), (5, True), (6, False), (20, False)])
def test_some_prompts_may_be_known_from_before_the_run(kept: int, is_told: bool) -> None:
    """Of 20; where most of them are, nothing in the run shows that the server keeps them."""
    samples = asked(list(range(20)) * 5, new_ms=400, again_ms=20)
    known = [replace(each, events_ns=samples[20].events_ns, sent_ns=samples[20].sent_ns) for each in samples[:kept]]
    assert (caveat_of_repeats([*known, *samples[kept:]]) is not None) is is_told


@pytest.mark.parametrize(
    "samples",
    [
        [],
        asked([0, 1, 2] * 20, new_ms=200, again_ms=190),  # no cache
        asked([0, 1, 2] * 20, new_ms=60, again_ms=35),  # the first requests of a run are slow
        asked(list(range(60)), new_ms=200, again_ms=14),  # each prompt once
        asked([0, 1] * 30, new_ms=200, again_ms=14),  # too few new ones to tell
        asked([*range(40), 0, 1, 2], new_ms=200, again_ms=14),  # few repeats
    ],
    ids=["nothing", "no cache", "slow start", "no repeats", "few new", "few repeats"],
)
def test_nothing_is_said_where_repeats_change_nothing(samples: list[RequestSample]) -> None:
    assert caveat_of_repeats(samples) is None


QUESTIONS = ["Why?", "How?", "When?", "Why?"]
"""The last is the first again."""


@pytest.mark.parametrize(
    ("trials", "warm", "found"),
    [
        ([], [], Repeats(requests=0, questions=0, in_run=0, in_trial=0)),
        ([[0]], [], Repeats(requests=1, questions=1, in_run=0, in_trial=0)),
        ([[0, 1, 2]], [], Repeats(requests=3, questions=3, in_run=0, in_trial=0)),
        ([[0, 0]], [], Repeats(requests=2, questions=1, in_run=1, in_trial=1)),
        ([[0, 3]], [], Repeats(requests=2, questions=1, in_run=1, in_trial=1)),
        ([[1, 2]], [1], Repeats(requests=2, questions=2, in_run=1, in_trial=0)),
        ([[0, 1], [0, 1]], [], Repeats(requests=4, questions=2, in_run=2, in_trial=0)),
        ([[0, 1], [1, 1]], [2], Repeats(requests=4, questions=2, in_run=2, in_trial=1)),
    ],
    ids=["nothing", "one", "all new", "twice", "one text twice", "known from warm-up", "trials alike", "both"],
)
def test_repeats_are_counted_within_the_run_and_within_the_trial(
    trials: list[list[int]], warm: list[int], found: Repeats
) -> None:
    asked = [(Phase.WARMUP, 0, prompt) for prompt in warm]
    asked += [(Phase.MEASURED, number, prompt) for number, trial in enumerate(trials) for prompt in trial]
    samples = [
        sample(index=place, at_ms=place, phase=phase, trial=trial, prompt_index=prompt)
        for place, (phase, trial, prompt) in enumerate(asked)
    ]
    assert repeats_of(samples, QUESTIONS) == found
    assert repeats_of(samples[::-1], QUESTIONS) == found, "the order is that of the schedule"


def test_a_request_that_was_never_sent_asked_nothing() -> None:
    lost = sample(index=0, sent_ns=None, events_ns=(), error=ErrorClass.CONNECT)
    assert repeats_of([lost, sample(index=1, at_ms=1)], QUESTIONS).in_run == 0


def test_the_sentence_says_how_many_repeat_and_what_to_write() -> None:
    assert undeclared(Repeats(requests=100, questions=20, in_run=0, in_trial=0)) is None
    words = undeclared(Repeats(requests=100, questions=20, in_run=90, in_trial=80))
    assert words is not None
    assert words.startswith("90 of 100 requests (90 %) repeat a question of this run")
    assert "cache: {kv: cold}" in words
    assert "--bench-cache-kv" in words
