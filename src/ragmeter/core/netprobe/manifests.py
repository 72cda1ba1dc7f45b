"""The Jobs and Services of a probe: those of ``k8s/netprobe/job``, for a node or a pair of nodes. Pure."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ragmeter.core.inputs.provider import NetprobeSettings

SERVER_LABEL: Final = "ragmeter.dev/netprobe-server"
TERMINATION_LOG: Final = "/dev/termination-log"

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """As written in ``k8s/netprobe/job``."""

    server: Manifest
    client: Manifest
    service: Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePods:
    """What a probe makes; ``run`` begins every name."""

    templates: Templates
    settings: NetprobeSettings
    run: str
    deadline_s: int

    def server(self, index: int, node: str, *, host: bool) -> Manifest:
        """The server on a node; with ``host`` in the node's own network, where it leaves the ports of iperf3 alone."""
        name = f"{self.run}-{'host' if host else 'server'}-{index}"
        args = ["serve", *(["--no-iperf"] if host else [])]
        job = self._job(self.templates.server, name, node, args, host=host)
        job["spec"]["template"]["metadata"]["labels"][SERVER_LABEL] = name
        if host:
            container = job["spec"]["template"]["spec"]["containers"][0]
            container["ports"] = [port for port in container["ports"] if port["name"] == "ping"]
        return job

    def service(self, index: int) -> Manifest:
        """The Service before the server of the same index."""
        service = copy.deepcopy(self.templates.service)
        service["metadata"]["name"] = f"{self.run}-{index}"
        service["spec"]["selector"] = {SERVER_LABEL: f"{self.run}-server-{index}"}
        return service

    def client(self, number: int, pair: tuple[str, str], addresses: Mapping[str, str]) -> Manifest:
        """The client of a pair of pods. addresses: of ``server`` and ``service``, and the name to ``lookup``."""
        at = self.settings
        options = {"samples": at.samples, "seconds": at.seconds, "streams": at.streams, "udp-mbps": at.udp_mbps}
        return self._client(f"{self.run}-pair-{number}", pair, {**addresses, **options}, at.parts, host=False)

    def host_client(self, number: int, pair: tuple[str, str], server: str) -> Manifest:
        """The client of two nodes' own networks: round trips alone."""
        at = self.settings
        options = {"server": server, "path": "node_to_node", "samples": at.samples, "seconds": at.seconds}
        return self._client(f"{self.run}-hosts-{number}", pair, options, ("latency",), host=True)

    def _client(
        self, name: str, pair: tuple[str, str], options: Mapping[str, object], parts: Sequence[str], *, host: bool
    ) -> Manifest:
        asked = {**options, "server-node": pair[1], "result": TERMINATION_LOG}
        args = ["probe", *(f"--{option}={value}" for option, value in asked.items()), "--parts", *parts]
        return self._job(self.templates.client, name, pair[0], args, host=host)

    def _job(self, template: Manifest, name: str, node: str, args: list[str], *, host: bool) -> Manifest:
        job = copy.deepcopy(template)
        job["metadata"]["name"] = name
        job["spec"]["activeDeadlineSeconds"] = self.deadline_s
        pod = job["spec"]["template"]["spec"]
        pod["affinity"] = {"nodeAffinity": _only(node)}
        if host:
            pod["hostNetwork"] = True
        container = pod["containers"][0]
        container["image"] = self.settings.image
        container["imagePullPolicy"] = self.settings.pull_policy
        container["args"] = args
        return job


def _only(node: str) -> Manifest:
    """By the scheduler, so that a full node is a reason that it says, and not a pod that fails there."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [field]}]}}
