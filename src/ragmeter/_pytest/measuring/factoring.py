"""What the cells of a plan say together: as JSON and as a page beside the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ragmeter
from ragmeter._pytest.measuring.comparing import hashed, with_requests
from ragmeter._pytest.session.finished import Factored
from ragmeter.clients.files import write_atomically
from ragmeter.core.codec import to_json
from ragmeter.core.compare.compare import MIN_EFFECT_RATIO
from ragmeter.core.compare.factors.build import factors_found
from ragmeter.core.schedule.design import design_of
from ragmeter.report.html.factors.page import factors_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ragmeter._pytest.session.finished import Finished
    from ragmeter._pytest.session.session import BenchSession
    from ragmeter.core.compare.factors.document import FactorsFound


def factors_of_finished(session: BenchSession, finished: Sequence[Finished]) -> Iterator[Factored]:
    """One for each plan; one for each provider where requests alone differ. Raises StorageError when one cannot be
    written.
    """
    groups: dict[tuple[str, str | None], list[Finished]] = {}
    for each in with_requests(finished):
        if each.case.cell is not None:
            apart = each.case.provider.name if each.case.cell.provider is None else None
            groups.setdefault((each.case.workload.path, apart), []).append(each)
    for group in groups.values():
        yield _factored(session, group)


def _factored(session: BenchSession, group: Sequence[Finished]) -> Factored:
    workload = group[0].case.workload
    design = design_of(workload.manifest, workload.path)
    assert design is not None  # noqa: S101 - a case has a cell of it
    found = factors_found(
        design,
        {each.case.cell.number: hashed(each.run) for each in group if each.case.cell is not None},
        min_effect_ratio=session.options.min_effect_ratio or MIN_EFFECT_RATIO,
        ragmeter_version=ragmeter.__version__,
    )
    folder = session.folder(*(each.case.provider.name for each in group))
    return Factored(found=found, paths=_written(found, folder / f"{session.stamp}-{workload.name}"))


def _written(found: FactorsFound, beside: Path) -> tuple[Path, ...]:
    """``<timestamp>-<workload>.factors.json`` and the same as a page."""
    document, page = (beside.with_name(f"{beside.name}.factors.{suffix}") for suffix in ("json", "html"))
    write_atomically(document, f"{to_json(found, indent=2)}\n")
    write_atomically(page, factors_page(found))
    return document, page
