"""Shapes that recur in the queries of every source."""

from collections.abc import Sequence

from grafana.config import BY_PROVIDER, WINDOW


def select(metric: str, *matchers: str) -> str:
    return f"{metric}{{{', '.join((BY_PROVIDER, *matchers))}}}"


def rate(metric: str, *matchers: str, window: str = WINDOW) -> str:
    return f"rate({select(metric, *matchers)}[{window}])"


def total(vector: str, *labels: str) -> str:
    return f"sum by ({', '.join(('provider', *labels))}) ({vector})"


def either(*vectors: str) -> str:
    """The first vector where it exists, else the next: for metrics that were renamed."""
    return " or ".join(vectors)


def quantile(
    q: float, histograms: str | Sequence[str], *matchers: str, labels: Sequence[str] = (), window: str = WINDOW
) -> str:
    """A quantile of a histogram. Several names are one histogram that was renamed."""
    names = (histograms,) if isinstance(histograms, str) else histograms
    buckets = either(*(rate(f"{name}_bucket", *matchers, window=window) for name in names))
    return f"histogram_quantile({q}, {total(buckets, 'le', *labels)})"


def mean(histogram: str, *matchers: str, labels: Sequence[str] = (), window: str = WINDOW) -> str:
    """The mean of a histogram's observations."""
    ends = (total(rate(f"{histogram}_{end}", *matchers, window=window), *labels) for end in ("sum", "count"))
    return " / ".join(ends)
