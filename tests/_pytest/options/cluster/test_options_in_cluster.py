"""--bench-in-cluster and what goes with it. That pods send the load is shown on a real cluster by tests/k8s."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import ragmeter.clients.kube.owned  # noqa: F401 - pytester forgets what is first imported within a run
from ragmeter.clients.kube import api as kube_api
from ragmeter.clients.plugins import registry
from tests._pytest.project import Project, refused
from tests.clients.kube_fake import FakeCluster, fake_cluster


def test_a_provider_without_a_context_is_refused(project: Project) -> None:
    words = "mine.yaml: $.kube_context: missing: --bench-in-cluster needs the context of a kubeconfig"
    refused(project, project.run("--bench-in-cluster"), words)


def test_several_arms_are_refused(project: Project) -> None:
    project.provider("theirs")
    words = "not with --bench-in-cluster: pods of several runs do not take turns trial by trial"
    outcome = project.run("--bench-in-cluster", "--provider=./theirs.yaml")
    refused(project, outcome, "--provider=mine, theirs: ", words)
    refused(project, project.run("--bench-in-cluster", "--bench-aa"), "--bench-aa: ", words)


@pytest.mark.parametrize(
    ("key", "section"),
    [
        ("until", {"until": {"ci_width": 0.1, "max_trials": 9}}),
        (
            "load.search",
            {
                "benchmark": {"requests": 20},
                "load": {"shape": "closed", "search": {"metric": "good_ratio", "at_least": 0.9}},
                "goodput": {"ttft_ms": 100},
            },
        ),
    ],
)
def test_a_load_that_depends_on_its_figures_is_of_one_pod(project: Project, key: str, section: dict[str, Any]) -> None:
    project.workload(slo=["p50(ttft_ms) <= 100"], **section)
    words = f"tiny.yaml: $.{key}: not with a load in 2 shards"
    refused(project, project.run("--bench-in-cluster", "--bench-pods=2"), words)
    project.env(RAGMETER_SHARDS="2")
    refused(project, project.run("--bench-order=mine"), words)


HOOKED = """
from rag_socket import RagSocket


def pytest_ragmeter_targets():
    return {"rag-socket": RagSocket}
"""
SPEAKER = """
class RagSocket:
    clock = "wire"

    async def ask(self, question):
        yield await (await question.open()).read()

    async def aclose(self): ...
"""


def test_a_plugin_that_a_hook_names_is_refused_before_pods_lack_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_named", {})
    project.pytester.makepyfile(rag_socket=SPEAKER)
    project.pytester.makeconftest(HOOKED)
    answer = {"text": "text", "end": {"where": "end"}}
    target = {"plugin": "rag-socket", "path": "/chat", "body": {"q": "{prompt}"}, "answer": answer}
    project.workload(target=target)
    words = "tiny.yaml: $.target.plugin: 'rag-socket' is named by a hook, which pods do not have"
    refused(project, project.run("--bench-in-cluster"), words)


@pytest.fixture
def fake(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    """The cluster of the provider file, which a test tells what to refuse."""
    monkeypatch.setattr(kube_api, "FIRST_PAUSE_S", 0.001)
    with fake_cluster() as cluster:
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": cluster.url}}],
            "users": [{"name": "u", "user": {"token": "hunter2"}}],
            "contexts": [{"name": "fake", "context": {"cluster": "c", "user": "u"}}],
        }
        path = tmp_path / "config"
        path.write_text(yaml.safe_dump(document))
        monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
        project.provider(kube_context="fake")
        yield cluster


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "the credentials are refused: they may have expired"),
        (403, "ask for that verb on that resource"),
        (409, ""),
        (410, ""),
        (429, ""),
        (500, ""),
    ],
)
def test_what_the_api_server_refuses_is_told_before_anything_is_made(
    project: Project, fake: FakeCluster, status: int, words: str
) -> None:
    fake.refusals["GET"] = [status] * kube_api.TRIES
    sentence = (
        "Kubernetes context 'fake': cannot get serviceaccounts rag-benchmark in namespace 'ragmeter': "
        f"HTTP {status}: refused with {status}"
    )
    outcome = project.run("--bench-in-cluster")
    refused(project, outcome, sentence, words)
    assert "hunter2" not in outcome.stderr.str() + outcome.stdout.str()
    assert fake.objects == {}


@pytest.mark.parametrize("status", [401, 403, 409, 410, 429, 500])
def test_a_run_that_the_api_server_refuses_fails_with_its_words(
    project: Project, fake: FakeCluster, status: int
) -> None:
    path = "/api/v1/namespaces/ragmeter/serviceaccounts/rag-benchmark"
    fake.objects[path] = {"kind": "ServiceAccount", "metadata": {"name": "rag-benchmark", "uid": "u"}}
    fake.refusals["POST"] = [status] * kube_api.TRIES
    outcome = project.run("--bench-in-cluster")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    said = " ".join(outcome.stdout.str().split())
    assert f"in namespace 'ragmeter': HTTP {status}: refused with {status}" in said
    assert list(fake.objects) == [path]


def test_edge_without_pods_is_refused(project: Project) -> None:
    refused(project, project.run("--bench-edge"), "--bench-edge means nothing without --bench-in-cluster")


@pytest.mark.parametrize(("slots", "pods", "needed"), [(1, 1, 2), (4, 3, 6)])
def test_each_side_of_an_edge_needs_something_to_send(project: Project, slots: int, pods: int, needed: int) -> None:
    outcome = project.run("--bench-in-cluster", "--bench-edge", f"--bench-concurrency={slots}", f"--bench-pods={pods}")
    words = f"$.benchmark.concurrency: {slots}: --bench-edge sends half of it from each side, so it takes {needed} or"
    refused(project, outcome, words)


def test_slots_that_cannot_be_dealt_evenly_are_refused(project: Project) -> None:
    outcome = project.run("--bench-in-cluster", "--bench-edge", "--bench-concurrency=5")
    words = "$.benchmark.concurrency: 5: --bench-edge divides the slots evenly"
    refused(project, outcome, words, "take an even number")


def test_edge_that_cannot_be_reached_is_refused_before_anything_is_made(project: Project, fake: FakeCluster) -> None:
    path = "/api/v1/namespaces/ragmeter/serviceaccounts/rag-benchmark"
    fake.objects[path] = {"kind": "ServiceAccount", "metadata": {"name": "rag-benchmark", "uid": "u"}}
    project.provider(kube_context="fake", base_url="http://127.0.0.1:1")
    refused(project, project.run("--bench-in-cluster", "--bench-edge"), "127.0.0.1:1")
    assert list(fake.objects) == [path]
