"""Benchmark runs as clients measured them, beside what the server said."""

from grafana.boards.board import Board, Events, TextField
from grafana.config import SPAN
from grafana.panels import Kind, Panel, Query, Unit
from grafana.queries import backend, bench

_RUN = "{{workload}} {{provider}}"
_REPORTS = TextField(
    name="reports",
    label="Reports at",
    about="Where the folder of reports is served, such as by `python -m http.server --directory reports`.",
    value="http://127.0.0.1:8000",
)


def bench_board() -> Board:
    return Board(
        uid="ragmeter-benchmark-runs",
        title="Benchmark runs",
        about="The latest run of each workload, from `--bench-pushgateway` or `ragmeter render --prometheus`. "
        "A percentile of too few requests has no value.",
        providers_of="ragmeter_run_outcome",
        fields=[_REPORTS],
        events=_events(),
        rows=(("Verdict", _verdict()), ("Latency at the client", _latency()), ("Throughput, quality, cost", _other())),
    )


def _events() -> tuple[Events, ...]:
    """Of the latest run and, as Prometheus keeps what it scraped, of those before it in the shown time."""
    report = '<a href="{{link}}" target="_blank">{{run}}</a>'
    return (
        Events(name="Runs begin", expr=bench.began_ms(), title=f"{_RUN} begins", text="", colour="blue"),
        Events(name="Runs end", expr=bench.ended_ms(), title=f"{_RUN}: {{{{outcome}}}}", text=report, colour="purple"),
    )


def _table(title: str, about: str, unit: Unit, expr: str) -> Panel:
    return Panel(title=title, about=about, unit=unit, queries=[Query(expr=expr, legend="")], kind=Kind.TABLE, width=6)


def _lines(title: str, about: str, unit: Unit, expr: str) -> Panel:
    return Panel(title=title, about=about, unit=unit, queries=[Query(expr=expr, legend=_RUN)], width=6)


def _verdict() -> tuple[Panel, ...]:
    return (
        _table("Outcome", "Of the run as a whole.", Unit.COUNT, bench.outcome()),
        _table("SLOs by outcome", "How many objectives ended how.", Unit.COUNT, bench.verdicts()),
        _table("Requests", "Of the measured phase.", Unit.COUNT, bench.requests()),
        _table("Length", "Of the measured phase.", Unit.SECONDS, bench.duration()),
    )


def _latency() -> tuple[Panel, ...]:
    return (
        _interval("TTFT p50", "ttft", "p50"),
        _interval("TTFT p95", "ttft", "p95"),
        _interval("TPOT p50", "tpot", "p50"),
        _interval("Latency p50", "e2e", "p50"),
        _beside("TTFT p95, client and server", backend.ttft(0.95, SPAN), "ttft"),
        _beside("TPOT p95, client and server", backend.tpot(0.95, SPAN), "tpot"),
        _beside("Latency p95, client and server", backend.latency(0.95, SPAN), "e2e"),
    )


def _interval(title: str, metric: str, statistic: str) -> Panel:
    ends = (("", "estimate"), ("low", "low"), ("high", "high"))
    queries = [Query(expr=bench.latency(metric, statistic, end), legend=f"{name} {_RUN}") for end, name in ends]
    about = "With its 95 % interval."
    return Panel(title=title, about=about, unit=Unit.SECONDS, queries=queries, width=6)


def _beside(title: str, server: str, metric: str) -> Panel:
    queries = [
        Query(expr=bench.latency(metric, "p95"), legend=f"client {_RUN}"),
        Query(expr=server, legend="server {{provider}}"),
    ]
    about = "The server's figure is of all queries in the shown time: choose the time of the run."
    return Panel(title=title, about=about, unit=Unit.SECONDS, queries=queries)


def _other() -> tuple[Panel, ...]:
    return (
        _lines("Output tokens", "Of all successes.", Unit.TOKENS_PER_S, bench.output_tokens_per_s()),
        _lines("Failed requests", "Of all requests sent.", Unit.RATIO, bench.error_ratio()),
        _lines("Good requests", "Meet every per-request SLO.", Unit.RATIO, bench.good_ratio()),
        _lines("Recall at k", "Labelled passages found.", Unit.RATIO, bench.recall_ratio()),
        _cache_hits(),
        _third("Cost of the run", "List prices, measured phase.", bench.run_cost()),
        _third("Per million output tokens", "Of the measured phase.", bench.usd_per_1m_tokens()),
    )


def _cache_hits() -> Panel:
    """The declared state stands beside: a share of hits is good or bad by what was to be measured."""
    query = Query(expr=bench.cache_hit_ratio(), legend=f"{_RUN}, declared {{{{declared}}}}")
    about = "Prompt tokens that came from the LLM's cache."
    return Panel(title="Prompt-cache hits", about=about, unit=Unit.RATIO, queries=[query], width=8)


def _third(title: str, about: str, expr: str) -> Panel:
    return Panel(title=title, about=about, unit=Unit.USD, queries=[Query(expr=expr, legend=_RUN)], width=8)
