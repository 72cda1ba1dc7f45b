"""A case whose load is sent by pods in the provider's cluster: what they measured, under the plan of this session."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ragmeter.clients.kube import cluster_facts
from ragmeter.core.metadata import Source
from ragmeter.run.inside import context_of, run_inside
from ragmeter.run.planning import run_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragmeter._pytest.cases import Case
    from ragmeter._pytest.cluster_options import Inside
    from ragmeter.core.run import RunPlan
    from ragmeter.core.sides import SavedRun


def measured_inside(case: Case, inside: Inside, *, stamp: str, say: Callable[[str], None]) -> SavedRun:
    """Raises ConfigError, ClusterError, TargetError; KeyboardInterrupt when nothing had been measured."""
    place, run = inside.place(case.provider), f"rag-benchmark-{secrets.token_hex(4)}"
    say(f"{case.id}: {place.pods} pod(s) of {place.image} in namespace {place.namespace} measure {place.url}")
    measured = run_inside(place, run, case.workload, case.provider, say)
    return replace(measured, plan=_plan(case, measured.plan, stamp))


def _plan(case: Case, inner: RunPlan, stamp: str) -> RunPlan:
    """SLOs, prices and claims of the provider file are of this side; what the service said, it said to the pods."""
    provider = case.provider
    sources = [
        Source(origin="this run", values={"cost_config_path": provider.path if provider.cost else None}),
        Source(origin="pod in the cluster", values=inner.metadata),
        Source(origin="Kubernetes", values=cluster_facts(context_of(provider))),
        Source(origin=provider.path, values=provider.declared),
    ]
    began = datetime.fromisoformat(inner.started_at)
    plan = run_plan(provider, case.workload, case.slos, sources, stamp=stamp, started_at=began)
    warnings = (*inner.warnings, *plan.warnings)
    return replace(plan, clock=inner.clock, calibration=inner.calibration, warnings=warnings)
