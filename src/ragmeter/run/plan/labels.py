"""Labels of questions beside the documents of a running service: a name that it does not have is a slip of the pen."""

from collections.abc import Collection

import httpx

from ragmeter.core.errors import TargetError
from ragmeter.core.figures.retrieval import SEPARATORS
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.run.plan.target import client_of

SHOWN = 3


def check_labels(provider: Provider, workload: Workload) -> None:
    """Raise TargetError, with the share, where some labels name no document of the docset that will be asked.

    Where none names one, the questions are about other documents, and recall is unknown: that is no error. A service
    that does not list its documents is not asked for more.
    """
    if workload.target != "rag":
        return
    labels = list(dict.fromkeys(label for prompt in workload.prompts for label in prompt.relevant))
    names = _documents(provider, workload.docset) if labels else None
    if names is None:
        return
    missing = [label for label in labels if not _is_of(label, names)]
    if not missing or len(missing) == len(labels):
        return
    examples = ", ".join(map(repr, missing[:SHOWN]))
    raise TargetError(
        f"{workload.path}: {len(missing)} of {len(labels)} labels ({len(missing) / len(labels):.1%}) name no document "
        f"of the docset {workload.docset!r} at {provider.base_url}, such as {examples}; it has {len(names)}, such as "
        f"{', '.join(map(repr, sorted(names)[:SHOWN]))}"
    )


def _is_of(label: str, names: Collection[str]) -> bool:
    """Whether it means a document, or a passage of one."""
    return label in names or any(label[:end] in names for end, mark in enumerate(label) if mark in SEPARATORS)


def _documents(provider: Provider, docset: str) -> set[str] | None:
    """Names and ids; None where nobody lists them."""
    try:
        with client_of(provider) as client:
            response = client.get("/documents", params={"docset": docset})
        listed = response.json()["documents"] if response.is_success else None
        return None if listed is None else {each[key] for each in listed for key in ("id", "name") if each.get(key)}
    except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError):
        return None
