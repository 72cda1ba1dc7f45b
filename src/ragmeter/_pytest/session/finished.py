"""What came of a session: runs with their results, and comparisons, and where each was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ragmeter.clients.files import write_atomically
from ragmeter.core.codec import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ragmeter._pytest.options.bench_options import BenchOptions
    from ragmeter.core.campaign.case import Case
    from ragmeter.core.compare.comparison import Comparison
    from ragmeter.core.compare.factors.document import FactorsFound
    from ragmeter.core.compare.regression import Regression
    from ragmeter.core.netprobe.document import Netprobe
    from ragmeter.core.requests.figure import Figure
    from ragmeter.core.result.result import RunResult
    from ragmeter.core.run.saved import SavedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A case that was measured: what was recorded, its result, and where that belongs."""

    case: Case
    run: SavedRun
    result: RunResult
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A comparison and where it was written.

    gate: the case it judges against its baseline, and the verdict on each metric; empty for a comparison that judges
    nothing. references: by the id of each case, the verdicts against the reference of the session.
    """

    comparison: Comparison
    paths: tuple[Path, ...]
    case_id: str | None = None
    gate: Mapping[Figure, Regression] = field(default_factory=dict)
    references: Mapping[str, Mapping[Figure, Regression]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factored:
    """What the cells of a plan say together, and where it was written."""

    found: FactorsFound
    paths: tuple[Path, ...]


def write_result(options: BenchOptions, finished: Finished) -> None:
    """As JSON beside the raw record, and to the file that was asked for. Raises StorageError."""
    from ragmeter.report.jsonfile import result_json

    text, asked = result_json(finished.result), options.result_file
    write_atomically(finished.path, text)
    if asked is not None and not finished.case.repeat:
        write_atomically(asked, text)


def write_probe(probe: Netprobe, path: Path) -> None:
    """As JSON and as Prometheus text. Raises StorageError."""
    from ragmeter.report.prometheus.netprobe import netprobe_prometheus_text

    write_atomically(path, to_json(probe, indent=2) + "\n")
    write_atomically(path.with_suffix(".prom"), netprobe_prometheus_text([probe]))
