from __future__ import annotations

from typing import Any

import pytest

from backend.benchmarks.progress import Progress, progress_of

RUNS: dict[str, Any] = {"status": {}}
ENDED: dict[str, Any] = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
FAILED: dict[str, Any] = {
    "status": {
        "conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "too long"}]
    }
}


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p"}, "status": status}


def container(**state: Any) -> dict[str, Any]:
    return pod(phase="Pending", containerStatuses=[{"image": "runner:1", "state": state}])


UNSCHEDULED = pod(
    phase="Pending",
    conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes: cpu"}],
)


@pytest.mark.parametrize(
    ("jobs", "pods", "outcome", "expected"),
    [
        ([RUNS], [], None, Progress(phase="pending")),
        ([RUNS], [UNSCHEDULED], None, Progress(phase="pending", reason="p: Unschedulable: 0/3 nodes: cpu")),
        (
            [RUNS],
            [container(waiting={"reason": "ErrImagePull", "message": "no such image"})],
            None,
            Progress(phase="pending", reason="p: ErrImagePull: no such image"),
        ),
        ([RUNS], [container(waiting={"reason": "ContainerCreating"})], None, Progress(phase="pending")),
        ([RUNS], [pod(phase="Running")], None, Progress(phase="running")),
        ([ENDED, RUNS], [pod(phase="Succeeded")], None, Progress(phase="running")),
        ([ENDED, ENDED], [], "PASS", Progress(phase="succeeded")),
        ([ENDED, FAILED], [], None, Progress(phase="failed", reason="too long")),
        (
            [FAILED],
            [container(terminated={"exitCode": 137, "reason": "OOMKilled"})],
            None,
            Progress(phase="failed", reason="p: OOMKilled, exit status 137"),
        ),
        (
            [FAILED],
            [container(terminated={"exitCode": 4, "message": "collected\nERROR: unknown workload 'x'\n\n"})],
            None,
            Progress(phase="failed", reason="p: Error, exit status 4: unknown workload 'x'"),
        ),
        ([], [], "PASS", Progress(phase="succeeded")),
        ([], [], "INCONCLUSIVE", Progress(phase="succeeded")),
        ([], [], "FAIL", Progress(phase="failed", reason="the outcome is FAIL")),
        (
            [],
            [],
            None,
            Progress(phase="failed", reason="its Job is gone and left no result: it was cancelled or killed"),
        ),
    ],
)
def test_phase_and_reason(jobs: list[Any], pods: list[Any], outcome: str | None, expected: Progress) -> None:
    assert progress_of(jobs, pods, outcome=outcome) == expected
