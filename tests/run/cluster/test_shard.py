"""Shards of one run are sent from one start, each by a process that knows only the plan and its number."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ragmeter.core.errors import ConfigError, StorageError
from ragmeter.core.schedule.phases import phases
from ragmeter.core.schedule.plan import Shard
from ragmeter.run.cluster.shard import Beginning, run_shard
from ragmeter.run.store import read
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import plan, provider, workload

SOON = timedelta(seconds=1)


def start() -> datetime:
    return datetime.now(UTC) + SOON


def test_shard_sends_its_part_from_the_common_start(tmp_path: Path) -> None:
    planned = plan(workload=workload(shape="constant", rate_per_s=50.0, requests=10, concurrency=None))
    at, path = start(), tmp_path / "1.raw.jsonl"
    with GroundTruthServer(StreamScript(ttft_ms=5, itl_ms=1, tokens=2)) as server:
        ending = run_shard(planned, provider(server.base_url), Shard(number=1, count=3), Beginning(at=at), path=path)
    assert ending.status == "complete"
    recorded, samples, _ = read(path)
    assert recorded.shard == Shard(number=1, count=3)
    assert datetime.fromisoformat(recorded.started_at) == at
    (phase,) = phases(planned.workload)
    assert phase.offsets_ns is not None
    assert sorted((s.index, s.scheduled_ns) for s in samples) == [(i, phase.offsets_ns[i]) for i in (1, 4, 7)]


def test_later_phases_begin_so_long_after_one_another(tmp_path: Path) -> None:
    planned = plan(workload=workload(trials=3, requests=2, concurrency=1))
    path = tmp_path / "0.raw.jsonl"
    with GroundTruthServer(StreamScript(ttft_ms=1, itl_ms=1, tokens=1)) as server:
        beginning = Beginning(at=start(), starts_s=(0, 0.1, 0.2))
        shard = Shard(number=0, count=1)
        run_shard(planned, provider(server.base_url), shard, beginning, path=path)
    _, samples, ending = read(path)
    first = [min(s.scheduled_ns for s in samples if s.trial == trial) for trial in range(3)]
    assert all(found >= wanted for wanted, found in zip((0, 10**8, 2 * 10**8), first, strict=True))
    assert ending.status == "complete"


def test_phase_that_outlasts_the_beginning_of_the_next_makes_the_run_unfit(tmp_path: Path) -> None:
    planned = plan(workload=workload(trials=2, requests=1, concurrency=1))
    path = tmp_path / "0.raw.jsonl"
    with GroundTruthServer(StreamScript(ttft_ms=300, itl_ms=1, tokens=1)) as server:
        beginning = Beginning(at=start(), starts_s=(0, 0.05))
        shard = Shard(number=0, count=1)
        run_shard(planned, provider(server.base_url), shard, beginning, path=path)
    _, _, ending = read(path)
    assert ending.not_fit[-1].startswith("the measured phase of trial 2 began ")


def test_start_that_has_passed_is_refused_before_any_request(tmp_path: Path) -> None:
    beginning = Beginning(at=datetime.now(UTC) - timedelta(seconds=3))
    with pytest.raises(ConfigError, match=r"passed 3\.\d s ago: give a later one"):
        run_shard(plan(), provider(), Shard(number=0, count=1), beginning, path=tmp_path / "x.raw.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_record_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "0.raw.jsonl"
    path.write_text("mine")
    with pytest.raises(StorageError, match="File exists"):
        run_shard(plan(), provider(), Shard(number=0, count=1), Beginning(at=start()), path=path)
    assert path.read_text() == "mine"
