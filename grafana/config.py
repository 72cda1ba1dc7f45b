"""What dashboards and rules agree on: selectors, objectives, alert windows."""

from dataclasses import dataclass
from typing import Final

BY_PROVIDER: Final = 'provider=~"$provider"'
QUERIES: Final = 'endpoint=~"/query|/query/stream"'
"""The endpoints that answer a question. The backend counts no probe and no scrape under any endpoint."""

CLIENT_FAULTS: Final = (
    "bad_request",
    "too_large",
    "unauthorized",
    "forbidden",
    "unknown_docset",
    "nothing_ingested",
    "unknown_run",
    "no_result",
    "busy",
    "client_gone",
)
"""Error types of the backend that say something about the client, and nothing about the service."""

SERVER_FAULTS: Final = f'type!~"{"|".join(CLIENT_FAULTS)}"'

WINDOW: Final = "$__rate_interval"
SPAN: Final = "$__range"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencySlo:
    """A share of requests that must stay within a bound.

    histogram: its base name; bound_s: one of its bucket bounds, as Prometheus counts no request in between.
    """

    name: str
    histogram: str
    bound_s: float
    good_ratio: float

    @property
    def budget_ratio(self) -> float:
        return round(1 - self.good_ratio, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSlo:
    """A share of queries that must not fail by the service's fault."""

    name: str
    good_ratio: float

    @property
    def budget_ratio(self) -> float:
        return round(1 - self.good_ratio, 6)


Slo = LatencySlo | ErrorSlo

SLOS: Final[tuple[Slo, ...]] = (
    LatencySlo(name="ttft", histogram="rag_ttft_seconds", bound_s=2.0, good_ratio=0.95),
    LatencySlo(name="tpot", histogram="rag_tpot_seconds", bound_s=0.1, good_ratio=0.95),
    ErrorSlo(name="errors", good_ratio=0.99),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRate:
    """An alert on two windows: the long one is sure, the short one ends the alert soon after the trouble.

    factor: multiples of the speed that uses up the whole budget in 30 days. From Google's SRE Workbook, table 5-8.
    """

    factor: float
    long: str
    short: str
    hold: str
    severity: str


BURN_RATES: Final = (
    BurnRate(factor=14.4, long="1h", short="5m", hold="2m", severity="page"),
    BurnRate(factor=6, long="6h", short="30m", hold="15m", severity="page"),
    BurnRate(factor=1, long="3d", short="6h", hold="1h", severity="ticket"),
)
BURN_WINDOWS: Final = ("5m", "30m", "1h", "6h", "3d")

KV_CACHE_FULL_RATIO: Final = 0.95
GPU_SATURATED_PERCENT: Final = 95
STALE_DAYS: Final = 7
"""After which a probe or a benchmark run tells nothing of today."""
