"""How many requests at once a service takes before its answers get worse: which number to try next, and what the tries
let one guess. A minute decides nothing: `capacity` does, with bounds and intervals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from ragmeter.core.figures.summary import Figures
from ragmeter.core.formatting import number_text

TIMES: Final = 2.0
"""A TTFT so many times that of one request at a time is worse..."""
LEAST_MORE_MS: Final = 5.0
"""...and if it is so much longer: below it, doubling is noise of networks and processors."""
LEAST_GAIN: Final = 0.05
"""Twice as many requests at once that do not raise throughput by this share only wait; fewer have to raise it less."""
MOST_FAILED: Final = 0.01
TRIES: Final = 2
FOR_P95: Final = 20
"""Successes from which on a p95 is compared, and not the median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadStep:
    """What came of so many requests at once. unfit: why the client was no measure there; empty where it was."""

    concurrency: int
    figures: Figures
    unfit: tuple[str, ...] = ()

    @property
    def successes(self) -> int:
        return self.figures.phase.success

    @property
    def requests_per_s(self) -> float:
        return self.figures.phase.requests_per_s or 0.0

    def ttft_ms(self, statistic: str) -> float | None:
        found = self.figures.estimate("ttft_ms", statistic)
        return None if found is None else found.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """step: the most at once that answers did not get worse at. worse: why the next number tried was; None if none was
    worse. above: that number.
    """

    step: LoadStep
    worse: str | None
    above: int | None


def worse(step: LoadStep, before: Sequence[LoadStep]) -> str | None:
    """Why a step is beyond what the service takes, in words; None where it is not. before: those with fewer at once."""
    phase, base = step.figures.phase, before[0] if before else None
    if phase.errors > MOST_FAILED * max(phase.errors + phase.success, 1):
        return f"requests fail ({phase.errors} of {phase.errors + phase.success})"
    if base is None:
        return None
    if step.unfit:
        return f"the client itself cannot keep up ({step.unfit[0]})"
    if not phase.success:
        return "no answer ends in the time there was"
    best = max(before, key=lambda each: each.requests_per_s)
    least_gain = LEAST_GAIN * (step.concurrency / best.concurrency - 1)
    gains = step.requests_per_s >= (1 + least_gain) * best.requests_per_s
    return _waits_longer(step, base) or (None if gains else "throughput no longer grows")


def _waits_longer(step: LoadStep, base: LoadStep) -> str | None:
    statistic = "p95" if min(step.successes, base.successes) >= FOR_P95 else "p50"
    alone, now = base.ttft_ms(statistic), step.ttft_ms(statistic)
    if alone is None or now is None or now < TIMES * alone or now - alone < LEAST_MORE_MS:
        return None
    return f"the {statistic} of TTFT doubles"


def _split(steps: Sequence[LoadStep]) -> tuple[list[LoadStep], LoadStep | None, str | None]:
    """Those that are not beyond, with fewer at once than the first that is; that one, and why. Of two tries with the
    same number the better counts: one alone may have been disturbed.
    """
    held: list[LoadStep] = []
    for concurrency in sorted({step.concurrency for step in steps}):
        tries = [step for step in steps if step.concurrency == concurrency]
        whys = [worse(step, held) for step in tries]
        if all(whys):
            return held, tries[-1], whys[-1]
        held.append(tries[whys.index(None)])
    return held, None, None


def next_concurrency(steps: Sequence[LoadStep], most: int) -> int | None:
    """One, then twice as many until the answers get worse at two tries, then between the two; None when nothing is left
    to try.
    """
    if not steps:
        return 1
    held, beyond, _ = _split(steps)
    if not held:
        return None
    highest = held[-1].concurrency
    if beyond is None:
        return min(2 * highest, most) if highest < most else None
    if sum(step.concurrency == beyond.concurrency for step in steps) < TRIES and not beyond.figures.phase.errors:
        return beyond.concurrency
    middle = round(sqrt(highest * beyond.concurrency))
    return middle if highest < middle < beyond.concurrency else None


def guess_of(steps: Sequence[LoadStep]) -> Guess | None:
    """None where even one request at a time was too much, or nothing was measured."""
    held, beyond, why = _split(steps)
    if not held or not held[-1].successes:
        return None
    return Guess(step=held[-1], worse=why, above=None if beyond is None else beyond.concurrency)


def sentence_of(guess: Guess | None) -> str:
    """In plain words, without what it is worth."""
    if guess is None:
        return "unknown: one request at a time did not succeed"
    rate, at_once = number_text(guess.step.requests_per_s, 2), guess.step.concurrency
    if guess.worse is None:
        return f"at least {rate} requests/s ({at_once} at once): nothing got worse up to there, and no more were tried"
    return f"about {rate} requests/s ({at_once} at once) before {guess.worse} (at {guess.above} at once)"
