"""SLOs that the plan cannot decide are told before the first request, with the option that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmeter.core.errors import ConfigError
from ragmeter.core.verdicts.error_budget import DEFAULT
from ragmeter.core.verdicts.gates import told_together, undecidable
from ragmeter.core.verdicts.slo import parse_slo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmeter.core.campaign.case import Case


def undecidable_slos(cases: Sequence[Case]) -> list[str]:
    """A sentence for each cause that keeps SLOs of the cases from being passed. The default error budget always can be
    kept.
    """
    declared = [(case, parse_slo(slo.expression, slo.origin)) for case in cases for slo in case.slos if slo != DEFAULT]
    found = [(case.id, slo, undecidable(slo, case.workload)) for case, slo in declared]
    return told_together((run, slo, why) for run, slo, why in found if why is not None)


def refuse_undecidable(cases: Sequence[Case], gates: Sequence[str]) -> None:
    """Raises ConfigError for the plan of a strict session: its gate would be red whatever the service does.

    gates: what is known of gates other than SLOs that cannot pass.
    """
    if found := [*undecidable_slos(cases), *gates]:
        raise ConfigError("; ".join([*found, "--bench-strict: what cannot be decided cannot gate"]))
