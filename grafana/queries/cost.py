"""What the cluster costs, by the prices in the dashboard's variables. Needs the label ``provider`` on every series."""

from collections.abc import Sequence

from grafana.config import SPAN
from grafana.prices import HourlyPrice
from grafana.queries.backend import output_tokens_per_s, queries_per_s
from grafana.queries.promql import either, rate, total

HOURS_PER_MONTH = 730


def usd_per_hr(prices: Sequence[HourlyPrice]) -> str:
    """One series per provider that has a price and serves."""
    listed = either(
        *(f'label_replace(vector(${at.variable}), "provider", "{at.provider}", "", "")' for at in prices),
    )
    return f"({listed}) and on (provider) {queries_per_s(SPAN)}"


def usd_per_month(prices: Sequence[HourlyPrice]) -> str:
    return f"({usd_per_hr(prices)}) * {HOURS_PER_MONTH}"


def usd_per_1m_tokens(prices: Sequence[HourlyPrice], window: str = SPAN) -> str:
    """Per million output tokens, idle time included; nothing while no token is made."""
    return f"({usd_per_hr(prices)}) / on (provider) ({output_tokens_per_s(window)} > 0) / 3600 * 1e6"


def usd_per_query(prices: Sequence[HourlyPrice], window: str = SPAN) -> str:
    """Per answered query, idle time included."""
    answered = total(rate("rag_latency_seconds_count", 'stage="total"', window=window))
    return f"({usd_per_hr(prices)}) / on (provider) ({answered} > 0) / 3600"


def idle_usd_per_hr(prices: Sequence[HourlyPrice], idle_ratio: str) -> str:
    return f"({usd_per_hr(prices)}) * on (provider) {idle_ratio}"
