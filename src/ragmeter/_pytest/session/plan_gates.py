"""SLOs that the plan cannot decide are told before the first request, with the option that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmeter.core.errors import ConfigError
from ragmeter.core.verdicts.error_budget import DEFAULT
from ragmeter.core.verdicts.gates import undecidable
from ragmeter.core.verdicts.slo import parse_slo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmeter.core.campaign.case import Case


def undecidable_slos(cases: Sequence[Case]) -> list[str]:
    """A sentence for each SLO that no run of its cases can pass. The default error budget always can be kept."""
    declared = [(case, parse_slo(slo.expression, slo.origin)) for case in cases for slo in case.slos if slo != DEFAULT]
    found: dict[tuple[str, str], list[str]] = {}
    for case, slo in declared:
        if (why := undecidable(slo, case.workload)) is not None:
            found.setdefault((slo.origin, why), []).append(case.id)
    return [f"{origin}: SLO of {', '.join(ids)}: {why}" for (origin, why), ids in found.items()]


def refuse_undecidable(cases: Sequence[Case], gates: Sequence[str]) -> None:
    """Raises ConfigError for the plan of a strict session: its gate would be red whatever the service does.

    gates: what is known of gates other than SLOs that cannot pass.
    """
    if found := [*undecidable_slos(cases), *gates]:
        raise ConfigError("; ".join([*found, "--bench-strict: what cannot be decided cannot gate"]))
