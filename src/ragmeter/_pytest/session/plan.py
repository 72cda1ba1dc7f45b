"""What a session is going to measure: what the person who asked should know of it, and whether it may begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmeter._pytest.session.baselines import notices
from ragmeter._pytest.session.cell_forecast import cell_forecasts
from ragmeter._pytest.session.gate_forecast import cannot_pass, gate_forecasts
from ragmeter._pytest.session.plan_gates import refuse_undecidable, undecidable_slos
from ragmeter._pytest.session.reference import with_references
from ragmeter._pytest.session.spending import check_plan
from ragmeter.core.campaign.case import campaigns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmeter._pytest.session.session import BenchSession
    from ragmeter.core.campaign.case import Case


def notices_of(session: BenchSession) -> list[str]:
    """Sentences, once each."""
    of_providers = (notice for provider in session.probes.providers for notice in provider.notices)
    of_workloads = (notice for case in session.cases for notice in case.workload.notices)
    of_slos = (f"warning: {words}" for words in undecidable_slos(session.cases))
    of_gates = (f"warning: {words}" for words in cannot_pass(session.options, session.cases))
    forecast = gate_forecasts(session.options, session.cases, session.meter)
    of_plans = cell_forecasts(session.options, session.cases, session.meter)
    recorded = notices([(case.id, case.recorded) for case in session.cases if case.recorded is not None])
    return list(
        dict.fromkeys(
            [
                *session.options.notices,
                *recorded,
                *of_providers,
                *of_workloads,
                *of_slos,
                *of_gates,
                *forecast,
                *of_plans,
            ]
        )
    )


def select(session: BenchSession, cases: Sequence[Case]) -> None:
    """Take note of the cases whose result will be asked for. Raises ConfigError when they cannot be paid for, or in
    strict mode cannot be decided.
    """
    session.selected = with_references(cases, session.cases, session.options)
    if session.options.strict:
        refuse_undecidable(cases, cannot_pass(session.options, session.selected))
    check_plan(session.options, session.meter, campaigns(cases))
