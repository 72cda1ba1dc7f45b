"""The mean over some of the requests that a histogram counted, and the bounds that its buckets leave for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ragmeter.core.figures.observe.told import Histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanBounds:
    """mean: over all that the histogram counted, as near to that as the bounds allow. low, high: between which the mean
    over the requests that are meant lies; high is None where no bucket says so.
    """

    mean: float
    low: float
    high: float | None

    @property
    def is_exact(self) -> bool:
        """The histogram is of exactly these requests: its sum is theirs, and no bucket matters."""
        return self.low == self.high


def mean_bounds(histogram: Histogram | None, n: int) -> MeanBounds | None:
    """Over any n of the requests that were counted. None where fewer were: some are not in it.

    The n have at least the n smallest values, each at least the lower bound of its bucket, and at least what is left
    of the sum when the others have the upper bounds of the largest; and so at most.
    """
    if histogram is None or n < 1 or round(histogram.count) < n:
        return None
    count, total = round(histogram.count), histogram.total
    if count == n:
        return MeanBounds(mean=total / n, low=total / n, high=total / n)
    buckets = _buckets(histogram)
    smallest = _sum_of_first(((low, of) for low, _, of in buckets), n)
    others_least = _sum_of_first(((low, of) for low, _, of in buckets), count - n)
    largest = _sum_of_first(((high, of) for _, high, of in reversed(buckets)), n)
    others_most = _sum_of_first(((high, of) for _, high, of in reversed(buckets)), count - n)
    low = max(0.0, smallest, total - others_most) / n
    high = max(low, min(total, largest, total - others_least) / n)
    return MeanBounds(mean=min(max(total / count, low), high), low=low, high=high)


def _buckets(histogram: Histogram) -> Sequence[tuple[float, float, int]]:
    """Lower bound, upper bound and how many; one that may be anything without buckets."""
    found, below, before = [], 0.0, 0.0
    for bound, counted in histogram.counts or ((float("inf"), histogram.count),):
        found.append((below, bound, round(counted - before)))
        below, before = bound, counted
    return [each for each in found if each[2] > 0]


def _sum_of_first(values: Iterable[tuple[float, int]], n: int) -> float:
    """Of n values: each comes so often."""
    total, left = 0.0, n
    for value, times in values:
        if left <= 0:
            break
        total += value * min(times, left)
        left -= times
    return total
