"""The values for the Helm chart, by what the real chart made of them; see `tests.k8s.helm_chart`."""

import json
import re
from typing import Any

import pytest
import yaml

from tests.k8s import helm_chart
from tests.k8s.helm_chart import SELECTORS, VALUES
from tests.k8s.manifests import CLOUDS, ROOT, of_kind, overlay
from tests.k8s.test_k8s_providers import STORAGE_CLASSES, provider

RECORD: dict[str, Any] = json.loads(helm_chart.RECORD.read_text("utf-8"))
MADE = pytest.mark.parametrize("name", CLOUDS)


def test_what_was_rendered_is_what_is_shipped() -> None:
    assert helm_chart.hashes() == RECORD["values_sha256"], "python -m tests.k8s.helm_chart CHART renders them again"
    assert set(RECORD["providers"]) == set(CLOUDS)
    release = re.search(r"kube-prometheus-stack, release (\d+)", (VALUES / "values.yaml").read_text("utf-8"))
    assert release is not None
    assert RECORD["chart"].startswith(f"kube-prometheus-stack {release[1]}.")


@MADE
def test_prometheus_reads_monitors_and_rules_of_any_label_in_any_namespace(name: str) -> None:
    made = RECORD["providers"][name]
    for selector in SELECTORS:
        assert made[selector] == made[selector.replace("Selector", "NamespaceSelector")] == {}, selector


@MADE
def test_without_our_values_it_would_read_none_of_ours(name: str) -> None:
    kinds = {
        "ServiceMonitor": "serviceMonitorSelector",
        "PodMonitor": "podMonitorSelector",
        "PrometheusRule": "ruleSelector",
    }
    ours = of_kind(overlay(name), *kinds)
    assert {each["kind"] for each in ours} == set(kinds)
    for each in ours:
        wanted = RECORD["without_our_values"][kinds[each["kind"]]]["matchLabels"]
        assert wanted == {"release": "monitoring"}
        assert "release" not in each["metadata"]["labels"]


@MADE
def test_what_is_sent_names_the_provider_and_the_region_of_the_provider_file(name: str) -> None:
    document = provider(name)
    expected = {"provider": document["name"], "region": document["region"]}
    assert RECORD["providers"][name]["externalLabels"] == expected


@MADE
def test_the_series_lie_on_a_volume_of_the_providers_class_and_fit_it(name: str) -> None:
    made = RECORD["providers"][name]
    claim = made["storage"]["volumeClaimTemplate"]["spec"]
    assert claim["storageClassName"] == STORAGE_CLASSES[name]
    assert claim["accessModes"] == ["ReadWriteOnce"]
    assert int(made["retentionSize"].removesuffix("GB")) < 0.8 * int(claim["resources"]["requests"]["storage"][:-2])


@MADE
def test_the_central_prometheus_gets_the_same_series_as_from_a_prometheus_without_the_operator(name: str) -> None:
    (made,) = RECORD["providers"][name]["remoteWrite"]
    path = ROOT / "grafana" / "prometheus" / "remote-write.yaml"
    (plain,) = yaml.safe_load(path.read_text("utf-8"))["remote_write"]
    assert made["url"] == plain["url"]
    (rule,), (other,) = made["writeRelabelConfigs"], plain["write_relabel_configs"]
    assert (rule["sourceLabels"], rule["regex"], rule["action"]) == (
        other["source_labels"],
        other["regex"],
        other["action"],
    )
    assert made["basicAuth"] == {part: {"name": "remote-write", "key": part} for part in ("username", "password")}, (
        "no password stands in the values"
    )


@MADE
def test_what_a_managed_control_plane_hides_is_not_scraped(name: str) -> None:
    scraped = " ".join(RECORD["providers"][name]["monitors_of_the_chart"])
    assert not re.search(r"controller-manager|scheduler|etcd|kube-proxy", scraped)
    assert ("kube-dns" if name == "gcp-gke" else "coredns") in scraped
