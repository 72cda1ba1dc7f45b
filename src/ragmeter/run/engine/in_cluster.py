"""A load that pods in the provider's cluster send: what they measured, judged as if it had been measured here."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from ragmeter.clients.http.clocks import AUTO, offered_clocks
from ragmeter.core.campaign.case import Case
from ragmeter.core.campaign.events import RunStarted, saying
from ragmeter.core.cluster.orders import Order, identity_only
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.run.metadata import Source, relayed
from ragmeter.core.run.plan import RunPlan
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.shards import shared
from ragmeter.core.schedule.vantage import PAIR
from ragmeter.jobs.names import run_name
from ragmeter.run.cluster.carried import Place
from ragmeter.run.cluster.inside import OutsideLoad, run_inside
from ragmeter.run.cluster.netprobe import find_placement
from ragmeter.run.cluster.outside import send_outside
from ragmeter.run.engine.engine import Engine
from ragmeter.run.plan.planning import run_plan
from ragmeter.run.plan.target import kubernetes_facts
from ragmeter.run.session.calibrate import calibrate
from ragmeter.run.store import without_samples


@dataclass(frozen=True, slots=True, kw_only=True)
class InCluster:
    """place: where the pods of a provider run. service_url: the service as they reach it.

    edge: whether half of the requests go from here at the same time. workers: load processes of each pod; None for as
    many as the load needs. show_errors: failed requests that get a line in the log of each pod.
    """

    place: Callable[[Provider], Place]
    service_url: str
    edge: bool
    workers: int | None
    show_errors: int

    def measure(self, cases: Sequence[Case], engine: Engine) -> list[SavedRun]:
        """Raises KeyboardInterrupt when Ctrl-C came before anything had been measured."""
        return list(engine.each(cases, lambda case: case, lambda case: self._measured(case, engine)))

    def _measured(self, case: Case, engine: Engine) -> SavedRun:
        """Raises ConfigError, ClusterError, TargetError."""
        engine.emit(RunStarted(case=case))
        placed = find_placement(case.provider)
        run = self._by_pods(case, engine)
        return engine.keep(case, replace(run, plan=engine.probes.placed(run.plan, case.provider, placed)), placed)

    def _by_pods(self, case: Case, engine: Engine) -> SavedRun:
        say = saying(engine.emit)
        place, name = self.place(case.provider), run_name(secrets.token_hex(4))
        order = Order(
            workload=case.workload,
            provider=case.provider,
            url=self.service_url,
            shards=place.pods + self.edge,
            settings=self._settings(engine),
            baseline=without_samples(identity_only(case.baseline.plan)) if case.baseline else None,
        )
        beside = self._from_here(case, place.pods, engine) if self.edge else None
        say(f"{case.id}: {place.pods} pod(s) of {place.image} in namespace {place.namespace} measure {order.url}")
        measured = run_inside(place, name, order, say, beside)
        return replace(measured, plan=_plan(case, measured.plan, engine.settings.stamp))

    def _from_here(self, case: Case, pods: int, engine: Engine) -> OutsideLoad:
        """What sends the other half from here. The client is calibrated first, at its half of the load."""
        say, calibration = saying(engine.emit), None
        try:
            if engine.settings.calibrate:
                half, workers = shared(case.workload, PAIR), engine.resources.workers
                calibration = calibrate(half, case.provider, workers, clock=self._clock(engine))
        except TargetError as error:
            say(f"{case.id}: the client could not be calibrated: {error}")
        say(f"{case.id}: half of the requests go from here to {case.provider.base_url}")
        return partial(send_outside, pods=pods, provider=case.provider, calibration=calibration, emit=engine.emit)

    def _settings(self, engine: Engine) -> dict[str, str]:
        """How pods are to measure."""
        optional = {"RAGMETER_WORKERS": self.workers, "RAGMETER_EDGE": "on" if self.edge else None}
        return {
            "RAGMETER_CLOCK": self._clock(engine),
            "RAGMETER_CALIBRATE": "on" if engine.settings.calibrate else "off",
            "RAGMETER_SHOW_ERRORS": str(self.show_errors),
            **{name: str(value) for name, value in optional.items() if value is not None},
        }

    def _clock(self, engine: Engine) -> str:
        """One that both sides of an edge have: pods may not capture, and a difference must not be one of clocks."""
        common = next(clock for clock in offered_clocks() if clock != "capture")
        return common if self.edge and engine.settings.clock == AUTO else engine.settings.clock


def _plan(case: Case, inner: RunPlan, stamp: str) -> RunPlan:
    """SLOs, prices and claims of the provider file are of this side; what the service said, it said to the pods."""
    provider = case.provider
    sources = [
        Source(origin="this run", values={"cost_config_path": provider.path if provider.cost else None}),
        *relayed("pod in the cluster", inner.metadata, inner.metadata_origins),
        Source(origin="Kubernetes", values=kubernetes_facts(provider)),
        Source(origin=provider.path, values=provider.declared, declared=True),
    ]
    began = datetime.fromisoformat(inner.started_at)
    gone = inner.gone_labels
    plan = run_plan(provider, case.workload, case.slos, sources, stamp=stamp, started_at=began, gone=gone)
    warnings = (*inner.warnings, *plan.warnings)
    return replace(plan, clock=inner.clock, calibration=inner.calibration, warnings=warnings, vantages=inner.vantages)
