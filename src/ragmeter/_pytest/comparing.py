"""What the runs of one campaign say of each other and of a baseline: as JSON and as a page beside the results."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import ragmeter
from ragmeter.clients.files import write_atomically
from ragmeter.core.codec import to_json
from ragmeter.core.compare import MIN_EFFECT_RATIO, compare, compare_measured
from ragmeter.core.records import Phase
from ragmeter.core.regression import BASELINE, NOW, Regression, regressions
from ragmeter.core.sides import measure
from ragmeter.report.comparison_page import comparison_page
from ragmeter.run.linked_probes import linked_probes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ragmeter._pytest.measuring import Finished
    from ragmeter._pytest.session import BenchSession
    from ragmeter.core.comparison import Comparison
    from ragmeter.core.measured import Key
    from ragmeter.core.sides import SavedRun

    Pairs = Sequence[tuple[Finished, Finished]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A comparison and where it was written.

    gate: the case it judges against its baseline, and the verdict on each metric; empty for a comparison that judges
    nothing.
    """

    comparison: Comparison
    paths: tuple[Path, ...]
    case_id: str | None = None
    gate: Mapping[Key, Regression] = field(default_factory=dict)


def compare_finished(session: BenchSession, finished: Sequence[Finished]) -> Iterator[Compared]:
    """A/A pairs first, then the providers with each other, then each with its baseline; of runs that have a measured
    request. Raises StorageError when one cannot be written.
    """
    measured = [each for each in finished if any(sample.phase is Phase.MEASURED for sample in each.run.samples)]
    of_providers = [each for each in measured if not each.case.twin]
    pairs = [(each, twin) for each in of_providers for twin in measured if twin.case.id == f"{each.case.id}-aa"]
    yield from (_compared(session, pair, pair[0].path, "-aa") for pair in pairs)
    if len(of_providers) > 1:
        folder = session.folder(*(each.case.provider.name for each in finished))
        yield _compared(session, of_providers, folder / of_providers[0].path.name, "", aa=pairs)
    for each in of_providers:
        if each.case.baseline is not None and each.case.gated:
            aa = [pair for pair in pairs if pair[0] is each]
            yield _against_baseline(session, each, each.case.baseline, aa)


def _compared(
    session: BenchSession, sides: Sequence[Finished], beside: Path, ending: str, *, aa: Pairs = ()
) -> Compared:
    found = compare(
        [each.run for each in sides],
        aa=[(first.run, second.run) for first, second in aa],
        min_effect_ratio=session.options.min_effect_ratio or MIN_EFFECT_RATIO,
        ragmeter_version=ragmeter.__version__,
    )
    return Compared(comparison=found, paths=_written(found, beside, ending))


def _against_baseline(session: BenchSession, now: Finished, then: SavedRun, aa: Pairs) -> Compared:
    found = compare_measured(
        [measure(then, BASELINE), measure(now.run, NOW)],
        aa=[(measure(first.run, "A"), measure(second.run, "A again")) for first, second in aa],
        min_effect_ratio=session.options.min_effect_ratio or MIN_EFFECT_RATIO,
        ragmeter_version=ragmeter.__version__,
    )
    label = f"{now.case.workload.name} @ {now.case.provider.name}"
    gate = regressions(found, now.case.gated, label)
    return Compared(comparison=found, paths=_written(found, now.path, "-baseline"), case_id=now.case.id, gate=gate)


def _written(found: Comparison, beside: Path, ending: str) -> tuple[Path, ...]:
    """``<name of the result><ending>.comparison.json`` and the same as a page."""
    texts = {"json": f"{to_json(found, indent=2)}\n", "html": comparison_page(found, linked_probes(found))}
    paths = []
    for suffix, text in texts.items():
        paths.append(beside.with_name(f"{beside.stem}{ending}.comparison.{suffix}"))
        write_atomically(paths[-1], text)
    return tuple(paths)
