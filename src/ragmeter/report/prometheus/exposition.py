"""Gauges as Prometheus text (exposition format 0.0.4) and as OpenMetrics, written by Prometheus' own client."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from ragmeter.report.words.markup import clean

Sample: TypeAlias = tuple[dict[str, str], float | None]
Family: TypeAlias = GaugeMetricFamily


def gauge(name: str, help_text: str, samples: Iterable[Sample]) -> Iterator[Family]:
    """A family; nothing when no sample has a value."""
    family = GaugeMetricFamily(name, help_text)
    for labels, value in samples:
        if value is not None:
            family.add_sample(name, {label: clean(text) for label, text in labels.items()}, float(value))
    if family.samples:
        yield family


def prometheus_page(families: Iterable[Family]) -> str:
    return generate_latest(_registry(families)).decode("utf-8")


def openmetrics_page(families: Iterable[Family]) -> str:
    """The same with an end, which tells a cut file from a whole one."""
    page: bytes = generate_openmetrics(_registry(families))  # type: ignore[no-untyped-call]
    return page.decode("utf-8")


def _registry(families: Iterable[Family]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Made(tuple(families)))
    return registry


class _Made(Collector):
    """Families that were made before anybody asks."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Sequence[Family]:
        return self._families
