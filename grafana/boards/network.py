"""The network between the nodes of each cluster, as the east-west probes measured it."""

from grafana.boards.board import Board
from grafana.panels import Kind, Panel, Query, Unit
from grafana.queries import network

_PAIR = "{{client_node}} to {{server_node}} {{provider}}"


def network_board() -> Board:
    return Board(
        uid="ragmeter-east-west",
        title="East-west network",
        about="Between pods of different nodes, by `pytest -m ew_probe` or a mesh. What is not measured has no series.",
        providers_of="ew_latency_p50_ms",
        rows=(("Latest probe", _latest()), ("Pairs of nodes", _pairs())),
    )


def _latest() -> tuple[Panel, ...]:
    return (
        _number("Time since the probe", "The gateway keeps a result of any age.", Unit.SECONDS, network.age_s()),
        _number("Failed pairs", "With a part that has no number.", Unit.COUNT, network.failed_pairs()),
        _number("UDP loss", "Of the worst pair.", Unit.PERCENT, network.worst("udp_loss_percent")),
        _number("UDP jitter", "Of the worst pair, RFC 3550.", Unit.MILLISECONDS, network.worst("udp_jitter_ms")),
    )


def _number(title: str, about: str, unit: Unit, expr: str) -> Panel:
    query = Query(expr=expr, legend="{{provider}}")
    return Panel(title=title, about=about, unit=unit, queries=[query], kind=Kind.NUMBER, width=6)


def _pairs() -> tuple[Panel, ...]:
    return (
        _tcp("TCP throughput", "The slower direction.", Unit.GIGABITS_PER_S, network.throughput_of_pairs()),
        _tcp(
            "TCP retransmits",
            "Segments that the sender retransmitted in one test, in the worse direction.",
            Unit.COUNT,
            network.retransmits_of_pairs(),
        ),
        _round_trip("Round trip p50", "p50"),
        _round_trip("Round trip p99", "p99"),
    )


def _tcp(title: str, about: str, unit: Unit, expr: str) -> Panel:
    return _lines(title, about, unit, expr, "{{streams}}")


def _round_trip(title: str, statistic: str) -> Panel:
    expr = network.round_trip(statistic, "client_node", "server_node")
    return _lines(title, "Of small requests, by path.", Unit.MILLISECONDS, expr, "{{path}}")


def _lines(title: str, about: str, unit: Unit, expr: str, label: str) -> Panel:
    return Panel(title=title, about=about, unit=unit, queries=[Query(expr=expr, legend=f"{label} {_PAIR}")], width=12)
