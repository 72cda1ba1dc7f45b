"""In which phase a benchmark is, from what the cluster says of its Jobs and pods. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Document = dict[str, Any]

_REFUSED = "ERROR: "
"""As pytest begins the sentence with which it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`reason`: why it failed or does not begin, where the cluster tells."""

    phase: Literal["pending", "running", "succeeded", "failed"]
    reason: str | None = None


def progress_of(jobs: Sequence[Document], pods: Sequence[Document], *, outcome: str | None) -> Progress:
    """`outcome`: that of the result document, None without one. It decides when the Jobs are gone."""
    if not jobs:
        return _of_what_is_left(outcome)
    failures = [text for job in jobs for text in _conditions(job, "Failed")]
    if failures:
        return Progress(phase="failed", reason=next(_ends(pods), None) or failures[0])
    if all(any(_conditions(job, "Complete")) for job in jobs):
        return Progress(phase="succeeded")
    if any(pod["status"].get("phase") in {"Running", "Succeeded"} for pod in pods):
        return Progress(phase="running")
    return Progress(phase="pending", reason=next(_hindrances(pods), None))


def _of_what_is_left(outcome: str | None) -> Progress:
    if outcome is None:
        return Progress(phase="failed", reason="its Job is gone and left no result: it was cancelled or killed")
    if outcome in {"PASS", "INCONCLUSIVE"}:
        return Progress(phase="succeeded")
    return Progress(phase="failed", reason=f"the outcome is {outcome}")


def _conditions(job: Document, kind: str) -> Iterator[str]:
    for condition in job["status"].get("conditions") or []:
        if condition["type"] == kind and condition["status"] == "True":
            yield condition.get("message") or condition.get("reason") or kind


def _ends(pods: Iterable[Document]) -> Iterator[str]:
    """How containers ended that did not end well."""
    for pod in pods:
        for status in pod["status"].get("containerStatuses") or []:
            end = status["state"].get("terminated")
            if end and end.get("exitCode"):
                told = _refusal(end.get("message") or "")
                yield f"{pod['metadata']['name']}: {end.get('reason', 'Error')}, exit status {end['exitCode']}{told}"


def _refusal(message: str) -> str:
    """What the suite said of a run that it refused: the message of a container that failed is the end of its log."""
    said = [line for line in message.splitlines() if line.startswith(_REFUSED)]
    return f": {said[-1].removeprefix(_REFUSED)}" if said else ""


def _hindrances(pods: Iterable[Document]) -> Iterator[str]:
    """Why pods do not begin: an image that cannot be had, no node with room."""
    for pod in pods:
        name, status = pod["metadata"]["name"], pod["status"]
        for each in status.get("containerStatuses") or []:
            waiting = each["state"].get("waiting") or {}
            if waiting.get("reason") not in {None, "ContainerCreating", "PodInitializing"}:
                yield f"{name}: {waiting['reason']}: {waiting.get('message', each['image'])}"
        for condition in status.get("conditions") or []:
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                yield f"{name}: {condition.get('reason')}: {condition.get('message')}"
