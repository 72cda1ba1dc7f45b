"""From steps of load to the next one, and to a guess in plain words."""

from collections.abc import Callable

import pytest

from ragmeter.core.figures.summary import summarise
from ragmeter.core.requests.records import ErrorClass, Phase
from ragmeter.core.verdicts.knee import LoadStep, guess_of, next_concurrency, sentence_of, worse
from tests.core.samples import sample


def step(
    concurrency: int,
    ttft_ms: float = 100.0,
    per_s: float | None = None,
    *,
    answers: int = 40,
    failed: int = 0,
    unfit: tuple[str, ...] = (),
) -> LoadStep:
    """So many answers, evenly spread at a rate; without one, each slot has ten answers a second."""
    every_ms = 1e3 / (per_s or 10 * concurrency)
    sent = [
        sample(index=i, at_ms=i * every_ms, ttft_ms=ttft_ms, error=ErrorClass.HTTP_STATUS if i < failed else None)
        for i in range(answers + failed)
    ]
    return LoadStep(concurrency=concurrency, figures=summarise(sent, Phase.MEASURED), unfit=unfit)


ALONE = step(1)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (step(2), None),
        (step(2, 199), None),
        (step(2, 200), "the p95 of TTFT doubles"),
        (step(2, 200, answers=19), "the p50 of TTFT doubles"),
        (step(2, per_s=10.0), "throughput no longer grows"),
        (step(2, failed=1), "requests fail (1 of 41)"),
        (step(2, answers=0, failed=3), "requests fail (3 of 3)"),
        (step(2, answers=0), "no answer ends in the time there was"),
        (step(2, unfit=("it was late",)), "the client itself cannot keep up (it was late)"),
    ],
)
def test_a_step_is_beyond_for_one_reason(at: LoadStep, why: str | None) -> None:
    assert worse(at, [ALONE]) == why


def test_doubling_of_next_to_nothing_is_noise() -> None:
    assert worse(step(2, 5), [step(1, 1)]) is None
    assert worse(step(2, 6), [step(1, 1)]) == "the p95 of TTFT doubles"


def test_alone_only_failures_count() -> None:
    assert worse(step(1, unfit=("it was late",)), []) is None
    assert worse(step(1, failed=40), []) == "requests fail (40 of 80)"


def tried(truth: Callable[[int], LoadStep], most: int = 64) -> list[LoadStep]:
    steps: list[LoadStep] = []
    while (at := next_concurrency(steps, most)) is not None:
        steps.append(truth(at))
        assert len(steps) < 40
    return steps


@pytest.mark.parametrize("capacity", [1, 2, 3, 7, 12, 33, 63])
def test_the_number_is_found_and_what_is_beyond_is_tried_twice(capacity: int) -> None:
    steps = tried(lambda at: step(at, 100 if at <= capacity else 300))
    guess = guess_of(steps)
    assert guess is not None
    assert guess.step.concurrency == capacity
    assert guess.above == capacity + 1
    assert [each.concurrency for each in steps].count(capacity + 1) == 2
    assert all(each.concurrency <= 64 for each in steps)


def test_one_disturbed_try_does_not_count() -> None:
    seen: list[int] = []

    def truth(at: int) -> LoadStep:
        seen.append(at)
        return step(at, 900 if at == 4 and seen.count(4) == 1 else 100)

    guess = guess_of(tried(truth, most=16))
    assert guess is not None
    assert (guess.step.concurrency, guess.worse) == (16, None)
    assert seen == [1, 2, 4, 4, 8, 16]


def test_failures_are_not_tried_again() -> None:
    steps = tried(lambda at: step(at, failed=20 if at > 1 else 0))
    assert [each.concurrency for each in steps] == [1, 2]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "unknown: one request at a time did not succeed"),
        ([step(1, answers=0, failed=2)], "unknown: one request at a time did not succeed"),
        ([ALONE], "at least 10 requests/s (1 at once): nothing got worse up to there, and no more were tried"),
        (
            [ALONE, step(2, 400), step(2, 400)],
            "about 10 requests/s (1 at once) before the p95 of TTFT doubles (at 2 at once)",
        ),
    ],
)
def test_the_guess_is_said_in_plain_words(steps: list[LoadStep], words: str) -> None:
    assert sentence_of(guess_of(steps)) == words
