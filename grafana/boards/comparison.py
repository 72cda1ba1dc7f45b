"""Providers side by side: speed, errors, use and cost over the shown time."""

from collections.abc import Sequence

from grafana.boards.board import Board
from grafana.config import SPAN, WINDOW
from grafana.panels import Kind, Panel, Query, Unit
from grafana.prices import HourlyPrice
from grafana.queries import backend, cost, gpu


def comparison(prices: Sequence[HourlyPrice]) -> Board:
    return Board(
        uid="ragmeter-comparison",
        title="Provider comparison and cost",
        about="The same figures of every provider. Prices are list prices from the provider files: write yours above.",
        providers_of="rag_requests_total",
        prices=prices,
        rows=(
            ("Over the shown time", _scorecard()),
            ("Cost over the shown time", _cost(prices)),
            ("Over time", _over_time(prices)),
        ),
    )


def _bars(title: str, about: str, unit: Unit, expr: str, width: int = 6) -> Panel:
    query = Query(expr=expr, legend="{{provider}}")
    return Panel(title=title, about=about, unit=unit, queries=[query], kind=Kind.BARS, width=width)


def _lines(title: str, about: str, unit: Unit, expr: str) -> Panel:
    return Panel(title=title, about=about, unit=unit, queries=[Query(expr=expr, legend="{{provider}}")])


def _scorecard() -> tuple[Panel, ...]:
    return (
        _bars("TTFT p50", "Arrival to first token sent.", Unit.SECONDS, backend.ttft(0.5, SPAN)),
        _bars("TTFT p95", "Arrival to first token sent.", Unit.SECONDS, backend.ttft(0.95, SPAN)),
        _bars("TPOT p50", "Time per token after the first.", Unit.SECONDS, backend.tpot(0.5, SPAN)),
        _bars("Latency p95", "Arrival to the end of the answer.", Unit.SECONDS, backend.latency(0.95, SPAN)),
        _bars("Queries", "Arriving per second.", Unit.REQUESTS_PER_S, backend.queries_per_s(SPAN)),
        _bars("Output tokens", "Of all answers.", Unit.TOKENS_PER_S, backend.output_tokens_per_s(SPAN)),
        _bars("Failed queries", "By the service's fault, of all queries.", Unit.RATIO, backend.error_ratio(SPAN)),
        _bars("GPU utilisation", "Mean of all GPUs.", Unit.PERCENT, gpu.mean_utilisation()),
    )


def _cost(prices: Sequence[HourlyPrice]) -> tuple[Panel, ...]:
    idle = backend.idle_ratio()
    return (
        _bars("Cluster, per hour", "Nodes and management.", Unit.USD, cost.usd_per_hr(prices), width=8),
        _bars("Cluster, per month", "730 hours.", Unit.USD, cost.usd_per_month(prices), width=8),
        _bars("Per million output tokens", "Idle time included.", Unit.USD, cost.usd_per_1m_tokens(prices), width=8),
        _bars("Per answered query", "Idle time included.", Unit.USD, cost.usd_per_query(prices), width=8),
        _bars("Idle, share of the time", "No query in flight at the scrape.", Unit.RATIO, idle, width=8),
        _bars("Idle, per hour", "Price of the idle share.", Unit.USD, cost.idle_usd_per_hr(prices, idle), width=8),
    )


def _over_time(prices: Sequence[HourlyPrice]) -> tuple[Panel, ...]:
    per_million = cost.usd_per_1m_tokens(prices, WINDOW)
    return (
        _lines("TTFT p95", "Arrival to first token sent.", Unit.SECONDS, backend.ttft(0.95)),
        _lines("TPOT p95", "Time per token after the first.", Unit.SECONDS, backend.tpot(0.95)),
        _lines("Latency p95", "Arrival to the end of the answer.", Unit.SECONDS, backend.latency(0.95)),
        _lines("Output tokens", "Of all answers.", Unit.TOKENS_PER_S, backend.output_tokens_per_s()),
        _lines("Per million output tokens", "At the load of the moment.", Unit.USD, per_million),
        _lines("Per answered query", "At the load of the moment.", Unit.USD, cost.usd_per_query(prices, WINDOW)),
    )
