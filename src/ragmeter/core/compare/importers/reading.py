"""What an importer says of one result of its tool."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ragmeter.core.compare.importers.offered import NO_LOAD, OfferedLoad, positive

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """How some versions of a tool define their figures: a row of the reference, and notes for every comparison.

    told_by: how a file says that it is of these versions.
    """

    versions: str
    told_by: str
    ttft: str
    tpot: str
    e2e: str
    throughput: str
    left_out: str = ""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One result.

    figures: by ``p50(ttft_ms)`` and the like, in our units; one that is missing is not known. started_at: ISO 8601,
    with a zone where the file has one. definition: its place in `Importer.definitions`. provider: whose result the
    file says it is. identity: fields of a run's identity that are known, without its load. notes: what of this result
    was left out, and why.
    """

    started_at: str | None
    requests: int
    errors: int
    figures: Mapping[str, float]
    mean_output_tokens: float | None = None
    load: OfferedLoad = NO_LOAD
    tool_version: str | None = None
    definition: int = 0
    provider: str | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def one(document: Document) -> Sequence[Document]:
    """A file that holds one result."""
    return [document]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """file: what its tool calls the file. recognises: whether a document is of the tool.

    parts: its results, each as a document by itself. read: raises KeyError, TypeError, ValueError, IndexError,
    AttributeError or ArithmeticError for a result that is not as its tool writes it.
    """

    tool: str
    file: str
    recognises: Callable[[Document], bool]
    read: Callable[[Document], Reading]
    definitions: tuple[Definition, ...]
    parts: Callable[[Document], Sequence[Document]] = one


def known(named: Mapping[str, Any], factor: float = 1.0) -> dict[str, float]:
    """Those that have a value, times a factor. No latency and no rate of answered requests is 0: tools write 0, NaN or
    null where there is none.
    """
    found = {name: positive(value) for name, value in named.items()}
    return {name: value * factor for name, value in found.items() if value is not None}


def epoch(seconds: Any) -> str | None:
    """The moment of a Unix time, in UTC."""
    at = positive(seconds)
    return None if at is None or at > 1e11 else datetime.fromtimestamp(at, UTC).isoformat()


def section(document: Document, name: str) -> Mapping[str, Any]:
    """The object of a key; an empty one where there is none."""
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}
