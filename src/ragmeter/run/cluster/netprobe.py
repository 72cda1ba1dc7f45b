"""An east-west probe in a cluster: a server on every node, and one pair of nodes after the other.

Pairs are measured one by one: two at once would share a link and halve it. What is made belongs to the first server's
Job and goes with it.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ragmeter.clients.files import data_dir, read_yaml
from ragmeter.clients.kube.api import Cluster, Document, connected
from ragmeter.clients.kube.facts import find_pods
from ragmeter.clients.kube.owned import Owned, namespace, owning
from ragmeter.clients.kube.pods import JobPods
from ragmeter.core.cluster.state import failure_reason, termination_of
from ragmeter.core.errors import ClusterError, ConfigError, SchemaError
from ragmeter.core.inputs.provider import NetprobeSettings, Provider
from ragmeter.core.netprobe.document import Pair, Path, pair_of, unmeasured, with_host_path
from ragmeter.core.netprobe.manifests import ProbePods, Templates
from ragmeter.core.netprobe.placement import Placement
from ragmeter.core.netprobe.plan import NodePlan, plan_nodes

TESTS_PER_PAIR = 8
"""Paths and bandwidth tests, each of the length of the settings at most."""
SLACK_S = 60
MAX_DEADLINE_S = 6 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """A probe under way. Iterate over `pairs`; whatever ends that, ends the pods, too."""

    plan: NodePlan
    pairs: Iterator[Pair]


def reach_cluster(provider: Provider) -> None:
    """Return when the cluster lists its nodes to us. Raises ConfigError without a context, ClusterError."""
    with connected(_context(provider), provider.netprobe.namespace) as cluster:
        cluster.list("Node")


def _context(provider: Provider) -> str:
    if provider.kube_context is None:
        raise ConfigError(
            f"{provider.path}: $.kube_context: missing: the probe needs the context of a kubeconfig; "
            "`kubectl config get-contexts` lists them"
        )
    return provider.kube_context


def find_placement(provider: Provider) -> Placement:
    """Where backend and LLM run now, as far as the provider's cluster tells."""
    if provider.kube_context is None:
        return Placement(unknown="the provider file names no kube_context")
    return find_pods(provider.kube_context, provider.service_namespace, provider.netprobe.service_pods)


@contextmanager
def probing(
    provider: Provider,
    run: str,
    say: Callable[[str], None],
    *,
    links: Sequence[tuple[str, str]] = (),
    turn: Callable[[], str | None] = lambda: None,
) -> Iterator[Probing]:
    """run: a name that no other probe has. links: nodes of backend and LLM, measured first. turn: is asked before and
    after each pair, and waits until it may be measured; what it returns is why the pair is not.

    Raises ClusterError when the cluster cannot be asked. What concerns one pair is in its errors.
    """
    settings = provider.netprobe
    with ExitStack() as stack:
        cluster = stack.enter_context(connected(_context(provider), settings.namespace))
        plan = plan_nodes(cluster.list("Node"), settings.nodes, links)
        stack.enter_context(namespace(cluster))
        owned = stack.enter_context(owning(cluster, run))
        pods = _pods(settings, run, plan)
        probe = _Probe(owned=owned, plan=plan, say=say, turn=turn, settings=settings, pods=pods)
        yield Probing(plan=plan, pairs=probe.pairs())


def _pods(settings: NetprobeSettings, run: str, plan: NodePlan) -> ProbePods:
    folder = data_dir("k8s") / "netprobe" / "job"
    templates = Templates(**{name: read_yaml(folder / f"{name}.yaml") for name in ("server", "client", "service")})
    needed_s = settings.timeout + len(plan.pairs) * _pair_s(settings)
    return ProbePods(templates=templates, settings=settings, run=run, deadline_s=min(int(needed_s), MAX_DEADLINE_S))


