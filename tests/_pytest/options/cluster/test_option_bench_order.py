"""--bench-order. That a pod leaves its documents is shown on a real cluster by tests/k8s."""

from tests._pytest.project import Project, refused


def test_outside_a_pod_it_is_refused_before_any_load(project: Project) -> None:
    refused(project, project.run("--bench-order=mine"), "this is no pod of a cluster")
    project.env(RAGMETER_ORDER="mine")
    refused(project, project.run(), "this is no pod of a cluster")


def test_several_workloads_are_refused(project: Project) -> None:
    project.workload("other")
    outcome = project.run("--bench-order=mine", "--workload=./tiny.yaml", "--workload=./other.yaml")
    refused(project, outcome, "--bench-order: an order is one workload on one provider, not mine-tiny, mine-other")
