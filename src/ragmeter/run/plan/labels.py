"""Labels of questions beside the documents of a running service, asked before the load."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ragmeter.core.errors import TargetError
from ragmeter.core.figures.retrieval import gone_from
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.run.plan.first_contact import tried
from ragmeter.run.plan.target import client_of

SHOWN = 3


def gone_labels(provider: Provider, workload: Workload) -> tuple[str, ...]:
    """Those that mean nothing of the docset that will be asked, by GET /documents of target ``rag``; none where the
    service does not list its documents, or lists too many to read.

    Raises TargetError, with the share, where some name no document, which is a slip of the pen. Where all name none,
    the questions are about other documents, and recall is unknown: that is no error. Raises it for a bad ``ca_file``,
    too.
    """
    labels = list(dict.fromkeys(label for prompt in workload.prompts for label in prompt.relevant))
    if workload.target != "rag" or not labels:
        return ()
    with client_of(provider) as client:
        found = tried(client, f"/documents?{urlencode({'docset': workload.docset})}")
    documents = None if found is None else _documents(found[1])
    if documents is None:
        return ()
    nameless = set(gone_from(labels, dict.fromkeys(documents)))
    if 0 < len(nameless) < len(labels):
        raise TargetError(_refusal(provider, workload, [label for label in labels if label in nameless], documents))
    return gone_from(labels, documents)


def _documents(listing: Any) -> dict[str, int | None] | None:
    """By name and by id, how many passages each has, where it is told; None of what is no listing."""
    listed = listing.get("documents") if isinstance(listing, dict) else None
    if not isinstance(listed, list) or not all(map(_is_named, listed)):
        return None
    counts = [(at, at["chunks"] if isinstance(at.get("chunks"), int) else None) for at in listed]
    return {at[key]: chunks for at, chunks in counts for key in ("id", "name") if isinstance(at.get(key), str)}


def _is_named(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("name"), str)


def _refusal(provider: Provider, workload: Workload, nameless: list[str], documents: Mapping[str, object]) -> str:
    count = len({label for prompt in workload.prompts for label in prompt.relevant})
    return (
        f"{workload.path}: {len(nameless)} of {count} labels ({len(nameless) / count:.1%}) name no document "
        f"of the docset {workload.docset!r} at {provider.base_url}, such as "
        f"{', '.join(map(repr, nameless[:SHOWN]))}; it has {len(documents)}, such as "
        f"{', '.join(map(repr, sorted(documents)[:SHOWN]))}"
    )
