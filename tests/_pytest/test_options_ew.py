"""Options of the east-west probe: option > environment > ini > provider file, and what is refused."""

from typing import Any

import pytest

from ragmeter._pytest.probe_options import probe_settings
from tests._pytest.project import Project, refused
from tests._pytest.test_ew_probe import cluster, documents  # noqa: F401 - a fixture
from tests.clients.kube_fake import FakeCluster

VALUES: dict[str, tuple[Any, Any, Any, Any]] = {
    "nodes": (5, 4, 3, 2),
    "namespace": ("of-file", "of-ini", "of-environment", "of-option"),
    "image": ("i:1", "i:2", "i:3", "i:4"),
    "pull_policy": ("Always", "Never", "IfNotPresent", "Always"),
    "samples": (100, 200, 300, 400),
    "seconds": (5, 4, 3, 2),
    "streams": (5, 4, 3, 2),
    "udp_mbps": (5.5, 4.5, 3.5, 2.5),
    "timeout": (50.5, 40.5, 30.5, 20.5),
    "parts": (["latency"], ["tcp"], ["udp"], ["latency", "udp"]),
}
"""By key: of the file, the ini, the environment and the option."""


def used(project: Project, *arguments: str) -> dict[str, Any]:
    project.forget()
    project.run("-m", "ew_probe", *arguments)
    (found,) = documents(project)
    return {key: value for key, value in found["settings"].items() if key in VALUES}


def written(value: Any) -> Any:
    return ",".join(value) if isinstance(value, list) else value


def test_every_setting_has_an_option() -> None:
    assert {option.name for option in probe_settings} == {f"ew_{key}" for key in VALUES}


def test_precedence_of_every_option(project: Project, cluster: FakeCluster) -> None:  # noqa: F811
    of_file, of_ini, of_environment, of_option = ({key: at[i] for key, at in VALUES.items()} for i in range(4))
    project.provider(kube_context="fake", netprobe=of_file)
    assert used(project) == of_file
    project.ini(**{f"ew_{key}": written(value) for key, value in of_ini.items()})
    assert used(project) == of_ini
    project.env(**{f"RAGMETER_EW_{key.upper()}": written(value) for key, value in of_environment.items()})
    assert used(project) == of_environment
    assert (
        used(project, *(f"--ew-{k.replace('_', '-')}={written(value)}" for k, value in of_option.items())) == of_option
    )


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--ew-nodes=-1", "$.netprobe.nodes: -1 is not >= 0"),
        ("--ew-nodes=all", "'all' is not a whole number"),
        ("--ew-namespace=My_Space", "$.netprobe.namespace: 'My_Space' does not match"),
        ("--ew-pull-policy=Sometimes", "'Sometimes' is not one of Always, IfNotPresent, Never"),
        ("--ew-samples=0", "$.netprobe.samples: 0 is not >= 1"),
        ("--ew-seconds=0", "$.netprobe.seconds: 0 is not >= 1"),
        ("--ew-streams=65", "$.netprobe.streams: 65 is not <= 64"),
        ("--ew-udp-mbps=0", "$.netprobe.udp_mbps: 0.0 is not > 0"),
        ("--ew-parts=latency,tdp", "$.netprobe.parts[1]: 'tdp' is not one of latency, tcp, udp"),
        ("--ew-timeout=soon", "'soon' is not a number"),
    ],
)
def test_bad_value_is_refused(project: Project, option: str, words: str) -> None:
    refused(project, project.run(option), option.split("=", maxsplit=1)[0], words)
