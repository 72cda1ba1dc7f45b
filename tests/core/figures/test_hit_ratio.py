"""The hit ratio of a prompt cache: from usage, else from counters that are of these requests alone."""

import math
from typing import Any

import numpy as np
import pytest

from ragmeter.core.figures.hit_ratio import NONE, Allowance, TrialHits, hit_ratio, trial_hits
from ragmeter.core.requests.cache_counts import CacheCounts, grown
from ragmeter.core.requests.records import ErrorClass, RequestSample
from tests.core.samples import sample

COLD, WARM = Allowance(ahead=64), Allowance(behind=16)


def told(*pairs: tuple[int | None, int | None], **fields: Any) -> list[RequestSample]:
    return [
        sample(index=place, cached_tokens=cached, prompt_tokens=prompt, **fields)
        for place, (cached, prompt) in enumerate(pairs)
    ]


def counts(asked: float, hit: float, **fields: Any) -> CacheCounts:
    return CacheCounts(**{"source": "vLLM", "asked_tokens": asked, "hit_tokens": hit, **fields})


@pytest.mark.parametrize(
    ("samples", "allowance", "ratio"),
    [
        (told((0, 1000)), NONE, 0.0),
        (told((400, 1000), (0, 600)), NONE, 0.25),
        (told((26, 1000)), COLD, 0.0),  # what a chat template writes ahead of the nonce
        (told((64, 1000)), COLD, 0.0),
        (told((1000, 1000)), COLD, 1.0),
        (told((532, 1000)), COLD, 0.5),
        (told((999, 1000)), WARM, 1.0),  # llama.cpp evaluates the last token again
        (told((992, 1000)), WARM, 1.0),  # vLLM has whole blocks of 16
        (told((492, 1000)), WARM, 0.5),
        (told((0, 1000)), WARM, 0.0),
    ],
)
def test_ratio_by_usage(samples: list[RequestSample], allowance: Allowance, ratio: float) -> None:
    found = trial_hits(0, samples, None, allowance)
    assert isinstance(found, TrialHits)
    assert found.source == "usage"
    assert found.ratio == pytest.approx(ratio)


@pytest.mark.parametrize(
    ("samples", "counters", "words"),
    [
        ([], None, "no request succeeded"),
        (told((None, 1000)), None, "0 of 1 answers tell"),
        (told((0, 1000), (None, 1000)), None, "1 of 2 answers tell"),
        (told((0, None)), None, "0 of 1 answers tell"),
        (told((10, 50)), None, "no longer than"),
        (told((None, 1000)), counts(2000, 0), "grew by 2000 tokens where the prompts had 1000"),
        (told((None, 1000)), counts(500, 0), "several servers"),
        (told((None, 1000)), counts(0, 0), "grew by 0 tokens"),
    ],
)
def test_what_is_not_known_is_said(samples: list[RequestSample], counters: CacheCounts | None, words: str) -> None:
    found = trial_hits(0, samples, counters, COLD)
    assert isinstance(found, str)
    assert words in found


def test_counters_are_asked_where_not_all_answers_tell() -> None:
    samples = told((None, 1000), (320, 1000))
    found = trial_hits(3, samples, counts(2010, 320), NONE)
    assert isinstance(found, TrialHits)
    assert (found.trial, found.source, found.requests) == (3, "vLLM", 2)
    assert found.ratio == pytest.approx(320 / 2010)
    cold = trial_hits(3, samples, counts(2010, 320), COLD)
    assert isinstance(cold, TrialHits)
    assert cold.ratio == pytest.approx((320 - 128) / (2010 - 128))


@pytest.mark.parametrize(("asked", "is_known"), [(1000, True), (1500, True), (2000, True), (2100, False)])
def test_failed_requests_may_have_been_looked_up(asked: float, is_known: bool) -> None:
    samples = [*told((None, 1000)), sample(index=1, error=ErrorClass.TIMEOUT, prompt_tokens=None)]
    assert isinstance(trial_hits(0, samples, counts(asked, 0), NONE), TrialHits) is is_known


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (None, None, None),
        (None, counts(1, 0), None),
        (counts(1, 0), None, None),
        (counts(10, 5), counts(30, 10), counts(20, 5)),
        (counts(10, 5), counts(10, 5), counts(0, 0)),
        (counts(30, 10), counts(10, 5), None),  # started anew
        (counts(10, 0), counts(11, 5), None),  # more found than asked
        (counts(10, 5), counts(30, 10, source="SGLang"), None),
    ],
)
def test_counters_are_worth_what_they_grew_by(
    before: CacheCounts | None, after: CacheCounts | None, found: CacheCounts | None
) -> None:
    assert grown(before, after) == found


def of_usage(trial: int, hits: list[float], asked: float = 1000.0) -> TrialHits:
    return TrialHits(trial=trial, source="usage", requests=len(hits), hit=tuple(hits), asked=(asked,) * len(hits))


def test_no_trial_has_no_ratio() -> None:
    assert hit_ratio([]).value is None


@pytest.mark.parametrize("hit", [0.0, 1000.0])
@pytest.mark.parametrize("trials", [1, 3])
def test_requests_that_all_hit_or_all_missed_leave_wilsons_interval(hit: float, trials: int) -> None:
    found = hit_ratio([of_usage(number, [hit] * 40) for number in range(trials)])
    assert found.value == hit / 1000
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.high - found.low < 0.1
    assert (found.low, found.high)[int(hit > 0)] == hit / 1000


def test_few_requests_and_sums_of_counters_have_no_interval() -> None:
    assert hit_ratio([of_usage(0, [500.0] * 9)]).low is None
    whole = TrialHits(trial=0, source="vLLM", requests=100, hit=(50.0,), asked=(1000.0,))
    assert (hit_ratio([whole]).value, hit_ratio([whole]).low) == (0.05, None)


def test_the_interval_covers_the_ratio_of_requests_that_are_not_alike() -> None:
    """Requests of very different lengths, each found or not."""
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(400):
        asked = rng.integers(200, 2000, size=60).astype(float)
        found = hit_ratio(
            [
                TrialHits(
                    trial=0,
                    source="usage",
                    requests=60,
                    hit=tuple((asked * (rng.random(60) < 0.3)).tolist()),
                    asked=tuple(asked.tolist()),
                )
            ]
        )
        covered += (found.low or 0.0) <= 0.3 <= (found.high or math.inf)
    assert covered >= 0.93 * 400
