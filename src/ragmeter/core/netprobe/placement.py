"""Where the pods of a service run: which measured pair of nodes is the network between backend and LLM. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Pods = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The node of each running pod, sorted; a node stands there as often as it has such pods.

    unknown: why it is not known; None when it is, and then both have a node at least.
    """

    backend_nodes: tuple[str, ...] = ()
    llm_nodes: tuple[str, ...] = ()
    unknown: str | None = None

    def __post_init__(self) -> None:
        if self.unknown is None and not (self.backend_nodes and self.llm_nodes):
            raise ValueError("a placement that is known has a node of the backend and of the LLM")

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """(backend, LLM) of every pod with every pod: a Service chooses among its pods by chance."""
        return tuple((backend, llm) for backend in self.backend_nodes for llm in self.llm_nodes)

    @property
    def words(self) -> str:
        return f"backend on {listed(self.backend_nodes)}, LLM on {listed(self.llm_nodes)}"

    def metadata(self) -> dict[str, str]:
        """Those that are known, as ``run_metadata`` has them."""
        found = {"backend_nodes": listed(self.backend_nodes), "llm_nodes": listed(self.llm_nodes)}
        return {name: nodes for name, nodes in found.items() if nodes}


def placement_of(backend: Pods, llm: Pods, *, where: Mapping[str, str]) -> Placement:
    """From the pods of the backend and of the LLM. where: how each was looked for, by ``backend`` and ``LLM``."""
    found = {"backend": _nodes(backend), "LLM": _nodes(llm)}
    missing = [f"no pod of the {name} runs ({where[name]})" for name, nodes in found.items() if not nodes]
    return Placement(
        backend_nodes=found["backend"], llm_nodes=found["LLM"], unknown="; ".join(missing) if missing else None
    )


def settled(before: Placement, after: Placement) -> Placement:
    """Of a run: where the pods were all the time, as far as both readings tell."""
    if before.unknown is not None or before == after:
        return before
    if after.unknown is not None:
        return Placement(unknown=f"{after.unknown} after the run")
    return Placement(unknown=f"pods moved during the run: {before.words}; then {after.words}")


def listed(nodes: Sequence[str]) -> str:
    """``node-1, node-2``; each once."""
    return ", ".join(dict.fromkeys(nodes))


def alive(pods: Pods) -> Pods:
    """Those that run and are not on their way out."""
    running = [pod for pod in pods if (pod.get("status") or {}).get("phase") == "Running"]
    return [pod for pod in running if "deletionTimestamp" not in pod["metadata"]]


def _nodes(pods: Pods) -> tuple[str, ...]:
    return tuple(sorted(str(pod["spec"]["nodeName"]) for pod in alive(pods) if pod["spec"].get("nodeName")))
