"""Which labels of a workload's questions name documents that the service does not have, asked before the load."""

from typing import Any
from urllib.parse import urlencode

from ragmeter.core.figures.retrieval import gone_from
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.run.plan.first_contact import tried
from ragmeter.run.plan.target import client_of


def gone_labels(provider: Provider, workload: Workload) -> tuple[str, ...]:
    """By GET /documents of target ``rag``; none where the service does not list its documents, or lists too many to
    read. Raises TargetError for a bad ``ca_file``.
    """
    labels = {label for prompt in workload.prompts for label in prompt.relevant}
    if workload.target != "rag" or not labels:
        return ()
    with client_of(provider) as client:
        found = tried(client, f"/documents?{urlencode({'docset': workload.docset})}")
    documents = None if found is None else _documents(found[1])
    return () if documents is None else gone_from(labels, documents)


def _documents(listing: Any) -> dict[str, int | None] | None:
    """How many passages each has, where it is told; None of what is no listing."""
    listed = listing.get("documents") if isinstance(listing, dict) else None
    if not isinstance(listed, list) or not all(map(_is_named, listed)):
        return None
    return {at["name"]: at["chunks"] if isinstance(at.get("chunks"), int) else None for at in listed}


def _is_named(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("name"), str)
