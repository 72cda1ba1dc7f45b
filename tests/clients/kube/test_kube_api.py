"""Documents in and out, tries, refusals and clean-up, against a fake API server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ragmeter.clients.kube import api as kube_api
from ragmeter.clients.kube.api import Cluster, connected
from ragmeter.clients.kube.owned import MANAGED, namespace, owning
from ragmeter.core.errors import ClusterError
from ragmeter.jobs.names import RUN_LABEL
from tests.clients.kube_fake import FakeCluster, fake_cluster

CONFIG_MAPS = "/api/v1/namespaces/ns/configmaps"


@pytest.fixture
def fake() -> Iterator[FakeCluster]:
    with fake_cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    from kubernetes import config

    path = tmp_path / "config"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": fake.url}}],
        "users": [{"name": "u", "user": {"token": "hunter2"}}],
        "contexts": [{"name": "fake", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(yaml.safe_dump(document))
    monkeypatch.setattr(config.kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    monkeypatch.setattr(kube_api, "FIRST_PAUSE_S", 0.001)
    with connected("fake", "ns") as found:
        yield found


def config_map(name: str = "a") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def job(name: str) -> dict[str, Any]:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template}}


def test_what_is_made_can_be_read_listed_and_deleted(cluster: Cluster, fake: FakeCluster) -> None:
    made = cluster.create(config_map())
    assert cluster.get("ConfigMap", "a") == made
    assert [each["metadata"]["name"] for each in cluster.list("ConfigMap")] == ["a"]
    cluster.delete(made | {"kind": "ConfigMap"})
    assert cluster.get("ConfigMap", "a") is None
    cluster.delete(made | {"kind": "ConfigMap"})
    assert fake.objects == {}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_succeed_later_is_tried_again(cluster: Cluster, fake: FakeCluster, status: int) -> None:
    fake.refusals["GET"] = [status] * (kube_api.TRIES - 1)
    assert cluster.list("ConfigMap") == []
    fake.refusals["GET"] = [status] * kube_api.TRIES
    with pytest.raises(ClusterError, match=rf"cannot list configmaps in namespace 'ns': HTTP {status}: refused with"):
        cluster.list("ConfigMap")


@pytest.mark.parametrize(
    ("status", "words"), [(401, "may have expired"), (403, "ask for that verb on that resource"), (409, ""), (410, "")]
)
def test_a_refusal_is_told_at_once_without_the_token(
    cluster: Cluster, fake: FakeCluster, status: int, words: str
) -> None:
    fake.refusals["POST"] = [status]
    with pytest.raises(
        ClusterError, match=f"context 'fake': cannot create configmaps a .*HTTP {status}.*{words}"
    ) as told:
        cluster.create(config_map())
    assert told.value.status == status
    assert "hunter2" not in str(told.value)
    assert len(fake.asked) == 1


def test_an_object_of_somebody_else_is_not_taken_for_ours(cluster: Cluster) -> None:
    cluster.create(config_map())
    with pytest.raises(ClusterError, match="already exists"):
        cluster.create(config_map())


def test_an_object_whose_answer_was_lost_is_found_again(cluster: Cluster, fake: FakeCluster) -> None:
    fake.lose_answers = True
    assert cluster.create(config_map())["metadata"]["name"] == "a"
    assert len(fake.objects) == 1


def test_a_successor_of_the_same_name_is_not_deleted(cluster: Cluster) -> None:
    made = cluster.create(config_map())
    stale = {"kind": "ConfigMap", "metadata": {**made["metadata"], "uid": "another"}}
    with pytest.raises(ClusterError, match="precondition"):
        cluster.delete(stale)
    assert cluster.get("ConfigMap", "a") == made


def test_all_that_is_made_has_the_label_and_the_first_as_owner(cluster: Cluster) -> None:
    with owning(cluster, "run-1") as owned:
        root = owned.create(job("root"))
        owned.create(config_map("b"))
        (part,) = cluster.list("ConfigMap", selector="ragmeter.dev/run=run-1")
        assert part["metadata"]["ownerReferences"] == [
            {"apiVersion": "batch/v1", "kind": "Job", "name": "root", "uid": root["metadata"]["uid"]}
        ]
        assert root["spec"]["template"]["metadata"]["labels"] == {**MANAGED, RUN_LABEL: "run-1"}
        assert owned.left() == ["Job/root", "ConfigMap/b"]
    assert owned.left() == []


@pytest.mark.parametrize("end", [ClusterError("no"), KeyboardInterrupt()])
def test_an_early_end_leaves_nothing_and_deletes_nothing_else(cluster: Cluster, end: BaseException) -> None:
    cluster.create(config_map("theirs"))
    with pytest.raises(type(end)), owning(cluster, "run-1") as owned:  # noqa: PT012
        owned.create(job("root"))
        owned.create(config_map("b"))
        raise end
    assert [each["metadata"]["name"] for each in cluster.list("ConfigMap")] == ["theirs"]
    assert cluster.list("Job") == []


def test_what_is_not_removed_is_named_beside_the_first_error(cluster: Cluster, fake: FakeCluster) -> None:
    with pytest.raises(ClusterError, match="the first") as told, owning(cluster, "run-1") as owned:  # noqa: PT012
        owned.create(job("root"))
        fake.refusals["DELETE"] = [403]
        raise ClusterError("the first")
    assert "cannot delete jobs.batch root" in told.value.__notes__[0]


def test_only_a_namespace_that_was_made_here_is_deleted(cluster: Cluster, fake: FakeCluster) -> None:
    with namespace(cluster):
        assert "/api/v1/namespaces/ns" in fake.objects
    assert fake.objects == {}
    fake.objects["/api/v1/namespaces/ns"] = {"kind": "Namespace", "metadata": {"name": "ns", "uid": "theirs"}}
    with namespace(cluster):
        pass
    assert "DELETE /api/v1/namespaces/ns" not in fake.asked[-1:]
    assert "/api/v1/namespaces/ns" in fake.objects


def test_who_may_not_ask_for_the_namespace_works_in_it(cluster: Cluster, fake: FakeCluster) -> None:
    fake.refusals["GET"] = [403]
    with namespace(cluster):
        pass
    assert fake.asked == ["GET /api/v1/namespaces/ns"]


def test_an_api_server_that_went_away_is_one_sentence(cluster: Cluster, fake: FakeCluster) -> None:
    fake.stop()
    with pytest.raises(ClusterError, match=r"cannot list pods in namespace 'ns': .*refused"):
        cluster.list("Pod")


def test_outside_a_pod_there_is_no_service_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ClusterError, match="the service account of this pod"), connected(None, "ns"):
        pass
