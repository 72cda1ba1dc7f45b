"""Each load process has local ports of its own, and together they have the system's."""

from itertools import pairwise
from pathlib import Path

import pytest

from ragmeter.clients.connection import local_ports
from ragmeter.clients.connection.local_ports import share_of_ports

offered = pytest.mark.skipif(share_of_ports(0, 2) is None, reason="a process chooses its ports since Linux 6.3")


def test_process_that_is_alone_may_use_any() -> None:
    assert share_of_ports(0, 1) is None


@offered
@pytest.mark.parametrize("count", [2, 3, 15])
def test_shares_follow_one_another_and_fill_the_range_of_the_system(count: int) -> None:
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    shares = [share for number in range(count) if (share := share_of_ports(number, count))]
    assert len(shares) == count
    assert shares[0].start == first
    assert last + 1 - count < shares[-1].stop <= last + 1
    assert all(one.stop == other.start for one, other in pairwise(shares))


@offered
def test_more_processes_than_ports_share_them_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    small = tmp_path / "range"
    small.write_text("60000\t60001\n")
    monkeypatch.setattr(local_ports, "_OF_THE_SYSTEM", small)
    assert share_of_ports(1, 2) == range(60001, 60002)
    assert share_of_ports(1, 3) is None


def test_kernel_that_does_not_let_a_process_choose_leaves_all_ports_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_ports, "_IP_LOCAL_PORT_RANGE", 12345)
    assert share_of_ports(0, 2) is None
