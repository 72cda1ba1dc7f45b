"""In what the systems and the runs differ, beside the figures."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ragmeter.core.compare.comparison import Comparison, Side
from ragmeter.report.html.comparison.hues import named
from ragmeter.report.html.layout import Row, callout, code, section, stacked, table
from ragmeter.report.words.comparison import said_once
from ragmeter.report.words.format import UNKNOWN, count, moment, number, quantity, shown
from ragmeter.report.words.markup import Html, element, join


def forbidden(found: Comparison) -> Html | None:
    """What makes the figures incomparable, said before any of them."""
    fields = [at for at in found.environment if at.forbids and len({shown(v) for v in at.values if v is not None}) > 1]
    words = [f"{at.field}: {' and '.join(dict.fromkeys(shown(value) for value in at.values))}" for at in fields]
    return callout("These runs did not measure the same", words, kind="invalid")


def weaknesses(found: Comparison) -> Html | None:
    """By weight: those of the design, which are in every difference, and then each side's own, the gravest first."""
    of_pairs = dict.fromkeys(words for pair in found.pairs for words in pair.caveats)
    return callout("Caveats", [*of_pairs, *said_once(found, lambda side: side.caveats)], kind="warning")


def environment(found: Comparison) -> Html:
    rows = [
        (stacked(at.field, "must match") if at.forbids else code(at.field), *(shown(value) for value in at.values))
        for at in found.environment
    ]
    unknown = dict.fromkeys(field for pair in found.pairs for field in pair.identity.unverified)
    note = f"Must match and is not known of all runs: {', '.join(unknown)}." if unknown else None
    head = ("Field", *(side.label for side in found.sides))
    return section(
        "Configuration differences",
        table("Fields in which the runs differ", head, rows, hide_caption=True, kind="wide"),
        None if note is None else element("p", note, class_="lead"),
        lead="What could explain a difference, the likeliest first." if rows else "Nothing that is known differs.",
    )


Files: TypeAlias = Mapping[str, Mapping[str, str]]
"""By the label of the side, addresses of its files by what they are."""


def runs(found: Comparison, files: Files) -> Html:
    """Where each figure comes from: enough to find the file and to know that it is the same."""
    head = (
        "Run",
        "Started",
        "Trials",
        "Requests",
        "Failed",
        "Tokens per response",
        "Mean concurrent streams",
        "Raw record",
    )
    rows = [_run(side, index, files.get(side.label, {})) for index, side in enumerate(found.sides)]
    return section("Runs", table("Compared runs", head, rows, kind="wide runs", hide_caption=True))


def _run(side: Side, index: int, files: Mapping[str, str]) -> Row:
    streams, length = side.effective_decode_concurrency, side.mean_output_tokens
    return (
        stacked(named(side.label, index), side.run_id),
        moment(side.started_at),
        count(side.trials),
        count(side.requests),
        quantity(side.error_ratio.value, "ratio"),
        UNKNOWN if length is None else number(length),
        UNKNOWN if streams is None else number(streams),
        join(
            *(join(element("a", name, href=address), " ") for name, address in files.items()),
            side.raw_samples_path,
            element(
                "small", f" SHA-256 {side.raw_sha256}" if side.raw_sha256 else " in memory: no hash", class_="hash"
            ),
        ),
    )


def east_west(sides: Sequence[Side], probes: Mapping[str, Mapping[str, Any]]) -> Html | None:
    """The network inside each cluster, where a probe belongs to the run. probes: netprobe documents by label."""
    linked = [side for side in sides if side.netprobe_reference is not None or side.label in probes]
    if not linked:
        return None
    head = ("Run", "Round trip, mean", "p99", "TCP throughput", "Sent again", "UDP jitter", "UDP loss", "Probe")
    rows = [_probe(side, probes.get(side.label, {})) for side in linked]
    return section(
        "East-west network",
        table("East-west probes", head, rows, hide_caption=True, kind="wide"),
        lead="Between pods of the cluster, as the probe that belongs to the run measured it.",
    )


def _probe(side: Side, document: Mapping[str, Any]) -> Row:
    latency, tcp, udp = (document.get(part) or {} for part in ("latency", "tcp_throughput", "udp_jitter"))
    return (
        side.label,
        quantity(latency.get("avg_ms"), "ms"),
        quantity(latency.get("p99_ms"), "ms"),
        _with_unit(tcp.get("gbps"), "Gbit/s"),
        _with_unit(tcp.get("retransmits"), "segments"),
        quantity(udp.get("jitter_ms"), "ms"),
        _with_unit(udp.get("loss_percent"), "%"),
        join(side.netprobe_reference or UNKNOWN),
    )


def _with_unit(value: Any, unit: str) -> str:
    return f"{number(float(value))} {unit}" if isinstance(value, int | float) else UNKNOWN
