"""--bench-in-cluster and what goes with it. That pods send the load is shown on a real cluster by tests/k8s."""

import pytest

from tests._pytest.project import Project, refused


def test_a_provider_without_a_context_is_refused(project: Project) -> None:
    words = "mine.yaml: $.kube_context: missing: --bench-in-cluster needs the context of a kubeconfig"
    refused(project, project.run("--bench-in-cluster"), words)
    project.env(RAGMETER_IN_CLUSTER="1")
    refused(project, project.run(), words)
    project.patch.delenv("RAGMETER_IN_CLUSTER")
    project.ini(bench_in_cluster="true")
    refused(project, project.run(), words)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("pods", "0", "0 is not >= 1"),
        ("pods", "two", "'two' is not a whole number"),
        ("begin-timeout", "0", "'0' is not > 0"),
        ("service-url", "rag-backend", "'rag-backend'"),
    ],
)
def test_bad_value_is_refused(project: Project, option: str, value: str, words: str) -> None:
    refused(project, project.run("--bench-in-cluster", f"--bench-{option}={value}"), f"--bench-{option}: ", words)
    variable = "RAGMETER_" + option.upper().replace("-", "_")
    project.env(**{variable: value})
    refused(project, project.run("--bench-in-cluster"), f"environment {variable}: ", words)


def test_an_option_that_would_be_ignored_is_refused(project: Project) -> None:
    refused(project, project.run("--bench-pods=2"), "--bench-pods: 2 means nothing without --bench-in-cluster")
    project.env(RAGMETER_IMAGE="runner:1.0.0")
    words = "environment RAGMETER_IMAGE: 'runner:1.0.0' means nothing without --bench-in-cluster"
    refused(project, project.run(), words)
