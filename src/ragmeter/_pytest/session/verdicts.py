"""What the runs of a session say of a case, and what its tests make of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ragmeter._pytest.session.baselines import record
from ragmeter._pytest.session.finished import write_result
from ragmeter.core.errors import TargetError
from ragmeter.core.verdicts.records import Outcome
from ragmeter.run.store import note_tests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragmeter._pytest.session.finished import Finished
    from ragmeter._pytest.session.session import BenchSession
    from ragmeter.core.campaign.case import Case
    from ragmeter.core.compare.regression import Regression
    from ragmeter.core.requests.figure import Figure


def is_invalid(session: BenchSession, case: Case) -> bool:
    """Whether the measurement of the case is not valid."""
    return any(each.case.id == case.id and each.result.outcome is Outcome.INVALID for each in session.finished)


def regression(session: BenchSession, case: Case, metric: Figure) -> Regression:
    """The verdict on one metric of a case that was measured, against its baseline."""
    return next(compared.gate[metric] for compared in session.compared if compared.case_id == case.id)


def against_reference(session: BenchSession, case: Case, metric: Figure) -> Regression:
    """The verdict on one metric of a case that was measured, by its blocks with the reference. Raises TargetError when
    the reference was not measured.
    """
    for compared in session.compared:
        if case.id in compared.references:
            return compared.references[case.id][metric]
    raise TargetError(f"{case.id}: there is no run of the reference to judge it by")


def gate_of(session: BenchSession, finished: Finished) -> Mapping[Figure, Regression]:
    """The verdicts on a run against its baseline, else against the reference of the session; empty without either."""
    if finished.case.repeat:
        return {}
    for compared in session.compared:
        if compared.case_id == finished.case.id:
            return compared.gate
    return next((at.references[finished.case.id] for at in session.compared if finished.case.id in at.references), {})


def conclude(session: BenchSession) -> None:
    """Say in each raw record and each result which tests have failed on it. Raises StorageError."""
    for place, finished in enumerate(session.finished):
        note_tests(Path(finished.run.path), session.failed_tests.of(finished.case.id))
        result = session.failed_tests.amended(finished.result, finished.case.id)
        if result is not finished.result:
            session.finished[place] = replace(finished, result=result)
            write_result(session.options, session.finished[place])
    said = [record(finished, session.options) for finished in session.finished]
    session.notes += [words for words in said if words is not None]
