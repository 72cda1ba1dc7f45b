"""Caveats of a comparison of runs, in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ragmeter.core.client.harness import Harness
from ragmeter.core.compare.comparison import Side
from ragmeter.core.figures.steady import SteadyState
from ragmeter.core.formatting import percent
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.stats.estimate import Estimate

NOTEWORTHY_ERRORS = 0.01
NOTEWORTHY_LENGTH = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """One run and when it measured.

    interleaving: see `RunPlan`. begin, end: wall clock of the measured phase; None when not known. traced: whether its
    service was asked for spans.
    """

    side: Side
    interleaving: str | None
    begin: datetime | None
    end: datetime | None
    traced: bool = False


def caveats(a: Conditions, b: Conditions, *, blocks: int) -> tuple[str, ...]:
    """Of the pair. blocks: how many trials are compared in pairs; 0 when the sides are two independent groups."""
    return (
        *_lengths(a.side, b.side),
        *_traced(a, b),
        *(_left_out(a, b, blocks) if blocks else [_not_interleaved(a, b)]),
    )


def caveats_of_run(
    harness: Harness,
    ending: RunEnding,
    errors: Estimate,
    steady: Sequence[SteadyState | None],
    spent: str | None = None,
) -> tuple[str, ...]:
    """Of one run by itself, the gravest first. steady: of each trial. spent: what to say of a spent error budget."""
    found = [*([f"{spent}: it is called neither faster nor cheaper"] if spent else []), *harness.reasons]
    if ending.status == "interrupted":
        found.append("it was interrupted: its figures are of the trials that ran to their end")
    if (errors.value or 0.0) > NOTEWORTHY_ERRORS:
        found.append(f"{percent(errors.value or 0.0)} % of its requests failed: latencies are of successes")
    return (*found, *_drifting(steady))


def _left_out(a: Conditions, b: Conditions, blocks: int) -> list[str]:
    return [
        f"{each.side.trials - blocks} of {each.side.trials} trials of {each.side.label} have no partner in their block "
        "and are left out"
        for each in (a, b)
        if each.side.trials > blocks
    ]


def _not_interleaved(a: Conditions, b: Conditions) -> str:
    """What was lost by it."""
    labels = f"{a.side.label} and {b.side.label}"
    lost = (
        "what changed in between (neighbours, time of day, caches) is in the difference and not in its interval, "
        "and what both met alike is not cancelled: the intervals are those of two independent groups (Welch)"
    )
    if a.begin is None or b.begin is None or a.end is None or b.end is None:
        return f"it is not known that {labels} ran as interleaved trials: {lost}"
    gap = max(a.begin, b.begin) - min(a.end, b.end)
    if gap < timedelta(0):
        return f"{labels} ran at the same time: they may have shared the client or the network"
    return f"{labels} ran one after the other, {_span(gap)} apart, and not as interleaved trials: {lost}"


def _traced(a: Conditions, b: Conditions) -> list[str]:
    if a.traced == b.traced:
        return []
    traced, other = (a, b) if a.traced else (b, a)
    return [
        f"{traced.side.label} was asked for a trace of each request, {other.side.label} was not: making spans "
        "takes a service time"
    ]


def _span(gap: timedelta) -> str:
    seconds = gap.total_seconds()
    for size, word in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{seconds:.0f} seconds"


def _drifting(steady: Sequence[SteadyState | None]) -> list[str]:
    """A TTFT that rises or falls through a trial has no percentile of its own: it depends on the trial's length."""
    found = [each for each in steady if each is not None and each.drifts]
    if not found:
        return []
    worst = max((each.slope_ratio or 0.0 for each in found), key=abs)
    way = "rose" if worst > 0 else "fell"
    return [
        f"the TTFT had a trend in {len(found)} of {len(steady)} trials; at most it {way} by "
        f"{percent(abs(worst))} % of its median while the concurrency was steady"
    ]


def _lengths(a: Side, b: Side) -> list[str]:
    of_a, of_b = a.mean_output_tokens, b.mean_output_tokens
    if not of_a or not of_b or abs(of_b / of_a - 1) <= NOTEWORTHY_LENGTH:
        return []
    return [
        f"answers differ in length: {of_a:.0f} tokens on {a.label}, {of_b:.0f} on {b.label}; "
        "end-to-end latency and throughput follow the length"
    ]
