"""Names that everything about a run in a cluster has. They stand in k8s/benchmark, too."""

from typing import Final

NAME: Final = "rag-benchmark"
"""Of the service account, and of every object's label ``app.kubernetes.io/name``; names of runs begin with it."""

LABELS: Final = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "ragmeter"}
PREFIX: Final = "ragmeter.dev/"
RUN_LABEL: Final = f"{PREFIX}run"
DOCUMENT_LABEL: Final = f"{PREFIX}document"

ORDER_FOLDER: Final = "/order"
"""Where a pod has the files of its order."""

INDEX_VARIABLE: Final = "JOB_COMPLETION_INDEX"
"""Which shard a pod sends. An Indexed Job sets it by itself."""

_INDEXED_SINCE_MINOR: Final = 24


def run_name(unique: str) -> str:
    return f"{NAME}-{unique}"


def documents_of(run: str, name: str) -> str:
    """The label selector of one kind of document of a run: ``order``, ``result``, …"""
    return f"{RUN_LABEL}={run},{DOCUMENT_LABEL}={name}"


def minor_version(version: dict[str, str]) -> int:
    """20 of Kubernetes 1.20; a cloud's ``20+`` counts as 20. `version`: what the API server answers to /version."""
    return int(version["minor"].rstrip("+"))


def has_indexed_jobs(minor: int) -> bool:
    return minor >= _INDEXED_SINCE_MINOR
