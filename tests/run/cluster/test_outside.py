"""Half of a load through an edge that takes a known time: a relay on real sockets, between one side and the server.

Pods are threads here; real ones are in tests/k8s.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from ragmeter.clients.kube.documents import Documents
from ragmeter.core.result.build import result_of
from ragmeter.core.run.plan import CTRL_C
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.plan import Shard
from ragmeter.run.cluster import together
from ragmeter.run.cluster.outside import send_outside
from ragmeter.run.cluster.results import record_in
from ragmeter.run.cluster.together import run_together, waited
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import plan, provider, workload
from tests.run.cluster.test_together import ORDER, documents  # noqa: F401 - a fixture
from tests.run.slow_relay import slow_relay

DELAY_MS = 30.0
"""Of the relay, each way."""
TIMER_MS = 5.0
"""What the relay's own waking up may take in every trial."""
TRIALS, REQUESTS = 3, 12


def inside(url: str, folder: Path) -> SavedRun:
    load = workload(concurrency=None, rate_per_s=20.0, shape="constant", requests=REQUESTS, trials=TRIALS)
    path = folder / "0.raw.jsonl"
    shard = Shard(number=0, count=2, vantage="inside")
    return run_together(ORDER, plan(workload=load), provider(url), shard, path=path)


def outside(documents: Documents, url: str, stopped: threading.Event) -> str | None:  # noqa: F811
    ending = send_outside(
        documents,
        lambda: "the pods are gone" if stopped.is_set() else None,
        pods=1,
        provider=provider(url),
        calibration=None,
    )
    return ending.reason


def test_what_a_known_edge_adds_is_found(
    documents: Documents,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(together, "LEAD_S", 1.0)
    with (
        GroundTruthServer(StreamScript(ttft_ms=50, itl_ms=5, tokens=4), process=True) as server,
        slow_relay(server.base_url, delay_ms=DELAY_MS) as edge_url,
        ThreadPoolExecutor(2) as sides,
    ):
        near = sides.submit(inside, server.base_url, tmp_path)
        far = sides.submit(outside, documents, edge_url, threading.Event())
        run = near.result(60)
        assert far.result(60) is None
        sent = len(server.truths())
    assert sent == TRIALS * REQUESTS, "one load, not two"
    assert run.plan.vantages == ("inside", "outside")
    assert [sum(s.clock_id == side for s in run.samples) for side in (0, 1)] == [sent // 2] * 2
    assert sorted(s.index for s in run.samples) == list(range(sent))
    result = result_of(run.plan, run.samples, replace(run.ending, not_fit=()), raw_samples_path=None)
    assert result.edge is not None
    figures = {(at.metric, at.statistic): at for at in result.edge.metrics}
    ttft, trip = figures["ttft_ms", "p50"], figures["round_trip_ms", "p50"]
    # A busy machine makes the relay slower, never faster; trials then differ, and the interval is wide.
    assert (ttft.difference.low or 0) - TIMER_MS <= 2 * DELAY_MS <= (ttft.difference.value or 0)
    assert (result.estimates["ttft_ms"].p50.value or 0) > 50 + 2 * DELAY_MS, "as users see it"
    assert abs(trip.difference.value or 0) < 5, "the relay ends connections: none of it is round trip to the client"
    assert result.edge.sentence.startswith(("the edge (load balancer, ingress, internet) adds ", "no difference is"))


def test_side_whose_pods_are_gone_stops_and_says_why(
    documents: Documents,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(together, "LEAD_S", 1.0)
    stopped = threading.Event()
    script = StreamScript(ttft_ms=50, itl_ms=5, tokens=4)
    with GroundTruthServer(script, process=True) as server, ThreadPoolExecutor(2) as sides:
        near = sides.submit(inside, server.base_url, tmp_path)
        far = sides.submit(outside, documents, server.base_url, stopped)
        assert waited(lambda: documents.find("start-0"), 30)
        stopped.set()
        assert far.result(60) == "the pods are gone"
        run = near.result(60)
    assert run.ending.status == "interrupted"
    assert record_in(documents, "shard-1") is not None
    assert run.ending.reason != CTRL_C
