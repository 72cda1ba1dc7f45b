"""One line on how a running phase is doing. Pure text: who draws it, and how often, is decided elsewhere."""

from dataclasses import dataclass

from ragmeter.report.text.history import sparkline
from ragmeter.report.words.format import UNKNOWN, count, number, quantity, span
from ragmeter.report.words.markup import clean

_BAR_CELLS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A phase so far. total: None when the phase ends by time. Percentiles are of the successes so far.

    left_s: until the campaign ends; None where nothing tells it. trend: TTFT p50 of moments until now, oldest first.
    """

    phase: str
    done: int
    total: int | None
    in_flight: int
    requests_per_s: float | None
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    errors: int
    elapsed_s: float
    left_s: float | None = None
    trend: tuple[float | None, ...] = ()


def progress_line(progress: Progress, *, width: int) -> str:
    """The line for a terminal, at most ``width`` characters: the least important parts are left out first."""
    parts = _parts(progress, sparkline(progress.trend))
    kept = parts[:1]
    for part in parts[1:]:
        if len("  ".join([*kept, part])) <= width:
            kept.append(part)
    bar = _bar(progress)
    line = "  ".join(kept)
    return f"{bar} {line}" if bar and len(bar) + 1 + len(line) <= width else line[: max(width, 0)]


def plain_line(progress: Progress) -> str:
    """The line for a log: every part, without a bar."""
    return ", ".join(_parts(progress))


def _parts(progress: Progress, trend: str = "") -> list[str]:
    """Most important first."""
    whole = "" if progress.total is None else f"/{count(progress.total)}"
    rate = UNKNOWN if progress.requests_per_s is None else number(progress.requests_per_s)
    ttft = f"TTFT p50 {quantity(progress.ttft_p50_ms, 'ms')} p95 {quantity(progress.ttft_p95_ms, 'ms')}"
    left = [] if progress.left_s is None else [f"{_about(progress.left_s)} left"]
    return [
        f"{clean(progress.phase)} {count(progress.done)}{whole}",
        *left,
        f"{count(progress.errors)} errors",
        ttft,
        *([trend] if trend else []),
        f"{rate} req/s",
        f"{count(progress.in_flight)} in flight",
        span(progress.elapsed_s),
    ]


def _bar(progress: Progress) -> str:
    if not progress.total:
        return ""
    filled = min(progress.done * _BAR_CELLS // progress.total, _BAR_CELLS)
    return "█" * filled + "░" * (_BAR_CELLS - filled)


def _about(seconds: float) -> str:
    """In whole seconds: it is a prediction."""
    return span(round(seconds)) if seconds >= 120 else f"{seconds:.0f} s"
