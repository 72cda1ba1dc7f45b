"""The ground-truth server of the benchmark: C, so that it is never what limits a client. Needs a C compiler."""

import contextlib
import os
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.tethered import tethered

HERE = Path(__file__).parent
BUILD = TemporaryDirectory(prefix="ragmeter-performance-")
STOP_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What every stream is. Times are from the request's arrival in the server's kernel."""

    ttft_ms: float = 100.0
    itl_ms: float = 20.0
    tokens: int = 64


@dataclass(frozen=True, slots=True)
class Truth:
    """One request: its arrival, by the server's kernel, and the time before the write of each token; monotonic ns."""

    arrived_ns: int
    written_ns: tuple[int, ...]


@dataclass(slots=True)
class TruthServer:
    """``truths`` is filled when the server has stopped: by the request id that each stream carried."""

    port: int
    truths: dict[str, Truth] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@cache
def built(name: str) -> Path:
    """The program of a C file beside this one."""
    program = Path(BUILD.name) / name
    subprocess.run(["cc", "-O2", "-Wall", "-o", program, HERE / f"{name}.c"], check=True)
    return program


@contextlib.contextmanager
def truth_server(script: Script, *, prefix: list[str]) -> Iterator[TruthServer]:
    """prefix: what pins the process and sets its priority."""
    path = Path(BUILD.name) / "truth"
    numbers = (script.ttft_ms * 1000, script.itl_ms * 1000, script.tokens)
    command = [*prefix, str(built("truth_server")), *(str(int(number)) for number in numbers), str(path)]
    with subprocess.Popen(tethered(command), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        server = TruthServer(int(process.stdout.readline()))
        try:
            yield server
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT_S)
    for line in path.read_text(encoding="ascii").splitlines():
        number, arrived_ns, *written_ns = map(int, line.split())
        server.truths[f"gt-{number}"] = Truth(arrived_ns, tuple(written_ns))


def pinned(core: int) -> list[str]:
    """What puts a command on a core and, for root, ahead of what else runs there."""
    cores = sorted(os.sched_getaffinity(0))
    priority = ["chrt", "-f", "10"] if os.geteuid() == 0 else []
    return [*priority, "taskset", "-c", str(cores[core % len(cores)])]


def percentile(values: Sequence[float], percent: int) -> float:
    return float(statistics.quantiles(values, n=100, method="inclusive")[percent - 1])


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def lateness_us(truths: dict[str, Truth], script: Script) -> list[float]:
    """How late the server was with each token: the first after the request, the others after the first."""
    due_ns = [int((script.ttft_ms + n * script.itl_ms) * 1e6) for n in range(script.tokens)]
    return [
        (written - truth.arrived_ns - due) / 1e3
        for truth in truths.values()
        for written, due in zip(truth.written_ns, due_ns, strict=True)
        if written
    ]
