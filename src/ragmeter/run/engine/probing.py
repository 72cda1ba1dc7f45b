"""East-west probes of one session: of each provider's cluster, alone or around a load; they are kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import ragmeter
from ragmeter.clients.files import schema
from ragmeter.core.codec import encode
from ragmeter.core.errors import RagmeterError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.netprobe.build import ProbeRun, netprobe_of
from ragmeter.core.netprobe.document import Load, Netprobe, Pair, ProbeReference
from ragmeter.core.netprobe.placement import Placement
from ragmeter.core.netprobe.plan import NodePlan
from ragmeter.core.netprobe.reference import reference_of
from ragmeter.core.schema import check
from ragmeter.run.cluster.netprobe import find_placement, probing, reach_cluster
from ragmeter.run.plan.catalog import shown
from ragmeter.run.plan.probes import LATEST, find_netprobe


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """A cluster that was probed, and where its document is."""

    result: Netprobe
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why a probe is made. load, runs: as in `Netprobe`. turn: as in `run.cluster.netprobe.probing`."""

    load: Load = "none"
    runs: tuple[str, ...] = ()
    turn: Callable[[], str | None] = lambda: None


@dataclass(slots=True)
class ProbeSession:
    """folder: of the documents of all providers. say: is told a sentence. write: writes a document to a path, and
    raises StorageError when it cannot.

    asked: which probe the results of a load refer to; see `run.plan.probes.find_netprobe`. load: when a load has one
    of its own. bandwidth_beside: whether a probe beside a load measures more than latency.
    """

    providers: tuple[Provider, ...]
    stamp: str
    folder: Path
    say: Callable[[str], None]
    write: Callable[[Netprobe, Path], None]
    asked: str | None
    load: Load
    bandwidth_beside: bool
    finished: list[Probed] = field(default_factory=list)
    _failures: dict[str, RagmeterError] = field(default_factory=dict)

    def reach_all(self, providers: Sequence[Provider]) -> None:
        """Raise ConfigError or ClusterError unless every cluster lets us list its nodes."""
        for provider in providers:
            reach_cluster(provider)

    def find(self, provider: Provider) -> tuple[Netprobe, str] | None:
        """The probe that the results of the provider refer to, and its path. Raises ConfigError."""
        own = self._last(provider)
        if own is not None and self.asked in (None, LATEST):
            return own.result, shown(own.path)
        folder, now = self.folder / provider.name, datetime.now(UTC)
        return find_netprobe(self.asked, provider=provider.name, folder=folder, now=now)

    def reference(self, provider: Provider, placed: Placement, run_id: str) -> ProbeReference | None:
        """What a run of the provider whose pods are placed so takes from it."""
        found = self.find(provider)
        return None if found is None else reference_of(*found, placed, run_id)

    def failure(self, provider: Provider) -> str | None:
        """Why the last probe of the provider came to nothing, if it did."""
        found = self._failures.get(provider.name)
        return None if found is None else f"no east-west probe: {found}"

    def result(self, provider: Provider) -> Netprobe:
        """The last probe of a provider, made if there is none; one that failed is not tried again.

        Raises ClusterError or StorageError; KeyboardInterrupt after what was measured is written.
        """
        if (own := self._last(provider)) is not None:
            return own.result
        if provider.name in self._failures:
            raise self._failures[provider.name]
        return self.probe(provider, Occasion())

    def probe(self, provider: Provider, occasion: Occasion) -> Netprobe:
        """Probe now, and keep the document. Raises as `result` does."""
        self._failures.pop(provider.name, None)
        try:
            return self._probe(self._beside(provider) if occasion.load == "during" else provider, occasion)
        except RagmeterError as error:
            self._failures[provider.name] = error
            raise

    def _beside(self, provider: Provider) -> Provider:
        if self.bandwidth_beside:
            return provider
        return replace(provider, netprobe=replace(provider.netprobe, parts=("latency",)))

    def _last(self, provider: Provider) -> Probed | None:
        return next((probed for probed in reversed(self.finished) if probed.result.provider == provider.name), None)

    def _probe(self, provider: Provider, occasion: Occasion) -> Netprobe:
        began_at, began_s = datetime.now(UTC), monotonic()
        pairs: list[Pair] = []
        links, run = find_placement(provider).links, f"netprobe-{self._name(provider).lower()}"
        with probing(provider, run, self.say, links=links, turn=occasion.turn) as probe:
            interrupted = None
            try:
                pairs.extend(probe.pairs)
            except KeyboardInterrupt as error:
                interrupted = error
            about = _run(provider, began_at, monotonic() - began_s, probe.plan, interrupted)
            result = netprobe_of(replace(about, load=occasion.load, runs=occasion.runs), pairs)
            self._keep(result, self.folder / provider.name / f"{self._name(provider)}.json")
            if interrupted is not None:
                raise interrupted
        return result

    def _name(self, provider: Provider) -> str:
        """Of this probe: the first of a session has its timestamp, and the others are sorted after it."""
        number = sum(probed.result.provider == provider.name for probed in self.finished)
        return f"{self.stamp}x{number + 1}" if number else self.stamp

    def _keep(self, result: Netprobe, path: Path) -> None:
        """It is shown even if it cannot be written."""
        check(encode(result), schema("netprobe-ew.v1"), str(path))
        self.finished.append(Probed(result=result, path=path))
        self.write(result, path)


def _run(
    provider: Provider, began_at: datetime, duration_s: float, plan: NodePlan, interrupted: KeyboardInterrupt | None
) -> ProbeRun:
    return ProbeRun(
        timestamp=began_at.isoformat(),
        provider=provider.name,
        cluster=provider.declared.get("cluster_label") or provider.kube_context,
        ragmeter_version=ragmeter.__version__,
        duration_s=duration_s,
        settings=encode(provider.netprobe),
        plan=plan,
        status="complete" if interrupted is None else "interrupted",
    )
