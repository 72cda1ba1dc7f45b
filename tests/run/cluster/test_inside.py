"""What is made for a run, and when pods are given up. What they do in a real cluster is in tests/k8s."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from kubernetes import client

from ragmeter.clients.kube.api import Cluster
from ragmeter.core.cluster.orders import Order
from ragmeter.core.errors import ClusterError
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.run.saved import SavedRun
from ragmeter.run.cluster.carried import Place, blamed
from ragmeter.run.cluster.inside import by_us, not_by_us, run_inside
from tests.clients.kube_fake import VERSION, fake_cluster
from tests.run.cases import plan, provider, workload


def pods(*phases: str) -> list[dict[str, object]]:
    return [{"metadata": {"name": str(n)}, "status": {"phase": phase}} for n, phase in enumerate(phases)]


@pytest.mark.parametrize(
    ("phases", "count", "name"),
    [
        ((), 1, None),
        (("Running",), 1, None),
        (("Succeeded",), 1, "0"),
        (("Failed",), 1, "0"),
        (("Running", "Succeeded"), 2, None),
        (("Running", "Failed"), 2, None),
        (("Failed",), 2, None),
        (("Succeeded", "Failed"), 2, "1"),
    ],
)
def test_a_pod_is_blamed_when_none_may_leave_a_result_any_more(
    phases: tuple[str, ...], count: int, name: str | None
) -> None:
    found = blamed(pods(*phases), count)
    assert (None if found is None else found["metadata"]["name"]) == name


ONE_EACH, INDEXED = ["run-root", "run-0", "run-1"], ["run-root", "run"]


@pytest.mark.parametrize(
    ("version", "jobs"),
    [
        ({"major": "1", "minor": "20", "gitVersion": "v1.20.2"}, ONE_EACH),
        ({"major": "1", "minor": "23+", "gitVersion": "v1.23.17-eks-8ccc7ba"}, ONE_EACH),
        ({"major": "1", "minor": "24", "gitVersion": "v1.24.17"}, INDEXED),
        ({"major": "1", "minor": "31+", "gitVersion": "v1.31.13-eks-113cf36"}, INDEXED),
        ({"major": "1", "minor": "33", "gitVersion": "v1.33.5-gke.1080000"}, INDEXED),
        ({"major": "1", "minor": "34", "gitVersion": "v1.34.1+k3s1"}, INDEXED),
    ],
    ids=lambda case: case["gitVersion"] if isinstance(case, dict) else "",
)
def test_the_version_of_the_cluster_decides_which_jobs_are_made(
    version: dict[str, str], jobs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As clusters of that kind answer it. Nothing of it is left when the pods do not come."""
    for key, value in version.items():
        monkeypatch.setitem(VERSION, key, value)
    made: list[dict[str, Any]] = []
    with fake_cluster() as fake:
        fake.made = made.append
        api = client.ApiClient(client.Configuration(host=fake.url))

        @contextmanager
        def connected(*_: object) -> Iterator[Cluster]:
            yield Cluster(named="fake", namespace="here", api=api)

        monkeypatch.setattr("ragmeter.run.cluster.inside.connected", connected)
        place = Place(context="fake", namespace="here", image="runner:1.0.0", pods=2, begin_s=0.01)
        asked = Order(workload=workload(), provider=provider(), url="http://rag-backend", shards=2)
        with pytest.raises(ClusterError, match=r"a pod did not begin in 0\.01 s: no pod was made"):
            run_inside(place, "run", asked, lambda line: None)
        assert fake.objects == {}
    assert [each["metadata"]["name"] for each in made if each["kind"] == "Job"] == jobs
    root, *others = made
    assert all(each["metadata"]["ownerReferences"][0]["uid"] == root["metadata"]["uid"] for each in others)


def stopped(reason: str) -> SavedRun:
    """As the record of two shards says it."""
    ending = RunEnding(status="interrupted", reason=reason, not_fit=("the first", reason))
    return SavedRun(path="x", plan=plan(), samples=(), ending=ending)


def test_shards_that_were_stopped_together_by_ctrl_c_are_not_held_against_the_client() -> None:
    ending = by_us(stopped("load shard 1 of 2 ended early: Ctrl-C")).ending
    assert (ending.status, ending.reason, ending.not_fit) == ("interrupted", "Ctrl-C", ("the first",))
    complete = replace(stopped(""), ending=RunEnding(status="complete"))
    assert by_us(complete) == complete


def test_pods_that_were_stopped_by_somebody_else_say_so() -> None:
    for reason in ("Ctrl-C", "load shard 0 of 2 ended early: Ctrl-C"):
        assert str(not_by_us(stopped(reason)).ending.reason).startswith("its pods were stopped: evicted, deleted")
    dead = stopped("the measured service ended during the run: exit status 1")
    assert not_by_us(dead) == dead
