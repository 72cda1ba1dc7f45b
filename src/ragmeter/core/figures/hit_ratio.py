"""The hit ratio of a cache of prompts: how many of the tokens that could have come from it did.

Of each request some tokens say nothing of the declared state, and are in neither part of the ratio. The chat template
writes the same tokens ahead of every prompt, so that a nonce does not keep those apart; and a cache that keeps whole
blocks never has the last, unfinished one of a prompt.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ragmeter.core.requests.cache_counts import CacheCounts
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.stats.estimate import Estimate, estimate_exact, wilson
from ragmeter.core.stats.pooled import MIN_GROUPS, ratio_of_sums
from ragmeter.core.stats.trials import MIN_TO_SHOW, quotient_over_trials

USAGE = "usage"
BLOCK_TOKENS = 16
"""Of a cache that does not say."""
OTHERS = 0.02
"""Counters may differ by this share from what the requests of a trial had: beyond it, somebody else asked, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Tokens of each request that count in neither part: the first ones (``ahead``), the last ones (``behind``)."""

    ahead: int = 0
    behind: int = 0


NONE = Allowance()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialHits:
    """One trial. source: ``usage``, or whose counters. hit, asked: tokens of each request where they are known one by
    one, else of all of them together.
    """

    trial: int
    source: str
    requests: int
    hit: tuple[float, ...]
    asked: tuple[float, ...]

    @property
    def ratio(self) -> float | None:
        """None where no token could have been found."""
        return sum(self.hit) / sum(self.asked) if sum(self.asked) else None


def trial_hits(
    trial: int, samples: Sequence[RequestSample], counters: CacheCounts | None, allowance: Allowance
) -> TrialHits | str:
    """Of the measured samples of one trial; else why it is not known.

    By usage where every success tells it: that is of these requests and no others. counters: what the server's own grew
    by meanwhile.
    """
    successes = [sample for sample in samples if sample.ok]
    if not successes:
        return "no request succeeded"
    told = [(sample.cached_tokens, sample.prompt_tokens) for sample in successes]
    known = [(hit, asked) for hit, asked in told if hit is not None and asked is not None]
    if len(known) == len(successes):
        pairs = [_counted(hit, asked, 1, allowance) for hit, asked in known]
        return _hits(trial, USAGE, len(successes), pairs)
    if counters is None:
        return f"{len(known)} of {len(successes)} answers tell cached_tokens, and no counters of the LLM were read"
    if (why := _foreign(counters, successes, failed=len(samples) - len(successes))) is not None:
        return why
    whole = _counted(counters.hit_tokens, counters.asked_tokens, len(samples), allowance)
    return _hits(trial, counters.source, len(samples), [whole])


def _hits(trial: int, source: str, requests: int, pairs: Sequence[tuple[float, float]]) -> TrialHits | str:
    if not sum(asked for _, asked in pairs):
        return "the prompts are no longer than what the chat template and an unfinished block may hold"
    hit, asked = zip(*pairs, strict=True)
    return TrialHits(trial=trial, source=source, requests=requests, hit=hit, asked=asked)


def _counted(hit: float, asked: float, requests: int, allowance: Allowance) -> tuple[float, float]:
    asked = max(0.0, asked - requests * (allowance.ahead + allowance.behind))
    return min(max(0.0, hit - requests * allowance.ahead), asked), asked


def _foreign(counters: CacheCounts, successes: Sequence[RequestSample], *, failed: int) -> str | None:
    """Why the counters are not of these requests alone. Failed requests may have been looked up, or not."""
    sent = sum(sample.prompt_tokens or 0 for sample in successes)
    if not sent or any(sample.prompt_tokens is None for sample in successes):
        return None
    least, most = (1 - OTHERS) * sent, (1 + OTHERS) * sent * (1 + failed / len(successes))
    if least <= counters.asked_tokens <= most:
        return None
    return (
        f"the counters of {counters.source} grew by {counters.asked_tokens:.0f} tokens where the prompts had {sent}: "
        "others asked it, too, or several servers answer at one address"
    )


def hit_ratio(trials: Sequence[TrialHits]) -> Estimate:
    """Of all trials. Its interval has the trial as its unit from three on, and below the request where each is known;
    it is never narrower than Wilson's for as many requests, since requests that all hit or all missed say nothing of
    their spread. Else the value alone.
    """
    hits, asked = [sum(each.hit) for each in trials], [sum(each.asked) for each in trials]
    n = sum(each.requests for each in trials)
    if not n:
        return Estimate(value=None, low=None, high=None, n=0, enough=False)
    value = sum(hits) / sum(asked)
    single = [pair for each in trials for pair in zip(each.hit, each.asked, strict=True)]
    if len(trials) >= MIN_TO_SHOW:
        over = quotient_over_trials(hits, asked, n=n)
        low, high = over.low, over.high
    elif len(single) == n >= MIN_GROUPS:
        low, high = ratio_of_sums([hit for hit, _ in single], [all_ for _, all_ in single])
    else:
        return estimate_exact(value, n)
    least, most = wilson(min(value, 1.0) * n, n)
    ends = [end for end in (low, high, least, most) if end is not None]
    return Estimate(value=value, low=max(0.0, min(ends)), high=min(1.0, max(ends)), n=n, enough=True)
