"""The documents that ragmeter writes, and the schema of each, generated from its record."""

from collections.abc import Mapping
from typing import Any

from ragmeter.core.codec import schema_of
from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.compare.factors.document import FactorsFound
from ragmeter.core.compare.imported import ImportedTrials
from ragmeter.core.money.cost import Cost
from ragmeter.core.netprobe.document import Netprobe
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.metadata import RunMetadata

written: Mapping[str, tuple[type, str]] = {
    "benchmark-output.v1": (RunResult, "Result of one workload on one provider"),
    "comparison.v1": (Comparison, "Comparison of runs"),
    "cost.v1": (Cost, "Cost of a run"),
    "factors.v1": (FactorsFound, "Effects of what a workload varies"),
    "netprobe-ew.v1": (Netprobe, "East-west probe"),
    "run-metadata.v1": (RunMetadata, "Run metadata"),
    "trials.v1": (ImportedTrials, "Results of another tool as trials"),
}


def generated_schemas() -> dict[str, dict[str, Any]]:
    """The schema of every document that ragmeter writes, by name; ``schemas/`` holds the same, checked in."""
    return {name: schema_of(record, identifier=name, title=title) for name, (record, title) in written.items()}
