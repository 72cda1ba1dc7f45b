"""A case whose load is sent by pods in the provider's cluster: what they measured, judged as if measured here."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from ragmeter.clients.clocks import AUTO, offered_clocks
from ragmeter.clients.kube import cluster_facts
from ragmeter.core.errors import ConfigError, TargetError
from ragmeter.core.metadata import Source
from ragmeter.core.orders import Order, identity_only
from ragmeter.core.shards import shared
from ragmeter.core.vantage import PAIR
from ragmeter.run.calibrate import calibrate
from ragmeter.run.inside import context_of, run_inside
from ragmeter.run.outside import send_outside
from ragmeter.run.planning import run_plan
from ragmeter.run.store import without_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmeter._pytest.asked import BenchOptions
    from ragmeter._pytest.cases import Case
    from ragmeter._pytest.cluster_options import Inside
    from ragmeter._pytest.session import BenchSession
    from ragmeter.core.run import RunPlan
    from ragmeter.core.sides import SavedRun
    from ragmeter.run.inside import Beside


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
        check_steering(cases, shards=options.inside.pods + options.edge)
        for case in cases if options.edge else ():
            _check_edge(case, options.inside.pods)


def check_steering(cases: Sequence[Case], *, shards: int) -> None:
    """Raise ConfigError for a load that depends on what was measured, and that is sent from several places."""
    for case in cases if shards > 1 else ():
        steered = "until" if case.workload.until else "load.search" if case.workload.search else None
        if steered:
            raise ConfigError(
                f"{case.workload.path}: $.{steered}: not with a load in {shards} shards: none of them sees the figures "
                "of all while the load goes on; leave it out, or ask for one pod alone"
            )


def _check_edge(case: Case, pods: int) -> None:
    """Raise ConfigError when one of the two vantage points would have nothing to send, or nowhere to send it to."""
    slots = case.workload.concurrency
    if slots is not None and (slots < PAIR or slots - slots // PAIR < pods):
        raise ConfigError(
            f"{case.workload.path}: $.benchmark.concurrency: {slots}: --bench-edge sends half of it from each side, so "
            f"it takes {PAIR * pods} or more with {pods} pod{'s' if pods > 1 else ''}"
        )
    if case.provider.local is not None:
        raise ConfigError(f"{case.provider.path}: $.local: --bench-edge: a service on this machine has no edge")


def measured_inside(case: Case, inside: Inside, session: BenchSession) -> SavedRun:
    """Raises ConfigError, ClusterError, TargetError; KeyboardInterrupt when nothing had been measured."""
    options, say = session.options, session.progress.say
    place, run = inside.place(case.provider), f"rag-benchmark-{secrets.token_hex(4)}"
    order = Order(
        workload=case.workload,
        provider=case.provider,
        url=inside.service_url,
        shards=place.pods + options.edge,
        settings=_settings(options),
        baseline=without_samples(identity_only(case.baseline.plan)) if case.baseline else None,
    )
    beside = _beside(case, place.pods, session) if options.edge else None
    say(f"{case.id}: {place.pods} pod(s) of {place.image} in namespace {place.namespace} measure {order.url}")
    measured = run_inside(place, run, order, say, beside)
    return replace(measured, plan=_plan(case, measured.plan, session.stamp))


def _beside(case: Case, pods: int, session: BenchSession) -> Beside:
    """What sends the other half from here. The client is calibrated first, at its half of the load."""
    say, calibration = session.progress.say, None
    try:
        if session.options.calibrate:
            half, clock = shared(case.workload, PAIR), _clock(session.options)
            calibration = calibrate(half, case.provider, session.workers, clock=clock)
    except TargetError as error:
        say(f"{case.id}: the client could not be calibrated: {error}")
    say(f"{case.id}: half of the requests go from here to {case.provider.base_url}")
    return partial(send_outside, pods=pods, provider=case.provider, calibration=calibration, observer=session.progress)


def _settings(options: BenchOptions) -> dict[str, str]:
    """How pods are to measure."""
    optional = {"RAGMETER_WORKERS": options.workers, "RAGMETER_EDGE": "on" if options.edge else None}
    return {
        "RAGMETER_CLOCK": _clock(options),
        "RAGMETER_CALIBRATE": "on" if options.calibrate else "off",
        "RAGMETER_SHOW_ERRORS": str(options.show_errors),
        **{name: str(value) for name, value in optional.items() if value is not None},
    }


def _clock(options: BenchOptions) -> str:
    """One that both sides of an edge have: pods may not capture, and a difference must not be one of clocks."""
    common = next(clock for clock in offered_clocks() if clock != "capture")
    return common if options.edge and options.clock == AUTO else options.clock


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
    return replace(plan, clock=inner.clock, calibration=inner.calibration, warnings=warnings, vantages=inner.vantages)
