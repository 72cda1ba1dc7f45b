"""The east-west probe against links whose delay, bandwidth and loss are known, beside qperf and sockperf.

Run as root, from the root of the checkout: ``python experiments/netprobe_truth.py``. Prints Markdown.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.netprobe.bed import DEEP_QUEUE, SERVER, Bed, bed
from tests.netprobe.stall import waiting
from tests.tethered import tethered

DELAYS_US = (250, 500, 2500, 10_000)
RATES_MBIT = (10, 100, 1000)
LOSSES = (0.01, 0.03)
PAYLOAD_SHARE = 0.956
PEER_S = 2
PORT = "5301"


def main() -> None:
    print("| round trip of the link | this probe, p50 | qperf tcp_lat | sockperf ping-pong, p50 |\n|---|---|---|---|")
    for delay_us in DELAYS_US:
        with bed(one_way_us=delay_us) as link:
            print(f"| {2 * delay_us / 1000:g} ms | {' | '.join(_round_trips(link, 2 * delay_us / 1000))} |")
    print("\n| rate of the link | 0.956 of it | this probe, 1 stream, out and back |\n|---|---|---|")
    for rate in RATES_MBIT:
        with bed(mbit=rate) as link:
            found = link.probe("--parts", "tcp", "--streams", "1", "--seconds", "3")
        speeds = [f"{found[name]['mbps']:.4g}" for name in ("tcp_out_1", "tcp_back_1")]
        print(f"| {rate} Mbit/s | {PAYLOAD_SHARE * rate:.4g} Mbit/s | {' and '.join(speeds)} Mbit/s |")
    _print_waiting()
    print("\n| datagrams that the link drops | this probe |\n|---|---|")
    for loss in LOSSES:
        with bed(loss=loss, seed=2) as link:
            udp = link.probe("--parts", "udp", "--seconds", "5", "--udp-mbps", "4")["udp"]
        lost = f"{udp['lost_packets']} of {udp['total_packets']}"
        print(f"| {100 * loss:g} % | {udp['loss_percent']:.3g} % ({lost}) |")


def _print_waiting() -> None:
    """A deep queue before the link, and a receiver that has no processor when the first second is over."""
    print("\n| 100 Mbit/s, deep queue, late receiver | 0.956 of it | this probe | iperf3 --omit 1 |\n|---|---|---|---|")
    for way, part, option in (("out", "tcp_out_1", ()), ("back", "tcp_back_1", ("--reverse",))):
        with bed(mbit=100, queue=DEEP_QUEUE) as link:
            receiver = link.client if option else link.server
            with waiting(receiver):
                command = ("iperf3", "--client", SERVER, "--omit", "1", "--time", "2", "--json", *option)
                theirs = json.loads(link.run(*command))["end"]["sum_received"]["bits_per_second"] / 1e6
            with waiting(receiver):
                ours = link.probe("--parts", "tcp", "--streams", "1", "--seconds", "2")[part]["mbps"]
        print(f"| {way} | {PAYLOAD_SHARE * 100:.4g} Mbit/s | {ours:.4g} Mbit/s | {theirs:.4g} Mbit/s |")


def _round_trips(link: Bed, truth_ms: float) -> list[str]:
    ours = link.probe("--parts", "latency", "--samples", "300")["pod_to_pod"]["p50_ms"]
    return [f"{ms:.4g} ms ({1000 * (ms - truth_ms):+.0f} µs)" for ms in (ours, _qperf_ms(link), _sockperf_ms(link))]


def _qperf_ms(link: Bed) -> float:
    with _peer(link, "qperf", "-lp", PORT):
        said = _asked(link, "qperf", SERVER, "-lp", PORT, "-t", str(PEER_S), "-vvu", "tcp_lat")
    value, unit = re.findall(r"latency\s+=\s+([\d.,]+) (\w+)", said)[0]
    return 2 * float(value.replace(",", "")) * {"us": 1e-3, "ms": 1.0, "sec": 1e3}[unit]


def _sockperf_ms(link: Bed) -> float:
    with _peer(link, "sockperf", "server", "--tcp", "-p", PORT):
        said = _asked(link, "sockperf", "ping-pong", "--tcp", "-i", SERVER, "-p", PORT, "-t", str(PEER_S))
    return 2 * float(re.findall(r"percentile 50\.000 =\s+([\d.]+)", said)[0]) / 1000


def _peer(link: Bed, *command: str) -> subprocess.Popen[bytes]:
    inside = tethered(link.server.inside(*command))
    return _Ending(inside, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class _Ending(subprocess.Popen[bytes]):
    """Ends with its block."""

    def __exit__(self, *error: object) -> None:
        self.terminate()
        super().__exit__(None, None, None)


def _asked(link: Bed, *command: str) -> str:
    """The output of a tool, once its server listens."""
    deadline = time.monotonic() + 10
    while f":{PORT} " not in link.on_server("ss", "-Htln"):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{command[0]}: its server does not listen")
        time.sleep(0.05)
    return link.run(*command)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
