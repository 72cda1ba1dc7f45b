"""What a server's own counters say of its cache of prompts, over one trial."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheCounts:
    """Tokens of prompts that were looked up, and those of them that were found.

    source: whose counters. block_tokens: the cache keeps whole blocks of so many tokens; None where it does not say.
    made_tokens: of answers, those that nobody received included; None where it does not say.
    """

    source: str
    asked_tokens: float
    hit_tokens: float
    block_tokens: int | None = None
    made_tokens: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCounts:
    """What the counters grew by in one trial, or in one step of one."""

    trial: int
    step: int
    counts: CacheCounts


def grown(before: CacheCounts | None, after: CacheCounts | None) -> CacheCounts | None:
    """By how much counters grew; None where they were not read twice, were reset, or are those of another server."""
    if before is None or after is None or before.source != after.source:
        return None
    asked, hit = after.asked_tokens - before.asked_tokens, after.hit_tokens - before.hit_tokens
    made = None
    if before.made_tokens is not None and after.made_tokens is not None and after.made_tokens >= before.made_tokens:
        made = after.made_tokens - before.made_tokens
    return replace(after, asked_tokens=asked, hit_tokens=hit, made_tokens=made) if 0 <= hit <= asked else None
