"""The price sheets against the overlays: what is deployed is what is charged."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from ragmeter.core.money.cost import hourly_parts, price_sheet_from
from tests.k8s.deployed import with_components
from tests.k8s.manifests import CLOUDS, K8S, Manifest, kustomize, of_kind, overlay
from tests.k8s.test_k8s_providers import provider

BASE = {"akamai-lke": 0.592, "aws-eks": 0.988, "gcp-gke": 1.0876}
"""USD an hour of the nodes and the management alone, as published with the predecessor's runs."""
EXTRAS = {"storage_gb", "load_balancer_count", "nat_gateway_count"}


def prices(name: str) -> dict[str, Any]:
    sheet: dict[str, Any] = provider(name)["cost"]
    return sheet


def claimed_gb(rendered: tuple[Manifest, ...]) -> int:
    """Providers charge a GiB as a GB."""
    sizes = [claim["spec"]["resources"]["requests"]["storage"] for claim in of_kind(rendered, "PersistentVolumeClaim")]
    return sum(int(size.removesuffix("Gi")) for size in sizes)


def load_balancers(rendered: tuple[Manifest, ...]) -> int:
    return sum(each["spec"].get("type") == "LoadBalancer" for each in of_kind(rendered, "Service"))


@pytest.mark.parametrize("name", CLOUDS)
def test_volumes_and_load_balancers_are_charged_as_they_are_deployed(name: str) -> None:
    sheet = prices(name)
    assert (sheet["storage_gb"], sheet["load_balancer_count"]) == (
        claimed_gb(overlay(name)),
        load_balancers(overlay(name)),
    )
    assert sheet.get("nat_gateway_count", 0) == 0, "no overlay makes a NAT gateway"


@pytest.mark.parametrize("name", CLOUDS)
def test_with_the_components_the_sheet_takes_what_its_comments_say(name: str, tmp_path: Path) -> None:
    shutil.copytree(K8S, tmp_path / "k8s")
    folder = with_components(tmp_path / "k8s" / "overlays" / name, "load-balancer", "persistent-index")
    rendered = tuple(kustomize(folder))
    assert (load_balancers(rendered), claimed_gb(rendered)) == (1, prices(name)["storage_gb"] + 10)
    sheet = price_sheet_from({**prices(name), "load_balancer_count": 1, "storage_gb": claimed_gb(rendered)})
    parts, unknown = hourly_parts(sheet)
    assert unknown == []
    assert parts["load_balancer"] == sheet.load_balancer_usd_per_hr > 0  # type: ignore[operator]
    assert parts["storage"] == pytest.approx(50 * prices(name)["storage_usd_per_gb_month"] / 730)


@pytest.mark.parametrize("name", CLOUDS)
def test_nodes_and_management_cost_what_was_published(name: str) -> None:
    sheet = {key: value for key, value in prices(name).items() if key not in EXTRAS}
    base = {key: value for key, value in sheet.items() if not key.startswith(("load_balancer", "nat_gateway"))}
    assert sum(hourly_parts(price_sheet_from(base))[0].values()) == pytest.approx(BASE[name])
