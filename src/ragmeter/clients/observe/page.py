"""Metrics pages of servers, in Prometheus text: what is known of them is kept."""

import math
import re
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from ragmeter.core.figures.observe.records import Sample
from ragmeter.core.figures.observe.told import known_names

MAX_BYTES: Final = 8 * 2**20
"""A page that is longer is no metrics page of one server."""
ACCEPT: Final = "text/plain; version=0.0.4"
_NAME: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_PLAIN, _BUCKETS = known_names()


class NoMetrics(Exception):  # noqa: N818 - what a page is not
    """The page is not Prometheus text, in words."""


def samples_of(page: str, *, buckets: bool) -> tuple[Sample, ...]:
    """The samples of a page whose names are known, finite ones alone. buckets: those of histograms, too.

    Other lines are not parsed: a page may have thousands. Raises NoMetrics where one that matters cannot be read.
    """
    wanted = _PLAIN | _BUCKETS if buckets else _PLAIN
    lines = [line for line in page.split("\n") if (name := _NAME.match(line)) is not None and name[0] in wanted]
    try:
        families = list(text_string_to_metric_families("\n".join(lines) + "\n"))
    except ValueError as error:
        raise NoMetrics(f"not Prometheus text: {str(error)[:120]}") from error
    return tuple(
        Sample(each.name, dict(each.labels), float(each.value))
        for family in families
        for each in family.samples
        if math.isfinite(each.value)
    )
