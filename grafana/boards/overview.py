"""The RAG service as its users meet it, from the backend's own metrics."""

from grafana.boards.board import Board
from grafana.config import SLOS, SPAN
from grafana.panels import Kind, Panel, Query, Unit
from grafana.queries import backend

_QUANTILES = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))


def overview() -> Board:
    return Board(
        uid="ragmeter-overview",
        title="RAG overview",
        about="Load, errors, latency and stages of the RAG backend. Probes and scrapes count as no request.",
        providers_of="rag_requests_total",
        rows=(
            ("Service level", _service_level()),
            ("Traffic", _traffic()),
            ("Latency", _latency()),
            ("Stages", _stages()),
            ("Tokens and retrieval", _tokens()),
            ("Process", _process()),
        ),
    )


def _service_level() -> tuple[Panel, ...]:
    numbers = (
        ("TTFT p95", "Arrival to first token sent, over the shown time.", Unit.SECONDS, backend.ttft(0.95, SPAN)),
        ("TPOT p95", "Time per token after the first.", Unit.SECONDS, backend.tpot(0.95, SPAN)),
        ("Latency p95", "Arrival to the end of the answer.", Unit.SECONDS, backend.latency(0.95, SPAN)),
        ("Failed queries", "By the service's fault, of all queries.", Unit.RATIO, backend.error_ratio(SPAN)),
    )
    stats = (_number(title, about, unit, expr, width=4) for title, about, unit, expr in numbers)
    burn = Panel(
        title="Burn rate of the error budgets, 1 h",
        about="1 uses up the budget of 30 days in 30 days; an alert pages above 14.4.",
        unit=Unit.COUNT,
        queries=[Query(expr=backend.burn_rate(slo), legend=f"{slo.name} {{{{provider}}}}") for slo in SLOS],
    )
    return (*stats, burn)


def _number(title: str, about: str, unit: Unit, expr: str, width: int) -> Panel:
    query = Query(expr=expr, legend="{{provider}}")
    return Panel(title=title, about=about, unit=unit, queries=[query], kind=Kind.NUMBER, width=width)


def _traffic() -> tuple[Panel, ...]:
    by_endpoint = Query(expr=backend.requests_per_s(), legend="{{endpoint}} {{provider}}")
    by_type = Query(expr=backend.errors_per_s(), legend="{{type}} {{endpoint}} {{provider}}")
    return (
        Panel(title="Requests", about="To the user endpoints.", unit=Unit.REQUESTS_PER_S, queries=[by_endpoint]),
        Panel(
            title="Failed queries, share",
            about="By the service's fault: without malformed requests and clients that went away.",
            unit=Unit.RATIO,
            queries=[Query(expr=backend.error_ratio(), legend="{{provider}}")],
        ),
        Panel(
            title="Errors by type", about="Also those of clients.", unit=Unit.REQUESTS_PER_S, queries=[by_type], width=4
        ),
        Panel(
            title="Queries in flight",
            about="Being served at the moment of the scrape.",
            unit=Unit.COUNT,
            queries=[Query(expr=backend.inflight(), legend="{{provider}}")],
            width=4,
        ),
    )


def _latency() -> tuple[Panel, ...]:
    return (
        Panel(
            title="Time to first token",
            about="From the arrival at the backend; a client measures its network on top.",
            unit=Unit.SECONDS,
            queries=[Query(expr=backend.ttft(q), legend=f"{name} {{{{provider}}}}") for q, name in _QUANTILES],
        ),
        Panel(
            title="Time per output token",
            about="After the first, by the LLM's own token count.",
            unit=Unit.SECONDS,
            queries=[Query(expr=backend.tpot(q), legend=f"{name} {{{{provider}}}}") for q, name in _QUANTILES],
        ),
        Panel(
            title="Latency of answered queries",
            about="From the arrival to the end of the answer.",
            unit=Unit.SECONDS,
            queries=[Query(expr=backend.latency(q), legend=f"{name} {{{{provider}}}}") for q, name in _QUANTILES],
        ),
    )


def _stages() -> tuple[Panel, ...]:
    return (
        Panel(
            title="Mean time by stage",
            about="embedding and retrieval of the query, its search by words, inference by the LLM.",
            unit=Unit.SECONDS,
            queries=[Query(expr=backend.stage_mean(), legend="{{stage}} {{provider}}")],
        ),
        Panel(
            title="p95 by stage",
            about="Quantiles of stages do not add up to the quantile of the total.",
            unit=Unit.SECONDS,
            queries=[Query(expr=backend.stage_latency(0.95), legend="{{stage}} {{provider}}")],
        ),
        Panel(
            title="Ingestion, p95",
            about="Of a request to /ingest.",
            unit=Unit.SECONDS,
            queries=[Query(expr=backend.ingest_latency(0.95), legend="{{provider}}")],
        ),
    )


def _tokens() -> tuple[Panel, ...]:
    return (
        Panel(
            title="Tokens",
            about="Of all answers, by the LLM's usage block. Reasoning is part of the output.",
            unit=Unit.TOKENS_PER_S,
            queries=[
                Query(expr=backend.output_tokens_per_s(), legend="output {{provider}}"),
                Query(expr=backend.reasoning_tokens_per_s(), legend="reasoning {{provider}}"),
                Query(expr=backend.prompt_tokens_per_s(), legend="prompt {{provider}}"),
            ],
        ),
        Panel(
            title="Speed of one stream",
            about="Output tokens over the whole time of a request.",
            unit=Unit.TOKENS_PER_S,
            queries=[
                Query(expr=backend.stream_speed(0.5), legend="p50 {{provider}}"),
                Query(expr=backend.stream_speed(0.05), legend="slowest 5 % {{provider}}"),
            ],
        ),
        Panel(
            title="Chunks per query",
            about="Mean number of retrieved chunks.",
            unit=Unit.COUNT,
            queries=[Query(expr=backend.chunks_retrieved(), legend="{{provider}}")],
        ),
    )


def _process() -> tuple[Panel, ...]:
    return (
        Panel(
            title="What runs",
            about="Version, model and provider as the backend itself names them.",
            unit=Unit.COUNT,
            queries=[Query(expr=backend.running(), legend="")],
            kind=Kind.TABLE,
        ),
        Panel(
            title="Memory",
            about="Resident memory of a backend process.",
            unit=Unit.BYTES,
            queries=[Query(expr=backend.memory(), legend="{{instance}} {{provider}}")],
        ),
        Panel(
            title="CPU",
            about="Share of one core.",
            unit=Unit.RATIO,
            queries=[Query(expr=backend.cpu(), legend="{{instance}} {{provider}}")],
        ),
    )
