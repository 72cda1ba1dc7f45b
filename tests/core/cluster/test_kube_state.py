"""What pods and events say, from documents as the API server writes them."""

from typing import Any

import pytest

from ragmeter.core.cluster.state import (
    Termination,
    failure_reason,
    has_ended,
    hopeless_reason,
    is_ready,
    refusal_reason,
    termination_of,
    waiting_reason,
)


def pod(phase: str, state: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    statuses = [{"image": "ragmeter-netprobe:1", "state": state}] if state is not None else []
    return {"metadata": {"name": "p"}, "spec": {}, "status": {"phase": phase, "containerStatuses": statuses, **status}}


def waits(reason: str, message: str | None = None) -> dict[str, Any]:
    return pod("Pending", {"waiting": {"reason": reason, **({"message": message} if message else {})}})


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("ErrImageNeverPull", "load the image there; image ragmeter-netprobe:1"),
        ("ImagePullBackOff", "check its name"),
        ("InvalidImageName", "invalid image name"),
        ("CreateContainerConfigError", "cannot be made"),
    ],
)
def test_what_no_waiting_cures_is_said_with_what_to_do(reason: str, words: str) -> None:
    assert words in str(hopeless_reason(waits(reason, "because")))
    assert str(hopeless_reason(waits(reason, "because"))).endswith(": because")


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing", "ErrImagePull"])
def test_what_may_still_come_is_waited_for(reason: str) -> None:
    assert hopeless_reason(waits(reason)) is None


def test_a_pod_without_a_status_is_neither_ready_nor_ended_nor_hopeless() -> None:
    empty: dict[str, Any] = {"metadata": {"name": "p"}, "spec": {}}
    assert (is_ready(empty), has_ended(empty), hopeless_reason(empty), termination_of(empty)) == (False,) * 2 + (
        None,
    ) * 2


def test_a_pod_that_no_node_takes_says_what_the_scheduler_said() -> None:
    said = {
        "type": "PodScheduled",
        "status": "False",
        "message": "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
    }
    assert waiting_reason(pod("Pending", conditions=[said]), []) == (
        "no node takes it: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
    )


def test_the_latest_warning_explains_a_pod_that_waits() -> None:
    events = [
        {"type": "Warning", "reason": "Failed", "message": "old", "lastTimestamp": "2026-01-01T00:00:00Z"},
        {"type": "Warning", "reason": "FailedMount", "message": "new", "lastTimestamp": "2026-01-01T00:00:09Z"},
        {"type": "Normal", "reason": "Pulled", "message": "fine", "lastTimestamp": "2026-01-01T00:00:10Z"},
    ]
    words = waiting_reason(waits("ContainerCreating"), events)
    assert words == "it is pending, ContainerCreating; FailedMount: new"


def test_a_job_without_a_pod_says_why() -> None:
    refused = {"type": "Warning", "reason": "FailedCreate", "message": 'pods "x" is forbidden: violates PodSecurity'}
    slow = {"type": "Warning", "reason": "FailedCreate", "message": "etcdserver: request timed out"}
    assert refusal_reason([slow]) is None
    assert refusal_reason([slow, refused]) == refused["message"]
    assert waiting_reason(None, [refused]).startswith("no pod was made; FailedCreate: pods")


def test_the_document_of_an_ended_container_is_its_termination_message() -> None:
    ended = pod("Succeeded", {"terminated": {"exitCode": 0, "reason": "Completed", "message": "{}"}})
    assert termination_of(ended) == Termination(exit_code=0, reason="Completed", message="{}")
    assert has_ended(ended)


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (pod("Failed", {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}), "exit status 137 (OOMKilled)"),
        (pod("Failed", reason="Evicted", message="low on memory"), "Evicted: low on memory"),
        (pod("Failed"), "it ended before its container did"),
    ],
)
def test_a_failure_has_its_reason(ended: dict[str, Any], words: str) -> None:
    assert failure_reason(ended) == words
