"""The other figures of the benchmark of clients at a reduced size, and the page that holds them all."""

from pathlib import Path

import pytest

from experiments import client_timing, highest_rate, million_events, several_processes
from experiments.client_timing import once
from experiments.highest_rate import FLOOR, Probe, highest_rates
from experiments.million_events import Million, a_million
from experiments.several_processes import cpu_us
from experiments.stream_truth import Script
from experiments.timing_page import Figures, write_page
from tests.programs import needs

pytestmark = [
    needs("cc"),
    pytest.mark.privileged("capture"),
]

SCRIPT = Script(ttft_ms=30, itl_ms=5, tokens=10)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few and short streams, any lateness, and no priority over what else runs."""
    for module in (client_timing, highest_rate, million_events, several_processes):
        monkeypatch.setattr(module, "pinned", lambda core: [])
    for name, value in {"STREAMS": 4, "SECONDS": 0.3, "LIMITS_US": (1e8, 1e9)}.items():
        monkeypatch.setattr(highest_rate, name, value)
    for name, value in {"STREAMS": 4, "ROUNDS": 1}.items():
        monkeypatch.setattr(several_processes, name, value)
    monkeypatch.setattr(several_processes, "Script", lambda: SCRIPT)
    monkeypatch.setattr(client_timing, "SCRIPT", SCRIPT)
    monkeypatch.setattr(client_timing, "SERVER_LATE_US", 1e9)


@pytest.mark.parametrize("client", ["ragmeter, capture", FLOOR])
def test_search_ends_with_the_highest_rate_that_passed(client: str) -> None:
    passed = highest_rates(client, (100, 200))
    assert [probe.rate for probe in passed if probe] == [200, 200]


def test_search_finds_nothing_when_every_rate_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highest_rate, "LIMITS_US", (0.001, 0.002))
    assert highest_rates(FLOOR, (100, 200)) == [None, None]


def test_processes_are_measured_together() -> None:
    assert cpu_us(2, own_ports=True) > 0


def test_million_is_counted_by_a_load_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(million_events, "STREAMS", 2)
    monkeypatch.setattr(million_events, "EVENTS", 400)
    found = a_million()
    assert (found.events, found.failed) == (400, 0)
    assert min(found.before_mb, found.rss_mb) > 0


def test_page_says_what_was_asked_and_has_a_line_for_each_cell(tmp_path: Path) -> None:
    cells = [cell for stall in (False, True) if (cell := once("ragmeter, capture", 50, stall=stall))]
    probe = Probe(rate=50_000, lag_us=12.0, cpu=0.4, server_late_us=3.0)
    figures = Figures(
        cells=cells,
        floors={50: 8.0},
        rates={"ragmeter, capture": [probe, probe], FLOOR: [None, None]},
        million=Million(events=10**6, inexact=0, failed=0, cpu_s=9.0, wall_s=20.0, before_mb=70.0, rss_mb=99.0),
        processes={1: (9.0, 9.0), 2: (9.5, 12.0)},
        tools={("guidellm", 50): "it failed: no route"},
        repeats=1,
        script=SCRIPT,
    )
    write_page(tmp_path, figures)
    page = (tmp_path / "client-timing.md").read_text()
    assert page.count("| ragmeter, capture | 50 | ") == 2
    assert "| Rate with a p99 of the lag below 1 ms, one core | ≥ 50,000 events/s | 50,000 events/s, 12 µs |" in page
    assert "| floor, C | none |  | none |  |  |" in page
    assert "| guidellm | 50 | it failed: no route | | |" in page
    assert "1,000,000 events in 20.0 s (50,000 a second)" in page
