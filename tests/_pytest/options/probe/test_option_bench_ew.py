"""--bench-ew. The cluster is a fake; a real one is probed around a load in tests/k8s."""

from pathlib import Path
from typing import Any

import pytest

from ragmeter.cli import main
from tests._pytest.options.probe.test_ew_probe import NODES, cluster, documents, run_pod  # noqa: F401 - a fixture
from tests._pytest.project import PLUGINS, Project, refused
from tests.clients.kube_fake import FakeCluster

LABELS = {"app.kubernetes.io/name": "rag-backend"}, {"app.kubernetes.io/component": "llm"}


@pytest.fixture
def placed(cluster: FakeCluster) -> FakeCluster:  # noqa: F811
    """The backend runs on node-1, the LLM on node-2."""
    for node, labels in zip(NODES, LABELS, strict=True):
        place(cluster, node, labels)
    return cluster


def place(cluster: FakeCluster, node: str, labels: dict[str, str]) -> None:  # noqa: F811
    (name,) = labels.values()
    pod = {"metadata": {"name": name, "labels": labels}, "spec": {"nodeName": node, "containers": []}}
    cluster.objects[f"/api/v1/namespaces/ragmeter/pods/{name}"] = {**pod, "status": {"phase": "Running"}}


def measured(project: Project, *arguments: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(probe, result) of a run whose tests passed."""
    project.forget()
    project.run(*arguments).assert_outcomes(passed=2)
    (probe,) = documents(project)
    return probe, project.result()


@pytest.mark.parametrize("moment", ["before", "after", "during"])
def test_a_load_and_its_probe_name_each_other(project: Project, placed: FakeCluster, moment: str) -> None:
    project.provider(kube_context="fake", script="slow")
    probe, result = measured(project, f"--bench-ew={moment}", "--bench-requests=8", "--bench-concurrency=1")
    (path,) = project.reports.glob("ew/mine/*.json")
    assert (probe["load"], probe["runs"]) == (moment, [result["run_id"]])
    assert result["netprobe_reference"] == str(path.relative_to(project.pytester.path))
    assert result["run_metadata"]["netprobe_ew_path"] == result["netprobe_reference"]
    said = result["attribution"]["llm_network"]
    assert said.startswith(
        "backend on node-1, LLM on node-2: measured pair node-1 → node-2; 0.25 ms (pod to service, p50)"
    )
    when = {"before": "p50)", "after": "measured after the load", "during": "measured beside the load"}
    assert said.endswith(when[moment])
    assert (result["run_metadata"]["backend_nodes"], result["run_metadata"]["llm_nodes"]) == NODES
    assert not [path for path in placed.objects if "netprobe" in path]


def test_beside_a_load_it_is_latency_alone_unless_bandwidth_is_asked_for(project: Project, placed: FakeCluster) -> None:
    project.provider(kube_context="fake", script="slow", netprobe={"parts": ["latency", "tcp"]})
    load = ("--bench-requests=8", "--bench-concurrency=1")
    assert measured(project, "--bench-ew=during", *load)[0]["settings"]["parts"] == ["latency"]
    asked = measured(project, "--bench-ew=during", "--ew-parts=latency,udp", *load)
    assert asked[0]["settings"]["parts"] == ["latency", "udp"]
    assert measured(project, "--bench-ew=after")[0]["settings"]["parts"] == ["latency", "tcp"]


def test_what_a_probe_beside_the_load_did_to_it_is_said(project: Project, placed: FakeCluster) -> None:
    project.provider(kube_context="fake", script="slow")
    _, result = measured(project, "--bench-ew=during", "--bench-requests=8", "--bench-concurrency=1")
    (said,) = [warning for warning in result["warnings"] if "beside the load" in warning]
    assert "its traffic is in the figures: TTFT p50 was " in said


def test_pairs_that_the_load_leaves_no_time_for_have_no_figures(project: Project, placed: FakeCluster) -> None:
    placed.made = lambda made: run_pod(placed, made) if "-pair-" not in made["metadata"]["name"] else None
    project.provider(kube_context="fake", netprobe={"timeout": 0.5})
    project.run("--bench-ew=during").assert_outcomes(passed=1, failed=1)
    (probe,) = documents(project)
    assert [pair["latency"] for pair in probe["pairs"]] == [None, None]
    assert "the load was over before this pair was measured" in str(probe["errors"])
    assert project.result()["netprobe_reference"] is None


def test_a_rendered_record_refers_to_the_probe_that_came_after_it(project: Project, placed: FakeCluster) -> None:
    project.provider(kube_context="fake")
    _, result = measured(project, "--bench-ew=after")
    (record,) = project.reports.glob("ns/mine/*.raw.jsonl")
    assert main(["render", str(record)]) == 0
    assert project.result()["netprobe_reference"] == result["netprobe_reference"]


def test_a_probe_that_fails_is_a_warning_and_the_run_is_whole(project: Project, placed: FakeCluster) -> None:
    placed.objects["/api/v1/namespaces/ragmeter-netprobe"] = {"metadata": {"name": "ragmeter-netprobe", "uid": "u"}}
    placed.refusals["POST"] = [403, 403]
    project.provider(kube_context="fake")
    outcome = project.run("--bench-ew=before")
    outcome.assert_outcomes(passed=1, failed=1)
    outcome.stdout.fnmatch_lines(["*no east-west probe: *cannot create jobs.batch netprobe-*HTTP 403*"])
    result = project.result()
    assert result["status"] == "complete"
    assert any("no east-west probe: " in warning for warning in result["warnings"])


def test_ctrl_c_in_a_probe_after_the_load_loses_nothing_of_the_run(project: Project, placed: FakeCluster) -> None:
    def interrupt(made: dict[str, Any]) -> None:
        run_pod(placed, made)
        if "-pair-2" in made["metadata"]["name"]:
            import _thread

            _thread.interrupt_main()
            del placed.objects[f"/api/v1/namespaces/ragmeter-netprobe/pods/{made['metadata']['name']}-x"]

    placed.made = interrupt
    project.provider(kube_context="fake")
    asked = ("--provider=./mine.yaml", "--bench-ew=after")
    outcome = project.pytester.runpytest_inprocess(*PLUGINS, *asked, no_reraise_ctrlc=True)
    assert outcome.ret == pytest.ExitCode.INTERRUPTED
    (probe,) = documents(project)
    assert (probe["status"], len(probe["pairs"])) == ("interrupted", 1)
    assert project.result()["status"] == "complete"
    assert project.result()["netprobe_reference"] is not None
    assert not [path for path in placed.objects if "netprobe" in path]


def test_ctrl_c_in_the_load_makes_no_probe_after_it(project: Project, placed: FakeCluster) -> None:
    project.provider(kube_context="fake", script="slow")
    project.suite(
        """
        import _thread, threading

        def test_load(run_workload):
            threading.Timer(1, _thread.interrupt_main).start()
            run_workload()
        """
    )
    asked = ("--provider=./mine.yaml", "--bench-ew=after", "--bench-requests=40", "--bench-concurrency=1")
    outcome = project.pytester.runpytest_inprocess(*PLUGINS, *asked, no_reraise_ctrlc=True)
    assert outcome.ret == pytest.ExitCode.INTERRUPTED
    assert documents(project) == []
    assert not [asked for asked in placed.asked if asked.startswith("POST")]


def test_pods_that_moved_leave_the_pair_unknown(project: Project, placed: FakeCluster) -> None:
    def move(made: dict[str, Any]) -> None:
        run_pod(placed, made)
        if "-pair-" in made["metadata"]["name"]:
            place(placed, "node-2", LABELS[0])

    placed.made = move
    project.provider(kube_context="fake")
    said = measured(project, "--bench-ew=after")[1]["attribution"]["llm_network"]
    assert said.startswith("where backend and LLM run is not known: pods moved during the run: backend on node-1, ")


def test_who_may_not_list_pods_gets_the_reference_and_the_reason(project: Project, cluster: FakeCluster) -> None:  # noqa: F811
    project.provider(kube_context="fake", netprobe={"llm_pods": "app=my-llm"}, kube_namespace="mine")
    place(cluster, "node-1", LABELS[0])
    said = measured(project, "--bench-ew=before")[1]["attribution"]["llm_network"]
    assert (
        "no pod of the backend runs (app.kubernetes.io/name=rag-backend in namespace 'mine'); no pod of the LLM" in said
    )
    assert "taken is node-1 → node-2, the median of the pairs of nodes" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bench-ew=always"], "--bench-ew: 'always' is not one of before, after, during"),
        (["--bench-ew=during", "--bench-aa"], "--bench-ew: 'during' needs a single provider without --bench-aa"),
        (["--bench-ew=during", "--bench-in-cluster"], "with --bench-in-cluster probe before or after it"),
        (["--bench-ew=after", "--bench-netprobe=off"], "--bench-netprobe: 'off': with --bench-ew results refer"),
        (["--bench-ew=after", "--ew-parts=latency,tdp"], "'tdp' is not one of latency, tcp, udp"),
    ],
)
def test_what_cannot_be_is_refused(project: Project, placed: FakeCluster, arguments: list[str], words: str) -> None:
    project.provider(kube_context="fake")
    refused(project, project.run(*arguments), words)


def test_a_provider_without_a_context_is_refused_before_its_load(project: Project, placed: FakeCluster) -> None:
    project.provider()
    refused(project, project.run("--bench-ew=after"), "mine.yaml: $.kube_context: missing")
    assert not list(Path(project.reports).glob("ns/*/*.json"))
