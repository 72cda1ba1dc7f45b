"""Two real Prometheus servers, run on the shipped configurations, that have scraped a real backend under load.

One is that of a single cluster, the other the central one, for three providers. The backend, its embedder and its LLM
are real. One backend stands for those of all providers. vLLM and DCGM are replayed; one provider has an older vLLM.
Pushgateways are real, and have results of drawn samples and east-west probes of made-up figures.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from ragmeter.clients.pushgateway import probe_group, run_group
from ragmeter.clients.pushgateway import pushgateway as open_gateway
from ragmeter.core.netprobe.document import Netprobe, pair_of, with_host_path
from ragmeter.report.prometheus.netprobe import netprobe_prometheus_text
from ragmeter.report.prometheus.result import prometheus_text
from ragmeter.report.words.naming import workload_name
from ragmeter.run.local.service import local_service
from ragmeter.run.plan.catalog import load_provider
from tests.grafana.boards import GRAFANA
from tests.grafana.prometheus import Prometheus, prometheus, pushgateway
from tests.grafana.replay import replaying
from tests.netprobe.documents import pair, probe, round_trips
from tests.report.examples import passing

PROVIDERS: Final = ("akamai-lke", "aws-eks", "gcp-gke")
OLD_VLLM: Final = "gcp-gke"
CENTRAL: Final = GRAFANA / "prometheus" / "central.yaml"
CLUSTER: Final = GRAFANA.parent / "k8s" / "components" / "prometheus" / "prometheus.yaml"
EXPOSITIONS: Final = Path(__file__).resolve().parent / "expositions"
REPORT: Final = "20261120T093107Z.html"
TIMING: Final = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
SCRAPED_S: Final = 120.0
LOAD_S: Final = 12.0
ANSWERS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """at_s: the Unix time at which everything has been seen; queries are asked as of then."""

    cluster: Prometheus
    central: Prometheus
    at_s: float


@contextmanager
def observation(folder: Path) -> Iterator[Observation]:
    """folder: an empty one, for what the servers write."""
    local = load_provider("local", environment=os.environ)
    assert local.local is not None
    with ExitStack() as stack:
        service = stack.enter_context(local_service(local, local.local, lambda _line: None))
        url = str(service.provider.base_url)
        pages = {name: (EXPOSITIONS / f"{name}.txt").read_text("utf-8") for name in ("vllm", "vllm-old-names", "dcgm")}
        targets = {name: stack.enter_context(replaying(text)) for name, text in pages.items()}
        for name, providers in (("one run", PROVIDERS[:1]), ("three runs", PROVIDERS)):
            targets[name] = stack.enter_context(pushgateway(folder / f"{name}.log"))
            _push(targets[name], providers)
        targets["rag-backend"] = url.removeprefix("http://")
        rules = sorted((GRAFANA / "rules").glob("*.yaml"))
        _write_targets(folder / "central" / "targets", targets)
        cluster = stack.enter_context(prometheus(folder / "cluster", cluster_config(targets), rules))
        central = stack.enter_context(prometheus(folder / "central", _config(CENTRAL), rules))
        for server, count in ((cluster, 4), (central, 10)):
            server.wait_until("count_over_time(up[1m]) >= 2 and up == 1", count, time.monotonic() + SCRAPED_S)
        _ask_for_a_while(url)
        for server, count in ((cluster, 1), (central, len(PROVIDERS))):
            server.wait_until('provider:slo_bad:ratio_rate1h{slo="tpot"} >= 0', count, time.monotonic() + SCRAPED_S)
        yield Observation(cluster=cluster, central=central, at_s=time.time())


def _config(path: Path) -> dict[str, Any]:
    """A shipped configuration, with scrapes every second."""
    config: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return config | {"global": TIMING}


def cluster_config(targets: Mapping[str, str]) -> dict[str, Any]:
    """Kubernetes' service discovery is replaced by the labels it would find on our pods; relabelling stays.

    Pods without a target are left out.
    """
    pods = {"rag-backend": "rag-backend", "vllm": "vllm", "nvidia-dcgm-exporter": "dcgm", "pushgateway": "one run"}
    found = [
        {"targets": [targets[target]], "labels": _pod(name, port)}
        for name, target in pods.items()
        if target in targets
        for port in ("http", "other")
    ]
    config = _config(CLUSTER)
    for job in config["scrape_configs"]:
        del job["kubernetes_sd_configs"]
        job["static_configs"] = found
    return config


def _pod(name: str, port: str) -> dict[str, str]:
    meta = "__meta_kubernetes"
    return {
        f"{meta}_pod_label_app_kubernetes_io_name": name,
        f"{meta}_pod_container_port_name": port,
        f"{meta}_namespace": "ragmeter",
        f"{meta}_pod_name": f"{name}-0",
        f"{meta}_pod_phase": "Running",
        f"{meta}_pod_label_provider": PROVIDERS[0],
    }


def _write_targets(folder: Path, targets: Mapping[str, str]) -> None:
    folder.mkdir(parents=True)
    backends = dict.fromkeys(PROVIDERS, targets["rag-backend"])
    engines = {name: targets["vllm-old-names" if name == OLD_VLLM else "vllm"] for name in PROVIDERS}
    gpus = dict.fromkeys(PROVIDERS, targets["dcgm"])
    for job, by_provider in (("rag-backend", backends), ("vllm", engines), ("dcgm-exporter", gpus)):
        groups = [{"targets": [target], "labels": {"cluster": name}} for name, target in by_provider.items()]
        (folder / f"{job}.yaml").write_text(yaml.safe_dump(groups), encoding="utf-8")
    groups = [{"targets": [targets["three runs"]]}]
    (folder / "pushgateway.yaml").write_text(yaml.safe_dump(groups), encoding="utf-8")
    for job in ("federate", "alertmanager"):
        (folder / f"{job}.yaml").write_text("[]\n", encoding="utf-8")


def _push(address: str, providers: tuple[str, ...]) -> None:
    """A run and a probe of each, as the suite pushes them."""
    with open_gateway(f"http://{address}", {}) as gateway:
        for name in providers:
            result = passing()
            named = replace(result, run_metadata={**result.run_metadata, "provider": name})
            text = prometheus_text([named], f"ns/{name}/{REPORT}")
            gateway.replace(run_group(name, workload_name(named)), text)
            gateway.replace(probe_group(name), netprobe_prometheus_text([_probe(name)]))


def _probe(provider: str) -> Netprobe:
    """Between two pods, between their two nodes, and of one node with itself."""
    host = pair_of(
        {"client_node": "node-1", "errors": {}, "node_to_node": round_trips(0.1)},
        client_node="node-1",
        server_node="node-2",
        path="node_to_node",
    )
    return probe(with_host_path(pair(), host), pair("node-1", "node-1"), provider=provider)


def _ask_for_a_while(url: str) -> None:
    """Questions, an ingestion, queries that fail by the client's fault, and probes, over several scrapes."""
    until, answered = time.monotonic() + LOAD_S, 0
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        client.post("/ingest", json={"texts": ["The probe runs before the load."], "docset": "more"}).raise_for_status()
        while time.monotonic() < until or answered < ANSWERS:  # of which a busy machine gives few
            asked = {"query": "What is TTFT?", "k": 2, "max_tokens": 8, "retrieval_mode": "hybrid", "rerank": True}
            answer = client.post("/query/stream", json=asked)
            assert "event: done" in answer.text, answer.text[-300:]
            answered += 1
            for path in ("/query", "/query/stream"):
                assert client.post(path, json={"query": "x", "docset": "nowhere"}).status_code == 404
            assert client.get("/healthz").is_success
            assert client.get("/readyz").is_success
