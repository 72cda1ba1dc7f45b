"""`pytest -m ew_probe`: what is selected, what is refused. The cluster is a fake; a real one is probed in tests/k8s."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from kubernetes import config
from prometheus_client.parser import text_string_to_metric_families

from ragmeter.clients.kube import pods as kube_pods
from tests._pytest.project import PLUGINS, Project, refused
from tests.clients.kube_fake import FakeCluster, fake_cluster
from tests.grafana.prometheus import pushgateway
from tests.netprobe.documents import document, round_trips

PROBE = """
    import pytest

    @pytest.mark.ew_probe
    def test_probe(run_netprobe):
        probe = run_netprobe()
        assert probe.latency is not None, probe.errors
        assert probe is run_netprobe()

    def test_load(run_workload):
        assert run_workload().requests
"""
NODES = ("node-1", "node-2")


@pytest.fixture
def cluster(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    """Two nodes whose pods are ready at once, and whose clients have measured."""
    with fake_cluster() as fake:
        for name in NODES:
            fake.objects[f"/api/v1/nodes/{name}"] = {
                "metadata": {"name": name},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            }
        fake.made = lambda made: run_pod(fake, made)
        path = project.pytester.path / "kubeconfig"
        contexts = [{"name": "fake", "context": {"cluster": "c", "user": "u"}}]
        parts = {"clusters": [{"name": "c", "cluster": {"server": fake.url}}], "users": [{"name": "u", "user": {}}]}
        path.write_text(yaml.safe_dump({"kind": "Config", "current-context": "fake", "contexts": contexts, **parts}))
        monkeypatch.setattr(config.kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(path))
        monkeypatch.setattr(kube_pods, "POLL_S", 0.01)
        project.provider(kube_context="fake")
        project.suite(PROBE)
        yield fake


def run_pod(fake: FakeCluster, made: dict[str, Any]) -> None:
    """What the controllers of a cluster do with a Job or a Service of ours."""
    if made["kind"] == "Service":
        made["spec"]["clusterIP"] = "10.0.0.9"
    if made["kind"] != "Job":
        return
    name, template = made["metadata"]["name"], made["spec"]["template"]
    owner = {"uid": made["metadata"]["uid"], "apiVersion": "batch/v1", "kind": "Job", "name": name}
    node = template["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    node = node["nodeSelectorTerms"][0]["matchFields"][0]["values"][0]
    options = dict(arg[2:].split("=", 1) for arg in template["spec"]["containers"][0]["args"] if "=" in arg)
    fake.objects[f"/api/v1/namespaces/{made['metadata']['namespace']}/pods/{name}-x"] = {
        "metadata": {
            "name": f"{name}-x",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {**template["metadata"]["labels"], "job-name": name},
            "ownerReferences": [owner],
        },
        "spec": {"nodeName": node, "containers": []},
        "status": status(node, options),
    }


def status(node: str, options: dict[str, str]) -> dict[str, Any]:
    if not options:
        return {"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}]}
    said = document(client_node=node, server_node=options["server-node"])
    if options.get("path") == "node_to_node":
        said = {"client_node": node, "node_to_node": round_trips(0.1), "errors": {}}
    ended = {"exitCode": 0, "reason": "Completed", "message": json.dumps(said)}
    container = {"name": "netprobe", "image": "i", "imageID": "i", "ready": False, "restartCount": 0}
    return {"phase": "Succeeded", "containerStatuses": [{**container, "state": {"terminated": ended}}]}


def documents(project: Project) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(project.reports.glob("ew/*/*.json"))]


def names(project: Project, kind: str) -> list[str]:
    return sorted(Path(path).suffix for path in project.reports.glob(f"{kind}/*/*"))


def test_the_marker_probes_alone_and_leaves_nothing_in_the_cluster(project: Project, cluster: FakeCluster) -> None:
    outcome = project.run("-m", "ew_probe")
    outcome.assert_outcomes(passed=1, deselected=1)
    (found,) = documents(project)
    assert [(pair["client_node"], pair["server_node"]) for pair in found["pairs"]] == [
        ("node-1", "node-1"),
        ("node-1", "node-2"),
    ]
    assert set(found["paths"]) == {"pod_to_pod", "pod_to_service", "node_to_node"}
    assert found["settings"]["namespace"] == "ragmeter-netprobe"
    assert names(project, "ew") == [".html", ".json", ".prom", ".xml"]
    assert project.sent == 0
    assert sorted(cluster.objects) == [f"/api/v1/nodes/{name}" for name in NODES]
    outcome.stdout.fnmatch_lines(
        ["east-west @ mine: 2 nodes, 2 pairs*", "*Round trip between pods*", "*.{json,prom,xml}"]
    )


def test_its_page_has_the_heat_map(project: Project, cluster: FakeCluster) -> None:
    project.run("-m", "ew_probe")
    (page,) = project.reports.glob("ew/mine/*.html")
    assert 'class="cell heat' in page.read_text()


def test_a_provider_that_is_only_probed_needs_no_url(project: Project, cluster: FakeCluster) -> None:
    project.provider(base_url="${NOT_SET_ANYWHERE}", kube_context="fake")
    project.run("-m", "ew_probe").assert_outcomes(passed=1, deselected=1)


def test_a_load_makes_no_pods_unless_asked(project: Project, cluster: FakeCluster) -> None:
    project.run().assert_outcomes(passed=1, deselected=1)
    assert not [asked for asked in cluster.asked if asked.startswith("POST")]


def test_a_provider_without_a_context_is_refused(project: Project, cluster: FakeCluster) -> None:
    project.provider()
    refused(project, project.run("-m", "ew_probe"), "mine.yaml: $.kube_context: missing", "kubectl config get-contexts")


def test_an_unknown_context_is_refused(project: Project, cluster: FakeCluster) -> None:
    project.provider(kube_context="other")
    refused(project, project.run("-m", "ew_probe"), "context 'other'", "known: fake")


def test_who_may_not_list_nodes_is_told_which_permission_it_takes(project: Project, cluster: FakeCluster) -> None:
    cluster.refusals["GET"] = [403]
    refused(project, project.run("-m", "ew_probe"), "cannot list nodes: HTTP 403", "ask for that verb")


def test_who_may_not_make_jobs_gets_one_sentence_and_leaves_nothing(project: Project, cluster: FakeCluster) -> None:
    cluster.objects["/api/v1/namespaces/ragmeter-netprobe"] = {"metadata": {"name": "ragmeter-netprobe", "uid": "u"}}
    cluster.refusals["POST"] = [403]
    outcome = project.run("-m", "ew_probe")
    outcome.assert_outcomes(failed=1, deselected=1)
    said = outcome.stdout.str()
    assert "cannot create jobs.batch netprobe-" in said
    assert "Traceback" not in said
    assert [path for path in cluster.objects if "netprobe" in path] == ["/api/v1/namespaces/ragmeter-netprobe"]


def test_a_pod_that_was_killed_is_a_reason_and_the_other_pairs_are_kept(project: Project, cluster: FakeCluster) -> None:
    def kill_one(made: dict[str, Any]) -> None:
        run_pod(cluster, made)
        killed = cluster.objects.get(f"/api/v1/namespaces/ragmeter-netprobe/pods/{made['metadata']['name']}-x")
        if killed and "-pair-2" in made["metadata"]["name"]:
            killed["status"] = {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}

    cluster.made = kill_one
    project.run("-m", "ew_probe").assert_outcomes(passed=1, deselected=1)
    (found,) = documents(project)
    assert found["same_node"] is True
    assert "Evicted: low on memory" in found["pairs"][1]["errors"]["probe"]
    assert found["pairs"][1]["latency"] is None
    assert found["pairs"][1]["paths"].keys() == {"node_to_node"}


def test_ctrl_c_keeps_what_was_measured_and_leaves_nothing(project: Project, cluster: FakeCluster) -> None:
    def interrupt(made: dict[str, Any]) -> None:
        run_pod(cluster, made)
        if "-pair-2" in made["metadata"]["name"]:
            import _thread

            _thread.interrupt_main()
            del cluster.objects[f"/api/v1/namespaces/ragmeter-netprobe/pods/{made['metadata']['name']}-x"]

    cluster.made = interrupt
    asked = ("--provider=./mine.yaml", "-m", "ew_probe")
    outcome = project.pytester.runpytest_inprocess(*PLUGINS, *asked, no_reraise_ctrlc=True)
    assert outcome.ret == pytest.ExitCode.INTERRUPTED
    (found,) = documents(project)
    assert found["status"] == "interrupted"
    assert len(found["pairs"]) == 1
    assert sorted(cluster.objects) == [f"/api/v1/nodes/{name}" for name in NODES]


def test_a_probe_is_pushed_and_replaces_the_one_before(project: Project, cluster: FakeCluster, tmp_path: Path) -> None:
    """To a real Pushgateway."""
    with pushgateway(tmp_path / "log") as address:
        for _ in range(2):
            outcome = project.run("-m", "ew_probe", f"--bench-pushgateway=http://{address}")
            outcome.assert_outcomes(passed=1, deselected=1)
        page = httpx.get(f"http://{address}/metrics", trust_env=False).text
    found = {family.name: family.samples for family in text_string_to_metric_families(page)}
    labels = [sample.labels for sample in found["ew_latency_p99_ms"]]
    assert {(at["job"], at["provider"]) for at in labels} == {("east_west_probe", "mine")}
    assert {at["path"] for at in labels} == {"pod_to_pod", "pod_to_service", "node_to_node"}
    assert {sample.value for sample in found["ew_tcp_throughput_gbps"]} == {4.0, 3.0, 5.0, 4.5}
    assert [sample.value for sample in found["ew_probe_failed_pairs"]] == [0.0]
    assert len(found["ew_probe_timestamp_seconds"]) == 1
