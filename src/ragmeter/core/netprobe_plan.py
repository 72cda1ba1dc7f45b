"""Which nodes a probe takes, and in which pairs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

CONTROL_PLANE: Final = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlan:
    """nodes: those to probe, by name. left_out: the others, with the reason."""

    nodes: tuple[str, ...]
    left_out: Mapping[str, str]

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(client, server): the first node with itself, then every two nodes once: both directions are measured."""
        return ((self.nodes[0], self.nodes[0]), *combinations(self.nodes, 2)) if self.nodes else ()


def plan_nodes(nodes: Sequence[Mapping[str, Any]], sample: int) -> NodePlan:
    """At most ``sample`` of the nodes that take pods, spread evenly over the sorted names; 0 for all of them."""
    reasons = {str(node["metadata"]["name"]): _unfit(node) for node in nodes}
    fit = sorted(name for name, reason in reasons.items() if reason is None)
    chosen = fit if sample == 0 or sample >= len(fit) else [fit[i * len(fit) // sample] for i in range(sample)]
    unsampled = {name: f"not in the sample of {sample}" for name in fit if name not in chosen}
    return NodePlan(
        nodes=tuple(chosen), left_out={**{name: why for name, why in reasons.items() if why is not None}, **unsampled}
    )


def _unfit(node: Mapping[str, Any]) -> str | None:
    spec, status = node.get("spec") or {}, node.get("status") or {}
    taints = {taint["key"] for taint in spec.get("taints") or ()}
    if taints & set(CONTROL_PLANE):
        return "of the control plane"
    if spec.get("unschedulable"):
        return "cordoned"
    ready = [condition for condition in status.get("conditions") or () if condition["type"] == "Ready"]
    if not ready or ready[0]["status"] != "True":
        return f"not ready: {ready[0].get('message') or ready[0].get('reason')}" if ready else "not ready"
    return None
