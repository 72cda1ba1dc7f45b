"""What an importer says of one result of its tool."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """figures: by ``p50(ttft_ms)`` and the like, in our units. identity: fields of a run's identity that are known."""

    started_at: str | None
    requests: int
    errors: int
    figures: Mapping[str, float]
    mean_output_tokens: float | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """recognises: whether a document is a result of the tool.

    read: raises KeyError, TypeError, ValueError or IndexError for one that is not as its tool writes it.
    notes: where its definitions differ from ours, for every comparison with its figures.
    """

    tool: str
    recognises: Callable[[Document], bool]
    read: Callable[[Document], Reading]
    notes: tuple[str, ...]


def known(named: Mapping[str, Any]) -> dict[str, float]:
    """Those that have a value."""
    return {name: float(value) for name, value in named.items() if value is not None}
