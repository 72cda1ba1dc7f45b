"""Pods of one order: threads of this process that meet in a cluster of the tests. Real pods: tests/k8s."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from ragmeter.clients.kube.api import Cluster
from ragmeter.clients.kube.documents import Documents
from ragmeter.core.errors import ClusterError
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.plan import Shard
from ragmeter.jobs.names import DOCUMENT_LABEL, RUN_LABEL
from ragmeter.run.cluster import together
from ragmeter.run.cluster.results import claim, record_in, shard_of
from ragmeter.run.cluster.together import run_together
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.clients.kube_fake import fake_cluster
from tests.run.cases import plan, provider, workload

ORDER = "rag-benchmark-1"


@pytest.fixture
def documents(monkeypatch: pytest.MonkeyPatch) -> Iterator[Documents]:
    """Those of an order in a fake cluster, which every thread takes for its own."""
    with fake_cluster() as fake:
        api = client.ApiClient(client.Configuration(host=fake.url))
        cluster = Cluster(named="fake", namespace="here", api=api)
        monkeypatch.setattr("ragmeter.run.cluster.together.own_namespace", lambda: "here")
        monkeypatch.setattr("ragmeter.run.cluster.results.own_namespace", lambda: "here")

        @contextmanager
        def connected(*_: object) -> Iterator[Cluster]:
            yield cluster

        monkeypatch.setattr("ragmeter.run.cluster.together.connected", connected)
        monkeypatch.setattr("ragmeter.run.cluster.results.connected", connected)
        labels = {RUN_LABEL: ORDER, DOCUMENT_LABEL: "order"}
        cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ORDER, "labels": labels}})
        yield Documents(cluster=cluster, run=ORDER)


def pod(number: int, count: int, base_url: str, folder: Path, **load: Any) -> SavedRun:
    """What one pod comes to. Each has a plan of its own, as pods that start at different times do."""
    planned = replace(plan(workload=workload(**load)), run_id=f"run of pod {number}")
    path = folder / f"{number}.raw.jsonl"
    shard = Shard(number=number, count=count)
    return run_together(ORDER, planned, provider(base_url), shard, path=path)


def test_the_merged_run_is_the_sum_of_its_shards(
    documents: Documents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "LEAD_S", 3.0)
    with GroundTruthServer(StreamScript(ttft_ms=2, itl_ms=1, tokens=3)) as server, ThreadPoolExecutor(3) as pods:
        runs = list(pods.map(lambda n: pod(n, 3, server.base_url, tmp_path, requests=11, concurrency=4), range(3)))
        sent = len(server.truths())
    assert sent == 11
    assert runs[0].plan.run_id == "run of pod 0"
    for other in runs[1:]:
        assert (other.plan, other.samples, other.ending) == (runs[0].plan, runs[0].samples, runs[0].ending)
    assert runs[0].ending.status == "complete"
    shards = [record_in(documents, f"shard-{number}") for number in range(3)]
    parts = [sample for record in shards if record for sample in record.samples]
    assert sorted(sample.index for sample in runs[0].samples) == list(range(11))
    assert sorted(sample.index for sample in parts) == list(range(11))
    assert sum(sample.output_tokens or 0 for sample in runs[0].samples) == 11 * 3
    assert len({record.plan.started_at for record in shards if record}) == 1


def test_a_pod_that_left_no_record_is_named(
    documents: Documents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "LEAD_S", 3.0)
    monkeypatch.setattr(together, "FINISH_S", 0.2)
    documents.keep("ready-0-1", b"")
    with GroundTruthServer(StreamScript(ttft_ms=2, itl_ms=1, tokens=3)) as server:
        run = pod(0, 2, server.base_url, tmp_path, requests=4, concurrency=2)
    assert run.ending.status == "interrupted"
    assert run.ending.reason == "load shard 1 of 2 left no record"
    assert [sample.index for sample in run.samples] == [0, 2]


def test_pods_that_do_not_come_up_end_the_wait(
    documents: Documents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "GATHER_S", 0.1)
    with pytest.raises(ClusterError, match=r"pod 1 of 2 was not ready in 0\.1 s"):
        pod(0, 2, "http://127.0.0.1:1", tmp_path)
    with pytest.raises(ClusterError, match=r"pod 0 of 2 gave no start in 0\.1 s"):
        pod(1, 2, "http://127.0.0.1:1", tmp_path)


def test_an_order_is_begun_once_by_each_shard(documents: Documents) -> None:
    claim(ORDER, Shard(number=0, count=2), "pod-a")
    claim(ORDER, Shard(number=1, count=2), "pod-b")
    with pytest.raises(ClusterError, match="another pod began the order rag-benchmark-1 and is gone"):
        claim(ORDER, Shard(number=0, count=2), "pod-c")


@pytest.mark.parametrize(("value", "count"), [("2", 2), ("-1", 2), ("one", 2)])
def test_an_index_that_is_none_is_refused(value: str, count: int) -> None:
    with pytest.raises(ClusterError, match=f"environment JOB_COMPLETION_INDEX: '{value}' is not one of {count} pods"):
        shard_of({"JOB_COMPLETION_INDEX": value}, count)


def test_a_pod_alone_is_the_first() -> None:
    assert shard_of({}, 1) == Shard(number=0, count=1)
