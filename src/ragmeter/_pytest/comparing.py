"""What the runs of one campaign say of each other: on the terminal, as JSON and as a page beside the results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ragmeter
from ragmeter.clients.files import write_atomically
from ragmeter.core.codec import to_json
from ragmeter.core.compare import compare
from ragmeter.core.records import Phase
from ragmeter.report.comparison_page import comparison_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ragmeter._pytest.measuring import Finished
    from ragmeter._pytest.session import BenchSession
    from ragmeter.core.comparison import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A comparison of two runs or more, and where it was written."""

    comparison: Comparison
    paths: tuple[Path, ...]


def compare_finished(session: BenchSession, finished: Sequence[Finished]) -> Compared | None:
    """The comparison of runs that were measured in one campaign; None when fewer than two have a measured request.

    Raises StorageError when it cannot be written.
    """
    measured = [each for each in finished if any(sample.phase is Phase.MEASURED for sample in each.run.samples)]
    if len(measured) < 2:
        return None
    found = compare(
        [each.run for each in measured],
        ragmeter_version=ragmeter.__version__,
    )
    folder = session.folder(*(each.case.provider.name for each in finished))
    several = len({case.workload.name for case in session.cases}) > 1
    name = f"{session.stamp}-{measured[0].case.workload.name}" if several else session.stamp
    texts = {".comparison.json": f"{to_json(found, indent=2)}\n", ".comparison.html": comparison_page(found)}
    paths = []
    for suffix, text in texts.items():
        paths.append(folder / f"{name}{suffix}")
        write_atomically(paths[-1], text)
    return Compared(comparison=found, paths=tuple(paths))
