"""The benchmark of clients at a reduced size: its server, a client of each kind, its floor and its picture."""

import pytest

from experiments import client_timing
from experiments.client_timing import Cell, floor_us, once
from experiments.stream_truth import Script
from experiments.timing_page import row
from experiments.timing_plot import plot
from tests.programs import needs

pytestmark = needs("cc")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short streams, any lateness of the server, and no priority over what else runs."""
    monkeypatch.setattr(client_timing, "SCRIPT", Script(ttft_ms=30, itl_ms=5, tokens=10))
    monkeypatch.setattr(client_timing, "SERVER_LATE_US", 1e9)
    monkeypatch.setattr(client_timing, "pinned", lambda core: [])


def measured(client: str, *, stall: bool = False) -> Cell:
    cell = once(client, 4, stall=stall)
    assert cell is not None
    return cell


@pytest.mark.parametrize(
    "client",
    [
        pytest.param("ragmeter, capture", marks=pytest.mark.privileged("capture")),
        "ragmeter, kernel",
        "ragmeter, user",
        "aiohttp",
        "httpx",
    ],
)
def test_client_is_compared_with_the_truth(client: str) -> None:
    cell = measured(client)
    assert 0 < cell.itl_p50_us <= cell.itl_p99_us
    assert 0 < cell.ttft_p50_us <= cell.ttft_p99_us
    assert cell.cpu_us
    assert (cell.exact is None) == (client not in ("ragmeter, capture", "ragmeter, kernel"))
    assert row(cell, {4: 8.0}).startswith(f"| {client} | 4 | ")


@pytest.mark.privileged("capture")
def test_stalled_client_with_the_capture_clock_stays_exact() -> None:
    assert measured("ragmeter, capture", stall=True).exact == 1


def test_floor_is_a_read_for_each_token() -> None:
    assert floor_us(4) > 0


def test_picture_has_a_line_for_each_client_in_both_panels() -> None:
    cells = [measured("ragmeter, user"), measured("ragmeter, user", stall=True)]
    drawn = plot(cells)
    assert drawn.count(">ragmeter, user<") == 1
    assert drawn.count("<circle") == len(cells)
