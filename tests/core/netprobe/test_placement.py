"""Where backend and LLM run, from their pods."""

from typing import Any

import pytest

from ragmeter.core.netprobe.placement import Placement, placement_of, settled

WHERE = {"backend": "app=rag in namespace 'ragmeter'", "LLM": "app=llm in namespace 'ragmeter'"}


def pod(node: str | None, phase: str = "Running", **metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata, "spec": {} if node is None else {"nodeName": node}, "status": {"phase": phase}}


def test_each_running_pod_counts() -> None:
    found = placement_of([pod("node-2"), pod("node-1"), pod("node-1")], [pod("node-3")], where=WHERE)
    assert found == Placement(backend_nodes=("node-1", "node-1", "node-2"), llm_nodes=("node-3",))
    assert found.words == "backend on node-1, node-2, LLM on node-3"
    assert found.links == (("node-1", "node-3"), ("node-1", "node-3"), ("node-2", "node-3"))
    assert found.metadata() == {"backend_nodes": "node-1, node-2", "llm_nodes": "node-3"}


@pytest.mark.parametrize(
    "idle",
    [[], [pod(None, "Pending")], [pod("node-1", "Pending")], [pod("node-1", deletionTimestamp="now")]],
    ids=["none", "not scheduled", "starting", "ending"],
)
def test_a_pod_that_does_not_run_is_nowhere(idle: list[dict[str, Any]]) -> None:
    found = placement_of([pod("node-1")], idle, where=WHERE)
    assert found.unknown == "no pod of the LLM runs (app=llm in namespace 'ragmeter')"
    assert found.links == ()
    assert found.metadata() == {"backend_nodes": "node-1"}


ONE = Placement(backend_nodes=("node-1",), llm_nodes=("node-2",))
OTHER = Placement(backend_nodes=("node-3",), llm_nodes=("node-2",))
NOBODY = Placement(unknown="HTTP 403")


@pytest.mark.parametrize(
    ("before", "after", "unknown"),
    [
        (ONE, ONE, None),
        (NOBODY, ONE, "HTTP 403"),
        (ONE, NOBODY, "HTTP 403 after the run"),
        (
            ONE,
            OTHER,
            "pods moved during the run: backend on node-1, LLM on node-2; then backend on node-3, LLM on node-2",
        ),
    ],
)
def test_what_changed_during_a_run_is_not_known_for_it(
    before: Placement, after: Placement, unknown: str | None
) -> None:
    assert settled(before, after).unknown == unknown
