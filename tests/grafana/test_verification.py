"""The verification table of docs/observability.md: what it says one sees is what a real backend and Prometheus show."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from backend.telemetry.metrics import Metrics
from tests.docs.pages import DOCS, blocks, rows
from tests.grafana.boards import documents
from tests.grafana.observation import Observation
from tests.k8s.manifests import K8S, Manifest, kustomize, of_kind, overlay

PAGE: Final = DOCS / "observability.md"
KINDS: Final = {"servicemonitor": "ServiceMonitor", "podmonitor": "PodMonitor", "prometheusrule": "PrometheusRule"}
PROMETHEUS: Final = "http://127.0.0.1:9090"


@dataclass(frozen=True, slots=True)
class Step:
    """A row. seen: what stands in backticks in its last cell."""

    name: str
    command: str
    seen: tuple[str, ...]


def steps() -> list[Step]:
    table = [cells for cells in rows(PAGE) if re.match(r"\d+ ", cells[0])]
    return [
        Step(name, re.sub(r"^open |`", "", typed), tuple(re.findall(r"`([^`]+)`", seen))) for name, typed, seen in table
    ]


STEPS: Final = steps()
ASKED: Final = [step for step in STEPS if step.command.startswith("curl") and PROMETHEUS in step.command]


def test_the_rows_are_counted_and_every_one_is_of_a_kind_that_is_tested() -> None:
    assert [int(step.name.split()[0]) for step in STEPS] == list(range(1, len(STEPS) + 1))
    kinds = ("kubectl -n ragmeter ", "kubectl -n monitoring ", "curl -s ", "http://127.0.0.1:3000/d/")
    assert all(step.command.startswith(kinds) for step in STEPS)
    assert all(step.seen for step in STEPS if "port-forward" not in step.command)
    assert len(ASKED) >= 8


@pytest.mark.parametrize("step", ASKED, ids=lambda step: step.name)
def test_prometheus_answers_with_what_the_table_says(observed: Observation, step: Step) -> None:
    found = re.fullmatch(rf"curl -s '?{PROMETHEUS}(/[^']+)'?", step.command)
    assert found is not None, step.command
    text = httpx.get(f"http://{observed.cluster.address}{found[1]}", trust_env=False).text
    named = [part for part in step.seen if not part.startswith("--")]
    assert [part for part in named if part not in text] == [], text[:2000]
    assert '"result":[]' not in text


def test_the_backend_exposes_what_the_table_says() -> None:
    (step,) = [step for step in STEPS if step.command == "curl -s http://127.0.0.1:8080/metrics"]
    page = Metrics(version="1", model_id="m", provider="p").render().decode()
    assert [part for part in step.seen if part not in page] == []


def test_the_objects_that_kubectl_lists_are_deployed() -> None:
    (step,) = [step for step in STEPS if "servicemonitor," in step.command]
    names = {each["metadata"]["name"] for each in of_kind(overlay("akamai-lke"), *KINDS.values())}
    found = re.search(r"kubectl -n (\w+) get ([\w,]+)$", step.command)
    assert found is not None
    assert set(found[2].split(",")) == set(KINDS)
    assert set(step.seen) <= names


def test_the_services_that_are_forwarded_exist_with_their_ports() -> None:
    component = yaml.safe_load((K8S / "components" / "prometheus" / "service.yaml").read_text("utf-8"))
    services = [*of_kind(overlay("akamai-lke"), "Service"), component]
    known = {
        (each["metadata"]["namespace"], each["metadata"]["name"], port["port"])
        for each in services
        for port in each["spec"]["ports"]
    }
    forwarded = [
        (found[1], found[2], int(found[4]))
        for step in STEPS
        if (found := re.fullmatch(r"kubectl -n ([\w-]+) port-forward service/([\w-]+) (\d+):(\d+)", step.command))
    ]
    assert len(forwarded) == 2
    assert set(forwarded) <= known


@pytest.mark.parametrize("step", [at for at in STEPS if "/d/" in at.command], ids=lambda step: step.name)
def test_a_dashboard_has_the_panel_that_is_named(step: Step) -> None:
    (board,) = [at for at in documents() if at["uid"] == step.command.rpartition("/")[2]]
    titles = {panel["title"] for panel in board["panels"]}
    assert set(step.seen) <= titles


def test_the_page_lists_every_dashboard_by_its_title_and_uid() -> None:
    listed = {(cells[0], cells[1]) for cells in rows(PAGE) if cells[1].startswith("ragmeter-")}
    assert listed == {(board["title"], board["uid"]) for board in documents()}


def test_the_page_lists_every_alert() -> None:
    rules = yaml.safe_load((DOCS.parent / "grafana" / "rules" / "alerts.yaml").read_text("utf-8"))
    kinds = {re.sub(r"_.*", "_…", rule["alert"]) for group in rules["groups"] for rule in group["rules"]}
    text = PAGE.read_text("utf-8").partition("## Alerts")[2]
    assert {kind for kind in kinds if f"`{kind}`" in text} == kinds


def patch_of_the_page() -> list[dict[str, Any]]:
    (block,) = [at for at in blocks("text") if at.path == PAGE and "metadata/labels/release" in at.text]
    return list(yaml.safe_load(block.text))


def test_the_patch_of_the_page_gives_every_monitor_the_label_that_a_chart_wants(tmp_path: Path) -> None:
    folder = tmp_path / "labelled"
    folder.mkdir()
    monitors = [each for each in overlay("akamai-lke") if each["apiVersion"].startswith("monitoring.coreos.com/")]
    (folder / "monitors.yaml").write_text(yaml.safe_dump_all(monitors), encoding="utf-8")
    made = {"resources": ["monitors.yaml"], "patches": patch_of_the_page()}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")
    labelled: list[Manifest] = kustomize(folder)
    assert len(labelled) == len(monitors) == 4
    assert {each["metadata"]["labels"]["release"] for each in labelled} == {"prometheus"}
