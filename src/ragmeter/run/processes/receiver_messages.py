"""What the receiver of spans is told, and what it tells."""

from dataclasses import dataclass

from ragmeter.core.figures.spans.records import SpanTold


@dataclass(frozen=True, slots=True)
class Listen:
    """Listen there; port 0 for one that is free. Answered by `Listening`."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Listening:
    """port: where it listens. failure: why it does not, in words."""

    port: int
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """One body. spans: each with the id of its trace. refused: why there are none. cpu_s: of the process so far."""

    spans: tuple[tuple[str, SpanTold], ...] = ()
    refused: str | None = None
    cpu_s: float
