"""What the Helm chart makes of our values: ``python -m tests.k8s.helm_chart CHART`` writes it down for the fast tests.

CHART: the folder that ``helm pull --untar`` leaves. No package index has the chart, so it is rendered where it is at
hand, and what came out is checked in with the hashes of the values that went in. Needs ``pip install helm-python-sdk``.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tests.k8s.manifests import CLOUDS, K8S

VALUES: Final = K8S / "monitoring" / "kube-prometheus-stack"
RECORD: Final = Path(__file__).parent / "kube-prometheus-stack.json"
NAME: Final = "monitoring"
SELECTORS: Final = tuple(f"{kind}Selector" for kind in ("serviceMonitor", "podMonitor", "rule"))
KEPT: Final = (
    *SELECTORS,
    *(selector.replace("Selector", "NamespaceSelector") for selector in SELECTORS),
    "enableFeatures",
    "externalLabels",
    "remoteWrite",
    "retention",
    "retentionSize",
    "scrapeInterval",
    "storage",
)
"""Fields of the object Prometheus that are written down: those that our values mean to set."""

Document = Mapping[str, Any]


def hashes() -> dict[str, str]:
    """Of every file of values."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(VALUES.glob("*.yaml"))}


def merged(*names: str) -> dict[str, Any]:
    """As ``helm -f one -f other`` merges: maps by key, of all else the last one."""
    values: dict[str, Any] = {}
    for name in names:
        values = _over(values, yaml.safe_load((VALUES / f"{name}.yaml").read_text("utf-8")))
    return values


def _over(below: Document, above: Document) -> dict[str, Any]:
    both = {key: _over(below[key], value) for key, value in above.items() if _are_maps(value, below.get(key))}
    return {**below, **above, **both}


def _are_maps(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)


def unknown_keys(values: Document, known: Document, at: str = "") -> Iterator[str]:
    """Keys that the chart's own values do not have: Helm ignores them without a word. An empty map takes any."""
    for key, value in values.items():
        if key not in known:
            yield f"{at}{key}"
        elif _are_maps(value, known[key]) and known[key]:
            yield from unknown_keys(value, known[key], f"{at}{key}.")


def unknown_fields(value: Any, schema: Document, at: str = "") -> Iterator[str]:
    """Fields that a schema of the operator does not have: the API server would drop them."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from unknown_fields(item, schema.get("items", {}), f"{at}[{number}]")
    if not isinstance(value, dict) or "properties" not in schema:
        return
    for key, inner in value.items():
        if key not in schema["properties"]:
            yield f"{at}.{key}"
        else:
            yield from unknown_fields(inner, schema["properties"][key], f"{at}.{key}")


def rendered(chart: Any, values: Document) -> list[Document]:
    files = chart.render(values, name=NAME, namespace=NAME)
    texts = [text for name, text in files.items() if name.endswith(".yaml")]  # and not the notes for the terminal
    return [each for text in texts for each in yaml.safe_load_all(text) if each]


def prometheus_of(objects: list[Document]) -> Document:
    """The fields of the only one."""
    (spec,) = [each["spec"] for each in objects if each["kind"] == "Prometheus"]
    return dict(spec)


def record(folder: Path) -> Document:
    """AssertionError for a key that the chart or the operator does not know."""
    import helm_python

    crd = yaml.safe_load((folder / "charts" / "crds" / "crds" / "crd-prometheuses.yaml").read_text("utf-8"))
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    known = yaml.safe_load((folder / "values.yaml").read_text("utf-8"))
    providers: dict[str, Document] = {}
    with helm_python.Chart.load(str(folder)) as chart:
        for name in CLOUDS:
            values = merged("values", name, "remote-write")
            assert list(unknown_keys(values, known)) == [], name
            objects = rendered(chart, values)
            prometheus = prometheus_of(objects)
            assert list(unknown_fields(prometheus, schema)) == [], name
            monitors = sorted(each["metadata"]["name"] for each in objects if each["kind"] == "ServiceMonitor")
            providers[name] = {**{key: prometheus[key] for key in KEPT}, "monitors_of_the_chart": monitors}
        untouched = prometheus_of(rendered(chart, {"grafana": {"enabled": False}}))
        version = f"{chart.name} {chart.version}"
    without = {key: untouched[key] for key in SELECTORS}
    return {"chart": version, "values_sha256": hashes(), "providers": providers, "without_our_values": without}


if __name__ == "__main__":
    written = json.dumps(record(Path(sys.argv[1])), indent=2, sort_keys=True)
    RECORD.write_text(written + "\n", encoding="utf-8")
