"""The steady state of a trial: when it had its concurrency, and whether its TTFT still had a trend there.

Ramp-up and drain are part of every trial. The same span is meant for tokens and for time: a throughput that counts the
tokens of the whole trial over the time of a part of it is too high.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from statistics import NormalDist, median

from ragmeter.core.requests.measures import ttft_ms
from ragmeter.core.requests.records import RequestSample

OF_PEAK = 0.8
PAUSE_OF_REQUEST = 0.05
"""Share of the median request for which a slot of a closed loop may stand empty between two requests."""
TREND_ALPHA = 0.01
MIN_FOR_TREND = 10
MAX_FOR_TREND = 400
"""The test is quadratic: of more requests, every n-th is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadyState:
    """start_ns, end_ns: the longest span in which concurrency was at least 0.8 of its peak.

    share_ratio: of the trial's duration. trend_p: of no trend in the TTFT of the requests sent within the span
    (Mann-Kendall); None below ten. slope_ratio: change of TTFT over the span relative to its median (Theil-Sen).
    """

    start_ns: int
    end_ns: int
    share_ratio: float
    peak_concurrency: int
    trend_p: float | None
    slope_ratio: float | None

    @property
    def drifts(self) -> bool:
        """Whether the TTFT rose or fell within the span beyond chance (1 %)."""
        return self.trend_p is not None and self.trend_p < TREND_ALPHA


def steady_state(trial: Sequence[RequestSample]) -> SteadyState | None:
    """Of the samples of one trial; None when nothing was sent, or by several machines, whose times do not compare."""
    if len({sample.clock_id for sample in trial}) > 1:
        return None
    sent = [(sample.sent_ns, sample) for sample in trial if sample.sent_ns is not None]
    if not sent:
        return None
    steps = sorted([(at, 1) for at, _ in sent] + [(sample.ended_ns, -1) for _, sample in sent])
    pause_ns = PAUSE_OF_REQUEST * median(sample.ended_ns - at for at, sample in sent)
    peak, start, end = _longest_span(steps, pause_ns)
    ttfts = sorted(
        (at, ttft) for at, sample in sent if start <= at <= end and sample.ok and (ttft := ttft_ms(sample)) is not None
    )
    p, slope = _trend(ttfts[:: -(-len(ttfts) // MAX_FOR_TREND) or 1], end - start)
    whole = steps[-1][0] - steps[0][0]
    return SteadyState(
        start_ns=start,
        end_ns=end,
        share_ratio=(end - start) / whole if whole else 1.0,
        peak_concurrency=peak,
        trend_p=p,
        slope_ratio=slope,
    )


def _longest_span(steps: Sequence[tuple[int, int]], pause_ns: float) -> tuple[int, int, int]:
    """(peak, start, end). A dip shorter than ``pause_ns`` is a slot between two requests and ends no span."""
    levels = list(accumulate(step for _, step in steps))
    peak = max(levels)
    high = [
        (begin, end)
        for (begin, _), (end, _), level in zip(steps, steps[1:], levels, strict=False)
        if level >= OF_PEAK * peak and end > begin
    ] or [(steps[0][0], steps[0][0])]
    spans = [high[0]]
    for begin, end in high[1:]:
        if begin - spans[-1][1] <= pause_ns:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((begin, end))
    start, end = max(spans, key=lambda span: span[1] - span[0])
    return peak, start, end


def _trend(ttfts: Sequence[tuple[int, float]], span_ns: int) -> tuple[float | None, float | None]:
    """Mann-Kendall's p with the normal approximation (Kendall 1975), and Theil-Sen's slope over the whole span."""
    count = len(ttfts)
    if count < MIN_FOR_TREND:
        return None, None
    pairs = [(later[0] - earlier[0], later[1] - earlier[1]) for earlier, later in combinations(ttfts, 2)]
    score = sum((rise > 0) - (rise < 0) for _, rise in pairs)
    spread = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    z = (abs(score) - 1) / spread if score else 0.0
    middle = median(ttft for _, ttft in ttfts)
    slopes = [rise / time for time, rise in pairs if time > 0]
    slope = median(slopes) * span_ns / middle if slopes and middle else None
    return 2 * NormalDist().cdf(-max(z, 0.0)), slope
