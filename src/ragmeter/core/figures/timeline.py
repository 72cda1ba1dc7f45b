"""How a phase went over its time: what was asked for and answered, what failed, how much was in flight, how long the
first token took.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ragmeter.core.figures.observe.over_time import NOTHING_SERVED, ServedLines
from ragmeter.core.figures.summary import sent_s
from ragmeter.core.requests.measures import ttft_ms
from ragmeter.core.requests.records import OURS, RequestSample

MOST_BINS: Final = 120
_LEAST_IN_BIN: Final = 2
_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The measured phase in parts of equal length, one value each, from its first scheduled send to its last end.

    bin_s: the length of a part in s. offered_per_s: requests that the schedule wanted in it, per second; empty in a
    closed loop, which has no schedule. sent_per_s, answered_per_s, failed_per_s: sends, ends of successes and ends of
    failures. in_flight: mean number of requests between send and end. ttft_p50_ms, ttft_max_ms: of the successes sent
    in it; None where there is none. Times of several machines are each since that machine's first send. servers: what
    they told, by quantity, of all replicas together; None where nobody did. Empty of several machines, whose clocks
    are not that of the readings.
    """

    bin_s: float
    offered_per_s: tuple[float, ...]
    sent_per_s: tuple[float, ...]
    answered_per_s: tuple[float, ...]
    failed_per_s: tuple[float, ...]
    in_flight: tuple[float, ...]
    ttft_p50_ms: tuple[float | None, ...]
    ttft_max_ms: tuple[float | None, ...]
    servers: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)


def timeline_of(
    measured: Sequence[RequestSample], *, open_loop: bool, served: ServedLines = NOTHING_SERVED
) -> Timeline | None:
    """None without a request, and of a phase that took no time. served: on the clock of the samples."""
    if not measured:
        return None
    sent = np.asarray(sent_s(measured))
    begun = np.asarray([sample.sent_ns is not None for sample in measured])
    started_ns = [sample.scheduled_ns if sample.sent_ns is None else sample.sent_ns for sample in measured]
    late_s = np.asarray([(at - sample.scheduled_ns) / 1e9 for at, sample in zip(started_ns, measured, strict=True)])
    ended = sent + np.asarray([(sample.ended_ns - at) / 1e9 for at, sample in zip(started_ns, measured, strict=True)])
    length_s = float(ended.max())
    if length_s <= 0:
        return None
    bin_s = _bin_s(length_s, len(measured))
    bins = max(1, math.ceil(length_s / bin_s - 1e-9))
    failed = np.asarray([sample.error is not None and sample.error not in OURS for sample in measured])
    succeeded = np.asarray([sample.ok for sample in measured])

    def per_s(moments: _Array) -> tuple[float, ...]:
        return _rounded(_counts(moments, bin_s, bins) / bin_s)

    waits = np.asarray([_wait_ms(sample) for sample in measured])
    return Timeline(
        bin_s=bin_s,
        offered_per_s=per_s(sent - late_s) if open_loop else (),
        sent_per_s=per_s(sent[begun]),
        answered_per_s=per_s(ended[succeeded]),
        failed_per_s=per_s(ended[failed]),
        in_flight=_rounded(_in_flight(sent[begun], ended[begun], bin_s, bins)),
        ttft_p50_ms=_of_bins(sent, waits, bin_s, bins, lambda values: float(np.median(values))),
        ttft_max_ms=_of_bins(sent, waits, bin_s, bins, lambda values: float(values.max())),
        servers=_served(served, measured, bin_s, bins),
    )


def _served(
    served: ServedLines, measured: Sequence[RequestSample], bin_s: float, bins: int
) -> dict[str, tuple[float | None, ...]]:
    if len({sample.clock_id for sample in measured}) > 1:
        return {}
    return served.over(min(sample.scheduled_ns for sample in measured), round(bin_s * 1e9), bins)


def _wait_ms(sample: RequestSample) -> float:
    wait = ttft_ms(sample) if sample.ok else None
    return math.nan if wait is None else wait


def _bin_s(length_s: float, requests: int) -> float:
    """The smallest of 1, 2 or 5 times 10^k seconds that makes `MOST_BINS` at most, of `_LEAST_IN_BIN` requests each on
    average.
    """
    raw = max(length_s / MOST_BINS, length_s * _LEAST_IN_BIN / requests)
    power: float = 10.0 ** math.floor(math.log10(raw))
    return float(f"{next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * (1 - 1e-9)):.6g}")


def _place(moments: _Array, bin_s: float, bins: int) -> NDArray[np.intp]:
    return np.clip((moments / bin_s).astype(np.intp), 0, bins - 1)


def _counts(moments: _Array, bin_s: float, bins: int) -> _Array:
    return np.bincount(_place(moments, bin_s, bins), minlength=bins).astype(np.float64)


def _in_flight(start: _Array, end: _Array, bin_s: float, bins: int) -> _Array:
    """From the time that was spent in flight up to each edge."""
    spent = np.asarray([float(np.sum(np.clip(edge * bin_s, start, end) - start)) for edge in range(bins + 1)])
    return np.diff(spent) / bin_s


def _of_bins(
    moments: _Array, values: _Array, bin_s: float, bins: int, figure: Callable[[_Array], float]
) -> tuple[float | None, ...]:
    known = ~np.isnan(values)
    places, kept = _place(moments[known], bin_s, bins), values[known]
    order = np.argsort(places, kind="stable")
    parts = np.split(kept[order], np.searchsorted(places[order], np.arange(1, bins)))
    return tuple(round(figure(part), 3) if part.size else None for part in parts)


def _rounded(values: _Array) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)
