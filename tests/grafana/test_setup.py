"""Scrape configurations, provisioning and the compose file. No container engine is needed: structure only."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.prices import hourly_prices
from tests.grafana.boards import GRAFANA
from tests.grafana.observation import CENTRAL, CLUSTER
from tests.k8s.manifests import kustomize
from tests.programs import program

COMPOSE: dict[str, Any] = yaml.safe_load((GRAFANA / "compose.yaml").read_text("utf-8"))
TLS: dict[str, Any] = yaml.safe_load((GRAFANA / "compose.tls.yaml").read_text("utf-8"))
ALL = COMPOSE["services"] | TLS["services"]
SERVICES = pytest.mark.parametrize("service", ALL.values(), ids=ALL)


def load(path: str) -> Any:
    return yaml.safe_load((GRAFANA / path).read_text("utf-8"))


@pytest.mark.parametrize("name", ["compose.yaml", "compose.tls.yaml"])
def test_a_compose_file_fits_the_schema_of_the_specification(name: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(GRAFANA / name)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout


@SERVICES
def test_an_image_is_pinned_to_a_version(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z0-9./-]+:v?\d+\.\d+\.\d+", service["image"])


@pytest.mark.parametrize("service", COMPOSE["services"].values(), ids=COMPOSE["services"])
def test_a_port_is_published_on_loopback_unless_told_otherwise(service: dict[str, Any]) -> None:
    assert all(re.fullmatch(r"\$\{MONITORING_ADDRESS:-127\.0\.0\.1\}:\d+:\d+", port) for port in service["ports"])


@SERVICES
def test_a_mounted_file_exists_and_cannot_be_written(service: dict[str, Any]) -> None:
    for volume in service["volumes"]:
        source, _, mode = volume.split(":") if volume.startswith("./") else (*volume.split(":"), "")
        if source.startswith("./"):
            assert (GRAFANA / source).exists(), volume
            assert mode == "ro", volume
        else:
            assert source in COMPOSE["volumes"] | TLS["volumes"]


@SERVICES
def test_a_service_has_a_healthcheck_and_gains_no_privileges(service: dict[str, Any]) -> None:
    assert {"test", "interval", "timeout", "retries"} <= set(service["healthcheck"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_grafana_has_no_default_password() -> None:
    environment = COMPOSE["services"]["grafana"]["environment"]
    assert environment["GF_SECURITY_ADMIN_PASSWORD"].startswith("${GRAFANA_ADMIN_PASSWORD:?")
    assert environment["GF_SECURITY_ADMIN_USER"].startswith("${GRAFANA_ADMIN_USER:?")
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    example = (GRAFANA / "monitoring.env.example").read_text("utf-8").splitlines()
    assert {"GRAFANA_ADMIN_USER=", "GRAFANA_ADMIN_PASSWORD="} <= set(example)
    assert "/monitoring.env" in (GRAFANA / ".gitignore").read_text("utf-8").splitlines()


def test_what_is_provisioned_is_where_compose_mounts_it() -> None:
    grafana = dict(volume.split(":")[:2] for volume in COMPOSE["services"]["grafana"]["volumes"])
    provider = load("provisioning/dashboards/ragmeter.yaml")["providers"][0]
    assert grafana["./dashboards"] == provider["options"]["path"]
    source = load("provisioning/datasources/prometheus.yaml")["datasources"][0]
    assert source["url"] == "http://prometheus:9090"
    assert source["jsonData"]["timeInterval"] == load("prometheus/central.yaml")["global"]["scrape_interval"]


def test_a_grafana_in_a_cluster_gets_every_dashboard_in_pieces_that_kubectl_takes() -> None:
    """``kubectl apply`` keeps what it applied in an annotation, and all annotations may have 256 KiB."""
    found: dict[str, str] = {}
    for each in kustomize(GRAFANA):
        assert (each["kind"], each["metadata"]["namespace"]) == ("ConfigMap", "monitoring")
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert len(json.dumps(each)) < 200 * 1024
        found |= each["data"]
    assert found == {path.name: path.read_text("utf-8") for path in (GRAFANA / "dashboards").iterdir()}


def test_the_example_has_a_datasource_for_each_provider_and_no_secret() -> None:
    sources = load("provisioning/datasources/per-provider.yaml.example")["datasources"]
    priced = {price.provider for price in hourly_prices(GRAFANA.parent / "fixtures" / "providers")}
    assert {source["name"] for source in sources} == priced
    assert len({source["uid"] for source in sources}) == len(priced)
    for source in sources:
        assert source["url"].startswith("https://")
        assert source["secureJsonData"]["basicAuthPassword"].startswith("$__file{/run/secrets/")


def test_promtool_accepts_the_central_configuration_with_its_rules(tmp_path: Path) -> None:
    (tmp_path / "rules").symlink_to(GRAFANA / "rules")
    (tmp_path / "targets").symlink_to(GRAFANA / "prometheus" / "targets")
    config = tmp_path / "central.yaml"
    config.write_text((GRAFANA / "prometheus" / "central.yaml").read_text("utf-8"), encoding="utf-8")
    command = [program("promtool"), "check", "config", str(config)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "2 rule files found" in checked.stdout


@pytest.mark.parametrize("path", [CENTRAL, CLUSTER], ids=lambda path: path.stem)
def test_the_label_provider_is_attached_at_the_scrape_unless_the_target_names_it(path: Path) -> None:
    config = yaml.safe_load(path.read_text("utf-8"))
    for job in config["scrape_configs"]:
        attached = any(rule.get("target_label") == "provider" for rule in job.get("relabel_configs", ()))
        assert attached != job.get("honor_labels", False), job["job_name"]
