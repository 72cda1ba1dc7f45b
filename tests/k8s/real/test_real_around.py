"""A probe around a load in a real cluster. What the backend measured of its own connection to the model comes first."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.k8s.cluster import forwarded, kubectl, needs_cluster, needs_images
from tests.k8s.manifests import ROOT
from tests.k8s.real.test_real_netprobe import left, provider
from tests.programs import AS_A_USER

pytestmark = [needs_cluster, needs_images]

RUN_TIMEOUT_S = 300
WORKLOAD = {
    "schema": "workload.v1",
    "name": "around",
    "benchmark": {"requests": 1, "concurrency": 2, "warmup_requests": 2, "timeout": 30, "max_output_tokens": 32},
    "prompts": ["What is the time to first token?"],
}
"""A request takes some 0.8 s with the model of the deployment; beside the load there has to be time for a pair."""


def nodes_of(namespace: str, selector: str) -> list[str]:
    listed = json.loads(kubectl("-n", namespace, "get", "pods", "-l", selector, "-o", "json"))["items"]
    running = [pod for pod in listed if pod["status"]["phase"] == "Running"]
    return sorted({pod["spec"]["nodeName"] for pod in running if "deletionTimestamp" not in pod["metadata"]})


def measured(folder: Path, deployed: str, *options: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(probe, result) of a load from here."""
    path = provider(folder, parts=["latency"])
    document = yaml.safe_load(path.read_text())
    (folder / "around.yaml").write_text(yaml.safe_dump(WORKLOAD))
    with forwarded(deployed, "service/rag-backend", 80) as client:
        place = {"base_url": str(client.base_url).rstrip("/"), "kube_namespace": deployed}
        path.write_text(yaml.safe_dump({**document, **place, "workload": str(folder / "around.yaml")}))
        chosen = [f"--provider={path}", f"--bench-report-dir={folder}", "--bench-calibrate=off", *options]
        command = [sys.executable, "-m", "pytest", "bench", "-m", "north_south or ew_probe", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, *AS_A_USER, *chosen],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=RUN_TIMEOUT_S,
        )
    probes, results = list(folder.glob("ew/real/*.json")), list(folder.glob("ns/real/*Z.json"))
    assert (len(probes), len(results)) == (1, 1), done.stdout + done.stderr
    return json.loads(probes[0].read_text()), json.loads(results[0].read_text())


@pytest.mark.parametrize(("moment", "requests"), [("before", 8), ("during", 80), ("after", 8)])
def test_a_probe_of_the_nodes_of_backend_and_model_stands_beside_the_round_trip_of_their_connection(
    tmp_path: Path, deployed: str, moment: str, requests: int
) -> None:
    backends = nodes_of(deployed, "app.kubernetes.io/name=rag-backend")
    (model,) = nodes_of(deployed, "app.kubernetes.io/component=llm")
    probe, result = measured(tmp_path, deployed, f"--bench-ew={moment}", f"--bench-requests={requests}")
    assert (probe["load"], probe["runs"]) == (moment, [result["run_id"]])
    assert Path(result["netprobe_reference"]).parent == tmp_path / "ew" / "real"
    assert result["run_metadata"]["backend_nodes"] == ", ".join(backends)
    assert result["run_metadata"]["llm_nodes"] == model
    pair = next(at for at in probe["pairs"] if (at["client_node"], at["server_node"]) == (backends[0], model))
    assert pair["paths"]["pod_to_service"]["p50_ms"] > 0, probe["errors"]
    (stage,) = [each for each in result["attribution"]["stages"] if each["name"] == "llm_network"]
    assert (stage["basis"], result["attribution"]["llm_network"]) == ("server", None)
    assert stage["mean_ms"] > 0
    assert left() == []
