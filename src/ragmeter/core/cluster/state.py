"""What a pod's status and events say, in a sentence: why it does not run, how it ended. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

HOPELESS: Final[Mapping[str, str]] = {
    "CreateContainerConfigError": "the container cannot be made",
    "ErrImageNeverPull": "the image is not in the node, and the pull policy forbids to pull it: load the image there",
    "ImageInspectError": "the image cannot be read",
    "ImagePullBackOff": "the image cannot be pulled: check its name, and that the node may reach and read the registry",
    "InvalidImageName": "invalid image name",
    "CrashLoopBackOff": "the container is crash-looping",
    "RunContainerError": "the container cannot be started",
}
"""Reasons of waiting that no waiting cures, and what they mean."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Termination:
    """How a container ended. ``message``: what it wrote to its termination log; empty when it wrote nothing."""

    exit_code: int
    reason: str
    message: str


def is_ready(pod: Document) -> bool:
    """Whether its readiness probes say so."""
    return any(c["type"] == "Ready" and c["status"] == "True" for c in _status(pod).get("conditions") or ())


def termination_of(pod: Document) -> Termination | None:
    """How the first container ended; None while it runs, and when the pod ended without it."""
    for status in _status(pod).get("containerStatuses") or ():
        ended = (status.get("state") or {}).get("terminated")
        if ended:
            return Termination(
                exit_code=ended["exitCode"], reason=ended.get("reason") or "", message=ended.get("message") or ""
            )
    return None


def has_ended(pod: Document) -> bool:
    return _status(pod).get("phase") in {"Succeeded", "Failed"}


def hopeless_reason(pod: Document) -> str | None:
    """Why this pod will not run however long one waits; None when it still may."""
    for status in _status(pod).get("containerStatuses") or ():
        waiting = (status.get("state") or {}).get("waiting") or {}
        meaning = HOPELESS.get(waiting.get("reason") or "")
        if meaning:
            said = f": {waiting['message']}" if waiting.get("message") else ""
            return f"{waiting['reason']}: {meaning}; image {status['image']}{said}"
    return None


def waiting_reason(pod: Document | None, events: Sequence[Document]) -> str:
    """Why a pod is not where it should be after all the time it had.

    pod: None when its Job has made none. events: those of the pod, or of the Job; the latest warning counts.
    """
    warnings = [event for event in events if event.get("type") == "Warning"]
    latest = max(warnings, key=_moment, default=None)
    said = f"; {latest.get('reason')}: {latest.get('message')}" if latest else ""
    if pod is None:
        return f"no pod was made{said}"
    condition = next((c for c in _status(pod).get("conditions") or () if c["type"] == "PodScheduled"), None)
    if condition is not None and condition["status"] != "True":
        return f"no node takes it: {condition.get('message') or condition.get('reason')}"
    waiting = [
        found for status in _status(pod).get("containerStatuses") or () if (found := status["state"].get("waiting"))
    ]
    now = f", {waiting[0].get('reason')}" if waiting else ""
    return f"it is {_status(pod).get('phase', 'unknown').lower()}{now}{said}"


def refusal_reason(events: Sequence[Document]) -> str | None:
    """Why the cluster lets a Job make no pod: a policy or a quota; None when no event of the Job says so."""
    found = (str(event.get("message")) for event in events if event.get("reason") == "FailedCreate")
    return next((message for message in found if "forbidden" in message), None)


def failure_reason(pod: Document) -> str:
    """Why a pod ended without success."""
    status, ended = _status(pod), termination_of(pod)
    if status.get("reason") or status.get("message"):
        return f"{status.get('reason') or 'failed'}: {status.get('message') or 'no message'}"
    if ended is None:
        return "it ended before its container did"
    return f"exit status {ended.exit_code} ({ended.reason or 'no reason'})"


def _status(pod: Document) -> Mapping[str, Any]:
    status: Mapping[str, Any] = pod.get("status") or {}
    return status


def _moment(event: Document) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")
