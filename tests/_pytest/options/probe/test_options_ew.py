"""Options of the east-west probe: what they replace, and what is refused."""

from typing import Any

import pytest

from ragmeter._pytest.options.probe_options import PROBE
from tests._pytest.options.probe.test_ew_probe import cluster, documents  # noqa: F401 - a fixture
from tests._pytest.project import Project, refused
from tests.clients.kube_fake import FakeCluster

VALUES: dict[str, tuple[Any, Any]] = {
    "nodes": (5, 2),
    "namespace": ("of-file", "of-option"),
    "image": ("i:1", "i:4"),
    "pull_policy": ("Always", "Never"),
    "samples": (100, 400),
    "seconds": (5, 2),
    "streams": (5, 2),
    "udp_mbps": (5.5, 2.5),
    "timeout": (50.5, 20.5),
    "parts": (["latency"], ["latency", "udp"]),
}
"""By key: of the file and of the option."""


def used(project: Project, *arguments: str) -> dict[str, Any]:
    project.forget()
    project.run("-m", "ew_probe", *arguments)
    (found,) = documents(project)
    return {key: value for key, value in found["settings"].items() if key in VALUES}


def written(value: Any) -> Any:
    return ",".join(value) if isinstance(value, list) else value


def test_every_option_replaces_the_value_of_the_provider_file(project: Project, cluster: FakeCluster) -> None:  # noqa: F811
    of_file, of_option = ({key: at[i] for key, at in VALUES.items()} for i in range(2))
    assert {option.key for option in PROBE.options} == {f"netprobe.{key}" for key in VALUES}
    project.provider(kube_context="fake", netprobe=of_file)
    assert used(project) == of_file
    typed = [f"--ew-{key.replace('_', '-')}={written(value)}" for key, value in of_option.items()]
    assert used(project, *typed) == of_option


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--ew-nodes=-1", "$.netprobe.nodes: -1 is not >= 0"),
        ("--ew-nodes=all", "'all' is not a whole number"),
        ("--ew-namespace=My_Space", "$.netprobe.namespace: 'My_Space' is not made of"),
        ("--ew-pull-policy=Sometimes", "'Sometimes' is not one of Always, IfNotPresent, Never"),
        ("--ew-samples=0", "$.netprobe.samples: 0 is not >= 1"),
        ("--ew-seconds=0", "$.netprobe.seconds: 0 is not >= 1"),
        ("--ew-streams=65", "$.netprobe.streams: 65 is not <= 64"),
        ("--ew-udp-mbps=0", "$.netprobe.udp_mbps: 0.0 is not > 0"),
        ("--ew-parts=latency,tdp", "$.netprobe.parts[1]: 'tdp' is not one of latency, tcp, udp"),
        ("--ew-timeout=soon", "'soon' is not like 10, 1.5s"),
    ],
)
def test_bad_value_is_refused(project: Project, option: str, words: str) -> None:
    refused(project, project.run(option), option.split("=", maxsplit=1)[0], words)
