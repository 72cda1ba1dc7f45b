"""East-west probes of one pytest session: each provider's cluster is probed once, and its document is kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import ragmeter
from ragmeter.clients.files import schema, write_atomically
from ragmeter.core.codec import encode, to_json
from ragmeter.core.errors import RagmeterError
from ragmeter.core.netprobe import Netprobe, Pair
from ragmeter.core.netprobe_plan import NodePlan
from ragmeter.core.netprobe_result import ProbeRun, netprobe_of
from ragmeter.core.provider import Provider
from ragmeter.core.run import ProbeReference
from ragmeter.core.schema import check
from ragmeter.report.netprobe_prometheus import netprobe_prometheus_text
from ragmeter.run.netprobe import probing, reach_cluster
from ragmeter.run.probes import probe_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """A cluster that was probed, and where its document is."""

    result: Netprobe
    path: Path


@dataclass(slots=True)
class ProbeSession:
    """folder: of the documents of all providers. say: writes a line of progress.

    asked: which probe the results of a load refer to; see `run.probes.probe_reference`.
    """

    providers: tuple[Provider, ...]
    stamp: str
    folder: Path
    say: Callable[[str], None]
    asked: str | None
    finished: list[Probed] = field(default_factory=list)
    _failures: dict[str, RagmeterError] = field(default_factory=dict)

    def reach_all(self, providers: list[Provider]) -> None:
        """Raise ConfigError or ClusterError unless every cluster lets us list its nodes."""
        for provider in providers:
            reach_cluster(provider)

    def reference(self, provider: Provider) -> ProbeReference | None:
        """The probe that a run of the provider refers to. Raises ConfigError."""
        folder = self.folder / provider.name
        return probe_reference(self.asked, provider=provider.name, folder=folder, now=datetime.now(UTC))

    def result(self, provider: Provider) -> Netprobe:
        """The probe of a provider, made at the first call; one that failed is not tried again.

        Raises ClusterError or StorageError; KeyboardInterrupt after what was measured is written.
        """
        for probed in self.finished:
            if probed.result.provider == provider.name:
                return probed.result
        if provider.name in self._failures:
            raise self._failures[provider.name]
        try:
            return self._probe(provider)
        except RagmeterError as error:
            self._failures[provider.name] = error
            raise

    def _probe(self, provider: Provider) -> Netprobe:
        began_at, began_s = datetime.now(UTC), monotonic()
        pairs: list[Pair] = []
        run = f"netprobe-{self.stamp.lower()}"
        with probing(provider, run, self.say) as probe:
            interrupted = None
            try:
                pairs.extend(probe.pairs)
            except KeyboardInterrupt as error:
                interrupted = error
            result = netprobe_of(_run(provider, began_at, monotonic() - began_s, probe.plan, interrupted), pairs)
            self._keep(result)
            if interrupted is not None:
                raise interrupted
        return result

    def _keep(self, result: Netprobe) -> None:
        """Write the document and its Prometheus text; it is shown even if it cannot be written."""
        path = self.folder / result.provider / f"{self.stamp}.json"
        check(encode(result), schema("netprobe-ew.v1"), str(path))
        self.finished.append(Probed(result=result, path=path))
        write_atomically(path, to_json(result, indent=2) + "\n")
        write_atomically(path.with_suffix(".prom"), netprobe_prometheus_text([result]))


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
