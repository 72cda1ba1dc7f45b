"""Calibration: the client's error against a server whose times are known, at the load of the run."""

from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from ragmeter.run.processes.workers import Workers
from ragmeter.run.session.calibrate import calibrate
from tests.families import running, still
from tests.run.cases import provider, workload
from tests.waiting import ctrl_c_when


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers() as those:
        yield those


@pytest.mark.parametrize(
    ("load", "asked"),
    [
        ({"concurrency": 3}, (8, 3, None)),
        ({"concurrency": 12, "target": "openai", "model_id": "m"}, (24, 12, None)),
        ({"shape": "gamma", "rate_per_s": 40.0, "burstiness": 0.5, "concurrency": None}, (40, None, 40.0)),
        ({"shape": "sweep", "rates_per_s": (0.1, 0.5), "concurrency": None}, (10, None, 10.0)),
    ],
)
def test_calibration_is_at_the_load_of_the_run(workers: Workers, load: dict[str, Any], asked: tuple[Any, ...]) -> None:
    found = calibrate(workload(**load), provider(headers={"authorization": "secret"}), workers, clock="auto")
    assert (found.requests, found.concurrency, found.rate_per_s) == asked
    assert found.events_per_s > 10
    assert found.client_cpu_ratio is not None
    for floor in found.floors.values():
        assert floor.p50.value is not None
        assert floor.p99.value is not None
        assert 0 <= floor.p50.value <= floor.p99.value


def test_calibration_leaves_no_process(workers: Workers) -> None:
    calibrate(workload(), provider(), workers, clock="auto")
    assert running("ragmeter.testing") == []


def test_ctrl_c_during_calibration_is_ctrl_c(workers: Workers) -> None:
    def serving() -> bool:
        return any(still(child, psutil.Process.net_connections) for child in running("ragmeter.testing"))

    thread = ctrl_c_when(serving)
    with pytest.raises(KeyboardInterrupt):
        calibrate(workload(concurrency=300), provider(), workers, clock="auto")
    thread.join()
