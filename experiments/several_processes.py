"""What an event costs when several load processes share the streams, with and without local ports of their own."""

import json
import subprocess
import sys

from experiments.stream_truth import HERE, Script, pinned, truth_server
from tests.tethered import tethered

STREAMS = 400
ROUNDS = 3
PROCESSES = (1, 2, 4)
TIMEOUT_S = 60.0


def cpu_us(processes: int, *, own_ports: bool) -> float:
    """CPU time of all together per token event. All on one core: on cores of their own they would do the same work."""
    script = Script()
    with truth_server(script, prefix=pinned(-1)) as server:
        clients = [
            subprocess.Popen(
                tethered([*pinned(0), *_command(server.base_url, number, processes, own_ports=own_ports)]),
                stdout=subprocess.PIPE,
            )
            for number in range(processes)
        ]
        measured = [json.loads(client.communicate(timeout=TIMEOUT_S)[0]) for client in clients]
    events = sum(len(each["seen"]) for each in measured) * script.tokens
    return float(sum(each["cpu_s"] for each in measured) / events * 1e6)


def _command(base_url: str, number: int, processes: int, *, own_ports: bool) -> list[str]:
    command = [sys.executable, str(HERE / "timed_clients.py"), "ragmeter, capture", base_url]
    among = ["--process", str(number), "--processes", str(processes)] if own_ports else []
    return [*command, str(STREAMS // processes), str(ROUNDS), *among]


def cpu_by_processes() -> dict[int, tuple[float, float]]:
    """By the number of processes: with local ports of their own, and without."""
    return {each: (cpu_us(each, own_ports=True), cpu_us(each, own_ports=False)) for each in PROCESSES}
