"""The benchmark of the schedule at a reduced size: each kind of cell, and the page's table."""

import pytest

from experiments.schedule_lateness import CLOCKS, SCRIPT, median_of, table, timer_alone, whole_path
from experiments.stream_truth import truth_server
from ragmeter.core.schedule.phases import trial
from ragmeter.run.processes.workers import Workers
from tests.programs import needs
from tests.run.cases import workload

PLANNED = workload(
    target="openai", model_id="ground-truth", shape="poisson", rate_per_s=100.0, requests=20, concurrency=None
)


def test_timer_alone_starts_everything_and_nothing_early() -> None:
    (phase,) = trial(PLANNED, 0)
    found = timer_alone(phase)
    assert found.starts == 20
    assert 0 <= found.p50_us <= found.p99_us <= found.max_us


@needs("cc")
@pytest.mark.parametrize("clock", CLOCKS)
def test_whole_path_is_that_of_a_run(clock: str) -> None:
    with truth_server(SCRIPT, prefix=[]) as server, Workers() as workers:
        found = median_of([whole_path(PLANNED, clock, server.base_url, workers)])
    assert found.starts == 20
    assert 0 < found.p50_us <= found.p99_us <= found.max_us
    rows = table({"whole path": found}, found).splitlines()
    assert rows[-1].startswith("| whole path | ")
    assert "| 1.0 |" in rows[-1]
