"""Bandwidth, retransmits, jitter and loss by iperf3, from its JSON. What iperf3 could not measure has no number."""

import json
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from netprobe.errors import UnmeasuredError
from netprobe.received import INTERVAL_S, LATE_S, received

OMIT_S = 1
"""Slow start is not the link's bandwidth."""
DATAGRAM_BYTES = 1200
"""Fits into one packet on any path that Kubernetes is run on, tunnels included."""
SLACK_S = 5
HANGS = "it did not end"
PASSING = ("busy", "Connection refused", "Connection reset", "unable to read from stream socket", HANGS)
"""Errors of a server that ends one test or was started again after it; the last two: the datagram with which a UDP test
begins was lost, and iperf3 does not send it again."""
BUSY_TRIES = 8
BUSY_PAUSE_S = 0.5
CONNECT_TIMEOUT_MS = 5000

Document = dict[str, Any]


def serve(port: int) -> subprocess.Popen[bytes]:
    """An iperf3 server; one test at a time, TCP and UDP."""
    command = ["iperf3", "--server", "--port", str(port), "--json", "--interval", str(INTERVAL_S)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603


def tcp_throughput(host: str, port: int, *, seconds: int, streams: int, reverse: bool) -> Document:
    """What the receiver got, and what its sender sent again, after the first second. Raises UnmeasuredError."""
    options = ["--parallel", str(streams), "--interval", str(INTERVAL_S), "--get-server-output"]
    client = _run(host, port, OMIT_S + seconds, [*options, *(["--reverse"] if reverse else [])])
    server = _part(client, "server_output_json")
    sender, receiver = (server, client) if reverse else (client, server)
    found = received(_intervals(receiver), OMIT_S, OMIT_S + seconds, streams=streams)
    rate = found.bits_per_second
    return {
        "direction": "server_to_client" if reverse else "client_to_server",
        "streams": streams,
        "bits_per_second": rate,
        "mbps": rate / 1e6,
        "gbps": rate / 1e9,
        "retransmits": _retransmits(_intervals(sender)),
        "duration_seconds": found.duration_s,
    }


def udp_jitter(host: str, port: int, *, seconds: int, target_mbps: float) -> Document:
    """Jitter (RFC 3550) and loss of a paced stream, as the receiver counted them. Raises UnmeasuredError."""
    end = _run(host, port, seconds, ["--udp", "--length", str(DATAGRAM_BYTES), "--bitrate", f"{target_mbps}M"])["end"]
    total = _part(end, "sum")
    packets, lost = int(_positive(total, "packets")), int(total["lost_packets"])
    if lost >= packets:
        raise UnmeasuredError(f"none of {packets} datagrams came: is UDP to port {port} let through?")
    return {
        "jitter_ms": float(total["jitter_ms"]),
        "lost_packets": lost,
        "total_packets": packets,
        "loss_percent": 100 * lost / packets,
        "target_mbps": float(target_mbps),
        "duration_seconds": _positive(total, "seconds"),
    }


def _run(host: str, port: int, seconds: int, options: list[str]) -> Document:
    """The document of one test. A server that is busy, or that is started again, is asked again for some seconds."""
    command = ["iperf3", "--client", host, "--port", str(port), "--time", str(seconds), "--json"]
    command += ["--connect-timeout", str(CONNECT_TIMEOUT_MS), *options]
    for attempt in range(1, BUSY_TRIES + 1):
        document = _document(command, seconds + SLACK_S)
        error = str(document.get("error") or "")
        if not error:
            return document
        if attempt == BUSY_TRIES or not any(word in error for word in PASSING):
            raise UnmeasuredError(f"iperf3 to {host}:{port}: {error}")
        time.sleep(BUSY_PAUSE_S)
    raise AssertionError("unreachable: the last try returns or raises")


def _document(command: list[str], within_s: float) -> Document:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=within_s, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise UnmeasuredError("iperf3 is not in the image") from error
    except subprocess.TimeoutExpired:
        return {"error": f"{HANGS} within {within_s:g} s"}
    try:
        document = json.loads(done.stdout)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise UnmeasuredError(
            f"iperf3 ended with status {done.returncode}: {(done.stderr or done.stdout).strip()[:200]}"
        )
    if not document.get("error") and (done.returncode or not isinstance(document.get("end"), dict)):
        raise UnmeasuredError(f"iperf3 ended with status {done.returncode} and no result")
    return document


def _intervals(end: Mapping[str, Any]) -> list[Document]:
    found = end.get("intervals")
    if not isinstance(found, list):
        raise UnmeasuredError("iperf3 says nothing of its intervals")
    return found


def _retransmits(intervals: list[Document]) -> int | None:
    """None where the sender's kernel does not tell."""
    counts = [at["sum"].get("retransmits") for at in intervals if at["sum"]["end"] > OMIT_S + LATE_S]
    return None if None in counts else sum(counts)


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = document.get(name)
    if not isinstance(part, dict):
        raise UnmeasuredError(f"iperf3 says nothing of {name}")
    return part


def _positive(part: Mapping[str, Any], name: str) -> float:
    value = part.get(name)
    if not isinstance(value, int | float) or not value > 0:
        raise UnmeasuredError(f"iperf3 measured {name} = {value!r}: nothing came through")
    return float(value)
