"""``python -m netprobe serve | probe | mesh``: the two ends of a probe, or both in one. ``--help`` says the rest."""

import argparse
import json
import math
import os
import signal
import sys
from dataclasses import fields
from pathlib import Path

from netprobe.mesh import Rounds, mesh
from netprobe.probe import PARTS, Asked, probe
from netprobe.serve import serve

PORT, IPERF_PORT, METRICS_PORT = 5202, 5201, 5203


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the first process of a container has no default for it
    asked = _parser().parse_args(arguments)
    if asked.command == "serve":
        serve(asked.port, asked.iperf_port, asked.node)
    if asked.command == "mesh":
        mesh(_asked(asked), Rounds(tuple(asked.peers), asked.interval, asked.kept, asked.metrics_port))
    text = json.dumps(probe(_asked(asked)), separators=(",", ":"))
    sys.stdout.write(f"{text}\n")
    if asked.result is not None:
        asked.result.write_text(text, encoding="ascii")
    return 0


def _parser() -> argparse.ArgumentParser:
    node = os.environ.get("NODE_NAME", os.uname().nodename)
    parser = argparse.ArgumentParser(prog="netprobe", description="Both ends of an east-west network probe.")
    commands = parser.add_subparsers(dest="command", required=True)
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("--port", type=int, default=PORT, help="TCP port of the round trips (%(default)s)")
    both.add_argument("--iperf-port", type=int, default=IPERF_PORT, help="port of iperf3 (%(default)s)")
    both.add_argument("--node", default=node, help="name of this node (default: NODE_NAME, or that of the host)")
    serving = commands.add_parser("serve", parents=[both], help="answer round trips and run iperf3's server")
    serving.add_argument("--no-iperf", dest="iperf_port", action="store_const", const=None, help="round trips alone")
    _add_probe(commands.add_parser("probe", parents=[both], help="measure one server; write one JSON document"))
    _add_mesh(commands.add_parser("mesh", parents=[both], help="measure all peers, round after round, for Prometheus"))
    return parser


def _add_probe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--server", required=True, metavar="ADDRESS", help="address of the server's pod or node")
    parser.add_argument("--server-node", metavar="NAME", help="node that the server has to be on (default: any)")
    parser.add_argument(
        "--wait", type=float, default=60, metavar="S", help="seconds until it must answer (%(default)s)"
    )
    parser.add_argument(
        "--path", choices=("pod_to_pod", "node_to_node"), default="pod_to_pod", help="what the round trips are called"
    )
    parser.add_argument("--service", metavar="ADDRESS", help="Service before the server, for pod_to_service")
    parser.add_argument("--lookup", metavar="NAME", help="name to look up by DNS")
    _add_measures(parser, PARTS, samples=1000, connections=100)
    parser.add_argument("--result", type=Path, metavar="FILE", help="write the document there, too")


def _add_mesh(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--peers", nargs="+", required=True, metavar="NAME", help="headless Service, or addresses, of the pods"
    )
    parser.add_argument(
        "--interval",
        type=_positive,
        default=60,
        metavar="S",
        help="seconds between two rounds, on average (%(default)s)",
    )
    parser.add_argument(
        "--kept", type=_positive, default=3, metavar="N", help="intervals for which a value is shown (%(default)s)"
    )
    parser.add_argument("--metrics-port", type=int, default=METRICS_PORT, help="port of Prometheus' page (%(default)s)")
    _add_measures(parser, ("latency",), samples=100, connections=10)
    parser.set_defaults(server="", server_node=None, path="pod_to_pod", wait=0, service=None, lookup=None)


def _add_measures(parser: argparse.ArgumentParser, parts: tuple[str, ...], *, samples: int, connections: int) -> None:
    parser.add_argument("--samples", type=int, default=samples, metavar="N", help="round trips (%(default)s)")
    parser.add_argument(
        "--connections", type=int, default=connections, metavar="N", help="to time connect() (%(default)s)"
    )
    parser.add_argument("--seconds", type=int, default=5, metavar="S", help="length of each part (%(default)s)")
    parser.add_argument("--streams", type=int, default=4, metavar="N", help="of the second TCP test (%(default)s)")
    parser.add_argument("--udp-mbps", type=float, default=10, metavar="M", help="rate of the UDP test (%(default)s)")
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=parts, help="what to measure (default: %(default)s)"
    )


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _asked(asked: argparse.Namespace) -> Asked:
    return Asked(**{field.name: getattr(asked, field.name) for field in fields(Asked)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
