"""A figure: a metric, and its statistic where each request has a value: ``p95(ttft_ms)``, ``error_ratio``."""

import difflib
import re
from decimal import Decimal
from typing import Final, NamedTuple

from ragmeter.core.errors import ConfigError
from ragmeter.core.requests.metric import Metric
from ragmeter.core.requests.metrics import METRICS, described
from ragmeter.core.requests.other_names import meant_by

PERCENTILE: Final = re.compile(r"p(\d{1,2}(?:\.\d{1,4})?)")
STATISTICS: Final = ("mean", "min", "max")
SUBJECT: Final = r"\s*(?:(?P<statistic>[A-Za-z][A-Za-z0-9.]*)\s*\(\s*(?P<of>\w+)\s*\)|(?P<bare>\w+))\s*"


class Figure(NamedTuple):
    """statistic: ``p50``, ``p99.9``, ``mean`` …; None for a metric that has one value for a whole phase."""

    metric: str
    statistic: str | None = None

    def __str__(self) -> str:
        """As an SLO writes it: ``p95(ttft_ms)``, ``output_tokens_per_s``."""
        return f"{self.statistic}({self.metric})" if self.statistic else self.metric

    @property
    def label(self) -> str:
        """``Time to first token, p95``."""
        return f"{metric_label(self.metric)}, {self.statistic}" if self.statistic else metric_label(self.metric)

    @property
    def short(self) -> str:
        """``TTFT p95``."""
        return f"{metric_short(self.metric)} {self.statistic or ''}".rstrip()


class OfFigure:
    """A record that has a metric and its statistic in two fields, as documents do."""

    __slots__ = ()
    metric: str
    statistic: str | None

    @property
    def figure(self) -> Figure:
        return Figure(self.metric, self.statistic)


def metric_label(name: str) -> str:
    """The label of a metric; of one that a saved result alone knows, its name."""
    metric = described(name)
    return name if metric is None else metric.label


def metric_short(name: str) -> str:
    """Its abbreviation; its name where it has none."""
    metric = described(name)
    return name if metric is None else metric.short or name


def percentile_share(statistic: str) -> float | None:
    """0.999 of ``p99.9``; None of anything that is not a percentile between 0 and 100."""
    match = PERCENTILE.fullmatch(statistic)
    share = float(Decimal(match[1]) / 100) if match else 0.0
    return share or None


def parse_figure(text: str, origin: str) -> Figure:
    """``p95(ttft_ms)`` or ``output_tokens_per_s``. Raises ConfigError, a sentence that begins with ``origin``."""
    where = f"{origin}: {text!r}"
    match = re.fullmatch(SUBJECT, text)
    if match is None:
        raise ConfigError(f"{where}: not understood; write it like 'p95(ttft_ms)' or 'output_tokens_per_s'")
    metric = known_metric(match["of"] or match["bare"], where)
    check_statistic(metric, match["statistic"], where)
    return Figure(metric.name, match["statistic"])


def known_metric(name: str, where: str) -> Metric:
    """Raises ConfigError, which names the metrics that come closest."""
    if name in METRICS:
        return METRICS[name]
    if meant := meant_by(name):
        raise ConfigError(f"{where}: unknown metric {name!r}; did you mean {meant}?")
    close = difflib.get_close_matches(name, METRICS, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(METRICS)}"
    raise ConfigError(f"{where}: unknown metric {name!r}; {hint}")


def check_statistic(metric: Metric, statistic: str | None, where: str) -> None:
    """Raise ConfigError for a statistic that the metric does not have, or for one that it needs and lacks."""
    needed = metric.has_statistics
    if needed and statistic is None:
        raise ConfigError(f"{where}: {metric.name} has many values; write a statistic of it: p95({metric.name})")
    if statistic is None:
        return
    if not needed:
        raise ConfigError(f"{where}: {metric.name} is one figure for the whole phase; write {metric.name} alone")
    if statistic not in STATISTICS and percentile_share(statistic) is None:
        raise ConfigError(
            f"{where}: unknown statistic {statistic!r}; allowed: {', '.join(STATISTICS)} "
            "and percentiles between 0 and 100 such as p50, p95, p99.9"
        )
