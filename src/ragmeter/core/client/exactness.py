"""How far arrival times may be from the truth, by what the client's clock says of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ragmeter.core.requests.records import RequestSample
from ragmeter.core.stats.estimate import quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Exactness:
    """Over the text events of some requests; every figure is None when the clock cannot say, or there are no events.

    exact_ratio: share of the events whose time is exact. width_max_ms: the widest interval in which an event came.
    ttft_width_p99_ms, itl_width_p99_ms: by how much the TTFT of a request may be too long, and a gap off; p99.
    """

    exact_ratio: float | None
    width_max_ms: float | None
    ttft_width_p99_ms: float | None
    itl_width_p99_ms: float | None


def exactness(samples: Iterable[RequestSample]) -> Exactness:
    dated = [sample for sample in samples if sample.inexact_events is not None and sample.events_ns]
    if not dated:
        return Exactness(exact_ratio=None, width_max_ms=None, ttft_width_p99_ms=None, itl_width_p99_ms=None)
    ends = np.cumsum([len(sample.events_ns) for sample in dated])
    firsts = np.concatenate(([0], ends[:-1]))
    widths = _widths_ms(dated, firsts, int(ends[-1]))
    return Exactness(
        exact_ratio=float(np.mean(widths == 0)),
        width_max_ms=float(widths.max()),
        ttft_width_p99_ms=quantile(widths[firsts], 0.99),
        itl_width_p99_ms=quantile(np.delete(np.maximum(widths[1:], widths[:-1]), ends[:-1] - 1), 0.99),
    )


def _widths_ms(dated: Sequence[RequestSample], firsts: npt.NDArray[np.int64], events: int) -> npt.NDArray[np.float64]:
    """Of all events, request by request."""
    widths = np.zeros(events)
    for sample, first in zip(dated, firsts.tolist(), strict=True):
        for position, width_ns in sample.inexact_events or ():
            widths[first + position] = width_ns / 1e6
    return widths
