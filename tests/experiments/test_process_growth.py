"""The benchmark of load processes at a reduced size: a cell of each number of processes, and the sentence on both."""

from dataclasses import replace

import pytest

from experiments import process_growth
from experiments.process_growth import CLOCKS, PROCESSES, measured, row, summary
from experiments.stream_truth import Script
from tests.programs import needs


@needs("cc")
def test_cell_counts_what_all_processes_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_growth, "SCRIPT", Script(ttft_ms=20, itl_ms=5, tokens=8))
    one, two = (measured(CLOCKS[0], processes, 4) for processes in PROCESSES)
    for cell, processes in ((one, 1), (two, 2)):
        assert 0 < cell.events_per_s < 8 / (7 * 0.005) * 4 * 1.5
        assert cell.cpu_us > 0
        assert row(cell).startswith(f"| {CLOCKS[0]} | 4 | {processes} | ")
    pair = [
        replace(one, busiest_ratio=0.1, server_late_us=1.0, events_per_s=100.0),
        replace(two, busiest_ratio=0.1, server_late_us=1.0, events_per_s=150.0),
    ]
    said = summary(pair)
    assert f"- {CLOCKS[0]}: the highest rate that held was 100 events/s with one process, 150 with two; at the" in said
    assert "the busiest of two used 100% of the CPU of one" in said
    unfit = summary([pair[0], replace(pair[1], busiest_ratio=0.9)])
    assert "with one process, 0 with two." in unfit
