"""What SLO expressions and bounds of one request may name, as JSON Schema: for programs that check files without us.

`ragmeter.core.verdicts.slo` says more of what is wrong, and refuses bounds that judge nothing, too.
"""

from typing import Any

from ragmeter.core.requests.figure import STATISTICS
from ragmeter.core.requests.metric import Metric
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.verdicts.slo import NUMBER

UNIT = "(?:us|µs|ms|s|m|min|h|d|%)"
OPERATORS = {"lower": "<=?", "higher": ">=?", None: "[<>]=?"}


def slo_schema() -> dict[str, Any]:
    """``schemas/slo.v1.schema.json``: of the keys ``slo`` and ``goodput`` of a manifest or provider file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:ragmeter:slo.v1",
        "title": "Names in SLO expressions and in bounds of one request",
        "type": "object",
        "properties": {
            "slo": {"type": "array", "items": {"type": "string", "pattern": _pattern(), "description": _description()}},
            "goodput": {"type": "object", "propertyNames": {"enum": _of_one_request()}},
        },
    }


def _pattern() -> str:
    statistic = "|".join([*STATISTICS, r"p\d{1,2}(?:\.\d+)?"])
    subjects = [rf"{_subject(metric, statistic)}\s*{OPERATORS[metric.better]}" for metric in METRICS.values()]
    return rf"^\s*(?:{'|'.join(subjects)})\s*[-+]?{NUMBER}(?:\s*{UNIT})?(?:\s+at\s+{NUMBER}\s*/\s*s)?\s*$"


def _subject(metric: Metric, statistic: str) -> str:
    return rf"(?:{statistic})\s*\(\s*{metric.name}\s*\)" if metric.has_statistics else metric.name


def _description() -> str:
    many = [metric.name for metric in METRICS.values() if metric.has_statistics]
    one = [metric.name for metric in METRICS.values() if not metric.has_statistics]
    return (
        "an SLO is a statistic of a metric and its bound, such as p95(ttft_ms) <= 1500, or a figure of the phase, such "
        f"as error_ratio <= 0.04; metrics with a statistic: {', '.join(many)}; figures of the phase: {', '.join(one)}"
    )


def _of_one_request() -> list[str]:
    return [metric.name for metric in METRICS.values() if metric.measure and metric.better]
