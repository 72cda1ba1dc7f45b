"""Which nodes a probe takes, and in which pairs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

CONTROL_PLANE: Final = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlan:
    """nodes: those to probe, by name. left_out: the others, with the reason. links: (backend, LLM), where those run."""

    nodes: tuple[str, ...]
    left_out: Mapping[str, str]
    links: tuple[tuple[str, str], ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(client, server): links first, then every two nodes once: both directions are measured. One node at least is
        measured with itself.
        """
        asked = tuple(dict.fromkeys(link for link in self.links if {*link} <= {*self.nodes}))
        alone = () if any(client == server for client, server in asked) else tuple((n, n) for n in self.nodes[:1])
        known = {frozenset(pair) for pair in asked}
        return (*asked, *alone, *(pair for pair in combinations(self.nodes, 2) if frozenset(pair) not in known))


def plan_nodes(nodes: Sequence[Mapping[str, Any]], sample: int, links: Sequence[tuple[str, str]] = ()) -> NodePlan:
    """At most ``sample`` of the nodes that take pods (0: all): those of the links, the others spread evenly over the
    sorted names.
    """
    reasons = {str(node["metadata"]["name"]): _unfit(node) for node in nodes}
    fit = sorted(name for name, reason in reasons.items() if reason is None)
    linked = [name for name in dict.fromkeys(name for link in links for name in link) if name in fit]
    others = [name for name in fit if name not in linked]
    count = max(sample - len(linked), 0) if sample else len(others)
    spread = others if count >= len(others) else [others[i * len(others) // count] for i in range(count)]
    chosen = sorted([*linked[: sample or None], *spread])
    unsampled = {name: f"not in the sample of {sample}" for name in fit if name not in chosen}
    left_out = {**{name: why for name, why in reasons.items() if why is not None}, **unsampled}
    return NodePlan(nodes=tuple(chosen), left_out=left_out, links=tuple(links))


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
