"""What the machine that measures lacks is INVALID with exit status 10 and the limit, whatever the loop."""

import errno
import itertools
import resource
from typing import Any

import pytest

from tests._pytest.project import Project

pytestmark = pytest.mark.usefixtures("fresh_load_processes")

LACKING = """
    # In each process that starts from here: it may connect so often, and then lacks something.
    import errno, itertools, os, socket, sys

    if any("ragmeter.run.processes" in word for word in sys.orig_argv):
        connects, real = itertools.count(), socket.socket.connect

        def connect(self, address):
            is_lookup = self.type & socket.SOCK_DGRAM  # of a route; nothing is sent
            if is_lookup and {code} == errno.ENETUNREACH or not is_lookup and next(connects) >= {spared}:
                raise OSError({code}, os.strerror({code}))
            return real(self, address)

        socket.socket.connect = connect
"""
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
FAULTS = {
    "files": (errno.EMFILE, f"may open {FILES} files (ulimit -n)"),
    "files of the machine": (errno.ENFILE, "sysctl fs.file-max"),
    "ports": (errno.EADDRNOTAVAIL, "net.ipv4.ip_local_port_range"),
    "memory": (errno.ENOBUFS, "net.ipv4.tcp_mem"),
    "firewall": (errno.EPERM, "a firewall rule of this machine"),
    "route": (errno.ENETUNREACH, "this machine has no route there"),
    "network": (errno.ENETDOWN, "the network of this machine is down"),
}
LOOPS: dict[str, dict[str, Any]] = {
    "closed": {"benchmark": {"requests": 12, "concurrency": 4, "warmup_requests": 0}},
    "open": {
        "benchmark": {"requests": 12, "concurrency": None, "warmup_requests": 0},
        "load": {"shape": "constant", "rate_per_s": 400},
    },
}
FROM = {"from the first": 0, "from the third": 2}
WAYS = list(itertools.product(LOOPS, FROM))
WHOLE = {"ports", "route"}
"""Those that are tried in every way: one of connections, and the one that is found by a look at the routes."""
CASES = [
    (name, *way) for place, name in enumerate(FAULTS) for way in (WAYS if name in WHOLE else [WAYS[place % len(WAYS)]])
]
SLO = """
    def test_slo(run_workload, slo):
        slo.check(run_workload())
"""


def lacking(project: Project, code: int, *, spared: int) -> None:
    """spared: connections that come up in each load process."""
    source = LACKING.format(code=code, spared=spared)
    project.pytester.makepyfile(sitecustomize=source)
    project.env(PYTHONPATH=project.pytester.path, RAGMETER_WORKERS=1)


def measured(project: Project, loop: dict[str, Any]) -> dict[str, Any]:
    """The result of a run that has to end with status 10."""
    project.suite(SLO)
    given: dict[str, Any] = {}
    for name, keys in loop.items():
        given[name] = {key: item for key, item in keys.items() if item is not None}
    project.workload(slo=["errors <= 0", "p50(ttft_ms) <= 60000"], **given)
    outcome = project.run("--bench-calibrate=off")
    assert outcome.ret == 10, outcome.stdout.str()
    return project.result()


@pytest.mark.parametrize(("fault", "loop", "begins"), CASES)
def test_a_fault_of_this_machine_is_no_failure_of_the_service(
    project: Project, fault: str, loop: str, begins: str
) -> None:
    code, limit = FAULTS[fault]
    lacking(project, code, spared=FROM[begins])
    check(measured(project, LOOPS[loop]), limit)


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_a_warm_up_that_failed_on_this_machine_alone_is_no_failure_of_the_service(
    project: Project, loop: dict[str, Any]
) -> None:
    lacking(project, errno.EADDRNOTAVAIL, spared=0)
    check(
        measured(project, {**loop, "benchmark": {**loop["benchmark"], "warmup_requests": 2}}),
        "net.ipv4.ip_local_port_range",
    )


def check(result: dict[str, Any], limit: str) -> None:
    assert result["outcome"] == "INVALID"
    assert limit in " ".join(result["harness"]["reasons"])
    assert {verdict["outcome"] for verdict in result["verdicts"]} == {"INVALID"}
    assert result["errors"] == 0, "the service failed nowhere"
