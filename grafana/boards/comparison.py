"""Providers side by side: speed, errors, use, cost and network over the shown time, and some of it over time."""

from collections.abc import Sequence

from grafana.boards.board import Board, TextField
from grafana.config import SPAN, WINDOW
from grafana.panels import Kind, Panel, Query, Unit
from grafana.prices import HourlyPrice
from grafana.queries import backend, cost, gpu, network


def comparison(prices: Sequence[HourlyPrice]) -> Board:
    return Board(
        uid="ragmeter-comparison",
        title="Provider scorecard and cost",
        about="The same figures of every provider, through one central Prometheus or through one datasource for each. "
        "Prices are list prices from the provider files: write yours above.",
        providers_of="rag_requests_total",
        fields=[_price(price) for price in prices],
        per_datasource=True,
        rows=(
            ("Over the shown time", _scorecard()),
            ("Cost over the shown time", _cost(prices)),
            ("East-west network", _network()),
            ("Over time", _over_time(prices)),
        ),
    )


def _price(price: HourlyPrice) -> TextField:
    label = f"{price.provider}, USD/h"
    return TextField(name=price.variable, label=label, about=price.source, value=f"{price.usd_per_hr:g}")


def _bars(title: str, about: str, unit: Unit, expr: str, width: int = 6, legend: str = "{{provider}}") -> Panel:
    query = Query(expr=expr, legend=legend)
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


def _network() -> tuple[Panel, ...]:
    streams, path = "{{provider}}, {{streams}} streams", "{{provider}} {{path}}"
    slow, p99 = network.throughput(), network.round_trip("p99")
    return (
        _bars("TCP throughput", "Of the slowest pair of nodes.", Unit.GIGABITS_PER_S, slow, width=8, legend=streams),
        _bars("Round trip p99", "Of the slowest pair of nodes.", Unit.MILLISECONDS, p99, width=8, legend=path),
        _bars("UDP loss", "Of the worst pair of nodes.", Unit.PERCENT, network.worst("udp_loss_percent"), width=8),
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