def _pair_s(settings: NetprobeSettings) -> float:
    """Longest time of the two clients of a pair."""
    return 2 * (settings.timeout + SLACK_S) + TESTS_PER_PAIR * (settings.seconds + 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probe:
    """servers, hosts: address by node, of those that are ready. reasons: why one is not, by the same."""

    owned: Owned
    plan: NodePlan
    say: Callable[[str], None]
    turn: Callable[[], str | None]
    settings: NetprobeSettings
    pods: ProbePods
    servers: dict[str, str] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    reasons: dict[tuple[str, bool], str] = field(default_factory=dict)

    @property
    def _cluster(self) -> Cluster:
        return self.owned.cluster

    def pairs(self) -> Iterator[Pair]:
        self._start_servers()
        for number, pair in enumerate(self.plan.pairs, start=1):
            yield self._in_turn(number, pair)

    def _in_turn(self, number: int, pair: tuple[str, str]) -> Pair:
        if (reason := self.turn()) is not None:
            return unmeasured(*pair, reason)
        self.say(f"east-west: {pair[0]} → {pair[1]} ({number} of {len(self.plan.pairs)})")
        began_at = datetime.now(UTC).isoformat()
        found = self._pair(number, pair)
        if (reason := self.turn()) is not None:
            return unmeasured(*pair, reason)
        return replace(found, began_at=began_at, ended_at=datetime.now(UTC).isoformat())

    def _start_servers(self) -> None:
        self.say(f"east-west: servers on {', '.join(self.plan.nodes)}")
        made = [
            (node, host, self._create(index, node, host=host))
            for host in ((False, True) if len(self.plan.nodes) > 1 else (False,))
            for index, node in enumerate(self.plan.nodes)
        ]
        deadline = time.monotonic() + self.settings.timeout
        for node, host, job in made:
            if job is not None:
                self._await_server(node, job, deadline, host=host)

    def _create(self, index: int, node: str, *, host: bool) -> str | None:
        """The name of the Job; None when the cluster refuses it. Without the first server there is no probe."""
        job = self.pods.server(index, node, host=host)
        try:
            self.owned.create(job)
            if not host:
                self.services[node] = self.owned.create(self.pods.service(index))["spec"]["clusterIP"]
        except ClusterError as error:
            if self.owned.root is None:
                raise
            self.reasons[node, host] = str(error)
            return None
        name: str = job["metadata"]["name"]
        return name

    def _await_server(self, node: str, job: str, deadline: float, *, host: bool) -> None:
        try:
            pod = JobPods(cluster=self._cluster, job=job, deadline=deadline).ready()
        except ClusterError as error:
            self.reasons[node, host] = str(error)
        else:
            (self.hosts if host else self.servers)[node] = pod["status"]["podIP"]

    def _pair(self, number: int, pair: tuple[str, str]) -> Pair:
        client_node, server_node = pair
        try:
            found = self._measured(self._client_of(number, pair), pair, "pod_to_pod")
        except (ClusterError, SchemaError) as error:
            found = unmeasured(client_node, server_node, str(error))
        if client_node == server_node:
            return found
        try:
            host = self._measured(self._host_client_of(number, pair), pair, "node_to_node")
        except (ClusterError, SchemaError) as error:
            return with_host_path(found, unmeasured(client_node, server_node, str(error), part="node_to_node"))
        return with_host_path(found, host)

    def _client_of(self, number: int, pair: tuple[str, str]) -> Document:
        _, server = pair
        service = self.pods.service(self.plan.nodes.index(server))["metadata"]["name"]
        addresses = {
            "server": self._address(server, host=False),
            "service": self.services[server],
            "lookup": f"{service}.{self._cluster.namespace}.svc.cluster.local",
        }
        return self.pods.client(number, pair, addresses)

    def _host_client_of(self, number: int, pair: tuple[str, str]) -> Document:
        return self.pods.host_client(number, pair, self._address(pair[1], host=True))

    def _address(self, node: str, *, host: bool) -> str:
        known = self.hosts if host else self.servers
        if node not in known:
            raise ClusterError(f"no server on {node}: {self.reasons[node, host]}")
        return known[node]

    def _measured(self, job: Document, pair: tuple[str, str], path: Path) -> Pair:
        """Run a client and read its document: its termination message, which needs no permission in the pod."""
        self.owned.create(job)
        name = job["metadata"]["name"]
        deadline = time.monotonic() + _pair_s(self.settings) / 2
        pod = JobPods(cluster=self._cluster, job=name, deadline=deadline).ended()
        ended = termination_of(pod)
        if pod["status"]["phase"] != "Succeeded" or ended is None:
            raise ClusterError(f"pod {pod['metadata']['name']} on {pair[0]}: {failure_reason(pod)}")
        try:
            document = json.loads(ended.message)
        except ValueError as error:
            raise SchemaError(f"pod {pod['metadata']['name']} left no document: {ended.message[:200]!r}") from error
        return pair_of(document, client_node=pair[0], server_node=pair[1], path=path)
