"""A case whose load is sent by pods in the provider's cluster: what they measured, under the plan of this session."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ragmeter.clients.kube import cluster_facts
from ragmeter.core.errors import ConfigError
from ragmeter.core.metadata import Source
from ragmeter.core.orders import Order, identity_only
from ragmeter.run.inside import context_of, run_inside
from ragmeter.run.planning import run_plan
from ragmeter.run.store import without_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ragmeter._pytest.asked import BenchOptions
    from ragmeter._pytest.cases import Case
    from ragmeter._pytest.cluster_options import Inside
    from ragmeter.core.run import RunPlan
    from ragmeter.core.sides import SavedRun


def check_inside(options: BenchOptions, cases: Sequence[Case]) -> None:
    """Raise ConfigError for what pods cannot do, before anything is made."""
    providers = dict.fromkeys(case.provider.name for case in cases)
    if options.inside is not None and (len(providers) > 1 or options.aa):
        asked = "--bench-aa" if options.aa else f"--provider={', '.join(providers)}"
        raise ConfigError(
            f"{asked}: not with --bench-in-cluster: pods of several arms do not take turns trial by trial, so that a "
            "drift would pass for a difference; measure each by itself and give the raw records to 'ragmeter compare'"
        )
    if options.inside is not None:
        check_steering(cases, pods=options.inside.pods)


def check_steering(cases: Sequence[Case], *, pods: int) -> None:
    """Raise ConfigError for a load that depends on what was measured, and that several pods would send."""
    for case in cases if pods > 1 else ():
        steered = "until" if case.workload.until else "load.search" if case.workload.search else None
        if steered:
            raise ConfigError(
                f"{case.workload.path}: $.{steered}: not with {pods} pods: none of them sees the figures of all while "
                "the load goes on; ask for one pod, or leave it out"
            )


def measured_inside(
    case: Case, inside: Inside, options: BenchOptions, *, stamp: str, say: Callable[[str], None]
) -> SavedRun:
    """Raises ConfigError, ClusterError, TargetError; KeyboardInterrupt when nothing had been measured."""
    place, run = inside.place(case.provider), f"rag-benchmark-{secrets.token_hex(4)}"
    order = Order(
        workload=case.workload,
        provider=case.provider,
        url=inside.service_url,
        shards=place.pods,
        settings=_settings(options),
        baseline=without_samples(identity_only(case.baseline.plan)) if case.baseline else None,
    )
    say(f"{case.id}: {place.pods} pod(s) of {place.image} in namespace {place.namespace} measure {order.url}")
    measured = run_inside(place, run, order, say)
    return replace(measured, plan=_plan(case, measured.plan, stamp))


def _settings(options: BenchOptions) -> dict[str, str]:
    """How pods are to measure."""
    workers = {} if options.workers is None else {"RAGMETER_WORKERS": str(options.workers)}
    return {
        "RAGMETER_CLOCK": options.clock,
        "RAGMETER_CALIBRATE": "on" if options.calibrate else "off",
        "RAGMETER_SHOW_ERRORS": str(options.show_errors),
        **workers,
    }


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
