import math

import pytest

from ragmeter.core.compare.comparison import Decision
from ragmeter.core.compare.decide import Conclusion, Criteria, Hypothesis, decide
from ragmeter.core.formatting import percent
from ragmeter.core.stats.contrast import Contrast


def at(change: float, error: float | None = 0.01, trials: int = 8) -> Contrast:
    """Paired; B / A is 1 + ``change``."""
    spread = None if error is None else error * math.sqrt(trials)
    return Contrast(
        log_ratio=math.log1p(change), error=error, df=max(trials - 1, 0), spread=spread, trials=trials, paired=True
    )


def judged(contrast: Contrast | None, *, p: float | None = 0.001, **asked: object) -> Conclusion:
    question = Hypothesis(**{"metric": "ttft_ms", "a": "here", "b": "there", **asked})  # type: ignore[arg-type]
    return decide(question, contrast, p, Criteria(family=7, min_effect=math.log1p(0.05)))


@pytest.mark.parametrize(
    ("metric", "change", "decision", "sentence"),
    [
        ("ttft_ms", -0.12, Decision.B_BETTER, "there faster by 12 % [9.9, 14] than here"),
        ("ttft_ms", 0.25, Decision.A_BETTER, "there slower by 25 % [22, 28] than here"),
        ("output_tokens_per_s", 0.25, Decision.B_BETTER, "there higher by 25 % [22, 28] than here"),
        ("output_tokens_per_s", -0.2, Decision.A_BETTER, "there lower by 20 % [18, 22] than here"),
        ("usd_per_1m_tokens", -0.5, Decision.B_BETTER, "there cheaper by 50 % [49, 51] than here"),
    ],
)
def test_the_second_side_is_said_to_differ_by_a_share_of_the_first(
    metric: str, change: float, decision: Decision, sentence: str
) -> None:
    found = judged(at(change), metric=metric)
    assert (found.decision, found.sentence) == (decision, sentence)


@pytest.mark.parametrize(
    ("contrast", "p", "asked", "words"),
    [
        (None, None, {"lacking": ("there",)}, "no figure for every trial of there"),
        (at(-0.5), 0.001, {"unfit": ("here",)}, "the measurement of here is not valid"),
        (
            at(-0.5, None, 1),
            None,
            {},
            "1 trial cannot tell a difference from drift between runs, at least 4 more needed",
        ),
        (at(-0.5, 0.001, 3), 0.001, {}, "3 trials are too few to conclude, about 2 more trials needed"),
        (at(-0.5), 0.001, {"enough": False}, "too few requests in a trial"),
        (at(-0.12), 0.001, {"noise": math.log(1.2)}, "identical systems differed by up to 20 %"),
        (at(-0.12, 0.1), 0.3, {}, "more trials needed to show a difference of 12 %; change of -12 % [-31, 11]"),
        (at(0.001, 0.5), 0.9, {}, "more than 1,000 trials needed to show a difference of 5 %"),
    ],
)
def test_what_cannot_be_decided_says_why(
    contrast: Contrast | None, p: float | None, asked: dict[str, object], words: str
) -> None:
    found = judged(contrast, p=p, **asked)
    assert found.decision is Decision.NOT_DECIDABLE
    assert found.sentence.startswith("not decidable: ")
    assert words in found.sentence


def test_an_interval_within_what_matters_shows_no_difference() -> None:
    found = judged(at(0.001, 0.005), p=0.9)
    assert (found.decision, found.sentence) == (
        Decision.NO_DIFFERENCE,
        "no difference shown: change of 0.1 % [-1.1, 1.3], within ±5 %",
    )


def test_a_difference_that_is_certain_and_too_small_to_matter_is_none() -> None:
    found = judged(at(-0.02, 0.005), p=0.0001)
    assert found.decision is Decision.NO_DIFFERENCE
    assert found.sentence.startswith("no difference that matters: change of -2 %")
    assert judged(at(-0.05, 0.005), p=0.0001).decision is Decision.B_BETTER


def test_a_difference_beyond_the_noise_of_identical_systems_counts() -> None:
    assert judged(at(-0.3), noise=math.log(1.2)).decision is Decision.B_BETTER


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.1234, "12"), (0.0996, "10"), (0.0994, "9.9"), (-0.03, "-3"), (-0.0001, "0"), (2.5, "250")]
)
def test_per_cent_reads_as_people_write_it(ratio: float, text: str) -> None:
    assert percent(ratio) == text
