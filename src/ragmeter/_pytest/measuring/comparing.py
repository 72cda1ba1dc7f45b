"""What the runs of one campaign say of each other and of a baseline: as JSON and as a page beside the results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import ragmeter
from ragmeter._pytest.session.finished import Compared
from ragmeter.clients.files import sha256_of, write_atomically
from ragmeter.core.codec import to_json
from ragmeter.core.compare.compare import MIN_EFFECT_RATIO, compare, compare_measured
from ragmeter.core.compare.regression import BASELINE, NOW, gates_of_reference
from ragmeter.core.compare.session_gate import session_regressions
from ragmeter.core.compare.sides import measure
from ragmeter.core.requests.records import Phase
from ragmeter.core.run.identity import identity_diff
from ragmeter.report.html.comparison_page import comparison_page
from ragmeter.run.plan.linked_files import linked_files
from ragmeter.run.plan.linked_probes import linked_probes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ragmeter._pytest.session.finished import Finished
    from ragmeter._pytest.session.session import BenchSession
    from ragmeter.core.compare.comparison import Comparison
    from ragmeter.core.compare.measured import MeasuredRun
    from ragmeter.core.compare.regression import Regression
    from ragmeter.core.requests.figure import Figure
    from ragmeter.core.run.saved import SavedRun

    Pairs = Sequence[tuple[Finished, Finished]]


def compare_finished(session: BenchSession, finished: Sequence[Finished]) -> Iterator[Compared]:
    """A/A pairs first, then the providers with each other, then each with its baseline; of runs that have a measured
    request and are no cells of a plan. Raises StorageError when one cannot be written.
    """
    measured = [each for each in with_requests(finished) if each.case.cell is None]
    of_providers = [each for each in measured if not each.case.repeat]
    pairs = [(each, again) for each in of_providers for again in measured if again.case.id == f"{each.case.id}-aa"]
    yield from (_compared(session, pair, pair[0].path, "-aa") for pair in pairs)
    yield from _matrices(session, of_providers)
    if len(of_providers) > 1 and not session.options.cache_matrix:
        folder = session.folder(*(each.case.provider.name for each in finished))
        found = _compared(session, of_providers, folder / of_providers[0].path.name, "", aa=pairs)
        yield replace(found, references=_against_reference(of_providers, found.comparison))
    for each in of_providers:
        if each.case.baseline is not None and each.case.gated:
            aa = [pair for pair in pairs if pair[0] is each]
            yield _against_baseline(session, each, each.case.baseline, aa)


def with_requests(finished: Sequence[Finished]) -> list[Finished]:
    """Those that have a measured request."""
    return [each for each in finished if any(sample.phase is Phase.MEASURED for sample in each.run.samples)]


def _compared(
    session: BenchSession, sides: Sequence[Finished], beside: Path, ending: str, *, aa: Pairs = ()
) -> Compared:
    named = session.options.reference
    known = named is not None and any(each.case.label == named.value for each in sides)
    found = compare(
        [hashed(each.run) for each in sides],
        reference=named.value if named is not None and known else None,
        aa=[(first.run, second.run) for first, second in aa],
        min_effect_ratio=session.options.min_effect_ratio or MIN_EFFECT_RATIO,
        ragmeter_version=ragmeter.__version__,
    )
    return Compared(comparison=found, paths=_written(found, beside, ending))


def _matrices(session: BenchSession, sides: Sequence[Finished]) -> Iterator[Compared]:
    """Each workload of each provider in its cache states: trial k of one and trial k of another are a pair."""
    groups: dict[str, list[Finished]] = {}
    for each in sides if session.options.cache_matrix else ():
        groups.setdefault(f"{each.case.provider.name} {each.case.workload.name}", []).append(each)
    for group in groups.values():
        if len(group) > 1:
            yield _compared_states(session, group)


def _compared_states(session: BenchSession, group: Sequence[Finished]) -> Compared:
    found = compare_measured(
        [_but_for_caches(measure(hashed(each.run), each.case.label)) for each in group],
        min_effect_ratio=session.options.min_effect_ratio or MIN_EFFECT_RATIO,
        ragmeter_version=ragmeter.__version__,
    )
    beside = group[0].path
    return Compared(
        comparison=found, paths=_written(found, beside.with_name(beside.name.replace("-cold", "")), "-caches")
    )


def _but_for_caches(run: MeasuredRun) -> MeasuredRun:
    """The states are what is compared, and no reason against it."""
    return replace(run, identity={**run.identity, "cache_state": "each"})


def _against_reference(sides: Sequence[Finished], found: Comparison) -> dict[str, Mapping[Figure, Regression]]:
    if found.reference is None:
        return {}
    cases = {each.case.label: each.case for each in sides}
    gates = gates_of_reference(found, sides[0].case.workload.name)
    return {cases[label].id: gate for label, gate in gates.items()}


def _against_baseline(session: BenchSession, now: Finished, then: SavedRun, aa: Pairs) -> Compared:
    found = compare_measured(
        [measure(then, BASELINE), measure(hashed(now.run), NOW)],
        aa=[(measure(first.run, "A"), measure(second.run, "A again")) for first, second in aa],
        min_effect_ratio=session.options.min_effect_ratio or MIN_EFFECT_RATIO,
        ragmeter_version=ragmeter.__version__,
    )
    label = f"{now.case.workload.name} @ {now.case.provider.name}"
    mine = measure(now.run, NOW)
    saved = [measure(run, BASELINE) for run in (then, *now.case.earlier)]
    same = [run for run in saved if not identity_diff(run.identity, mine.identity).must_match]
    gate = session_regressions(found, same, mine, now.case.gated, label)
    return Compared(comparison=found, paths=_written(found, now.path, "-baseline"), case_id=now.case.id, gate=gate)


def hashed(run: SavedRun) -> SavedRun:
    """With the hash of its raw record, which is whole by now; without one where it is not kept."""
    path = Path(run.path)
    return replace(run, sha256=sha256_of(path)) if run.sha256 is None and path.is_file() else run


def _written(found: Comparison, beside: Path, ending: str) -> tuple[Path, ...]:
    """``<name of the result><ending>.comparison.json`` and the same as a page."""
    document, page = (beside.with_name(f"{beside.stem}{ending}.comparison.{suffix}") for suffix in ("json", "html"))
    write_atomically(document, f"{to_json(found, indent=2)}\n")
    write_atomically(page, comparison_page(found, linked_probes(found), linked_files(found, page)))
    return document, page
