"""What a benchmark can name, held against the library that reads it in a pod: both sides have to agree.

The pod's side is the library itself: the files of an order in a folder, and its options by their variables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.benchmarks.catalog import (
    PROVIDER,
    WORKLOAD,
    Chosen,
    choose_provider,
    choose_workload,
    shipped_files,
)
from backend.benchmarks.options import environment
from backend.bodies.base import schema_of
from backend.bodies.benchmark import BenchmarkRequest
from backend.errors import BadRequestError
from ragmeter._pytest.options.manifest_options import MANIFEST
from ragmeter.core.errors import ConfigError
from ragmeter.core.setting import Setting
from ragmeter.jobs.names import ORDER_FOLDER
from ragmeter.run.plan import catalog
from ragmeter.run.plan.planning import declared_slos

URL = "http://rag-backend"

PRICED = """
schema: provider.v1
name: on-premises
base_url: ${RAG_URL}
headers: {Authorization: "Bearer ${RAG_API_TOKEN}"}
ca_file: /etc/authority.pem
kube_context: ${RAG_KUBE_CONTEXT}
kube_namespace: rag
region: ${SITE:-cellar}
gpu_count: 2
slo: [p95(ttft_ms) <= 1500]
cost: {as_of: 2026-01-30, source: our own list, gpu_node_usd_per_hr: 0.9, gpu_node_count: 2}
"""
ASKED = """
schema: workload.v1
name: faq
benchmark: {requests: 5, duration: 60}
retrieval: {k: 3, docset: faq}
prompts: ["What is a token?"]
"""


def without(text: str, key: str) -> str:
    return yaml.safe_dump({name: value for name, value in yaml.safe_load(text).items() if name != key})


def in_a_pod(provider: Chosen, workload: Chosen, request: BenchmarkRequest, folder: Path) -> None:
    """Raises ConfigError where the suite would end with exit status 4."""
    for path, text in {**provider.files, **workload.files}.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    variables = environment(request, provider=provider.option, workload=workload.option, target_url=URL)
    placed = {name: value.replace(ORDER_FOLDER, str(folder)) for name, value in variables.items()}
    settings = [
        Setting(key=str(option.key), value=option.value_of(placed[option.variable]), origin=option.variable)
        for option in MANIFEST.options
        if option.variable in placed
    ]
    base_url = Setting(key="base_url", value=URL, origin="RAGMETER_BASE_URL")
    measured = catalog.load_provider(placed["RAGMETER_PROVIDER"], environment={}, base_url=base_url)
    declared_slos(measured, catalog.load_workload(placed["RAGMETER_WORKLOAD"], settings))


@pytest.mark.parametrize("kind", [PROVIDER, WORKLOAD], ids=lambda kind: kind.field)
def test_the_backend_ships_the_names_that_the_suite_knows(kind: Any) -> None:
    assert {name: path.resolve() for name, path in shipped_files(kind).items()} == {
        name: path.resolve() for name, path in catalog.known(kind.field).items()
    }


@pytest.mark.parametrize("workload", sorted(shipped_files(WORKLOAD)))
@pytest.mark.parametrize("provider", sorted(shipped_files(PROVIDER)))
def test_every_shipped_name_starts_in_a_pod(provider: str, workload: str, tmp_path: Path) -> None:
    in_a_pod(choose_provider(provider, {}), choose_workload(workload, {}), BenchmarkRequest(), tmp_path)


@pytest.mark.parametrize("bound", ["minimum", "maximum"])
def test_every_bound_of_a_request_is_one_that_the_suite_takes(bound: str, tmp_path: Path) -> None:
    rules = {name: [rule, *rule.get("anyOf", [])] for name, rule in schema_of(BenchmarkRequest)["properties"].items()}
    values = {name: next((each[bound] for each in found if bound in each), None) for name, found in rules.items()}
    given = {name: value for name, value in values.items() if value is not None}
    assert {"requests", "concurrency", "warmup_requests", "max_output_tokens", "k", "trials"} <= set(given)
    in_a_pod(choose_provider("local", {}), choose_workload("standard", {}), BenchmarkRequest(**given), tmp_path)


@pytest.mark.parametrize("name", ["on-premises", "On.Premises_2"])
def test_a_provider_of_ones_own_starts_in_a_pod_without_what_is_for_clients_outside(name: str, tmp_path: Path) -> None:
    chosen = choose_provider(name, {f"{name}.yaml": PRICED})
    in_a_pod(chosen, choose_workload("standard", {}), BenchmarkRequest(), tmp_path)
    assert chosen.option == f"/order/provider/{name}.yaml"
    (text,) = chosen.files.values()
    assert yaml.safe_load(text) == {
        "schema": "provider.v1",
        "name": "on-premises",
        "region": "cellar",
        "gpu_count": 2,
        "slo": ["p95(ttft_ms) <= 1500"],
        "cost": {
            "as_of": "2026-01-30",
            "source": "our own list",
            "gpu_node_usd_per_hr": 0.9,
            "gpu_node_count": 2,
        },
    }


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
@pytest.mark.parametrize("prompts", ["one a line\n\nanother\n", '{"prompt": "labelled", "relevant": ["a.md#0"]}\n'])
def test_a_workload_of_ones_own_starts_in_a_pod_with_its_prompts(suffix: str, prompts: str, tmp_path: Path) -> None:
    file = "prompts.jsonl" if prompts.startswith("{") else "prompts.txt"
    manifest = without(ASKED, "prompts") + f"prompts_file: {file}\n"
    chosen = choose_workload("faq", {f"faq{suffix}": manifest, file: prompts, "other.txt": "not of it"})
    in_a_pod(choose_provider("local", {}), chosen, BenchmarkRequest(), tmp_path)
    assert set(chosen.files) == {f"workload/faq{suffix}", f"workload/{file}"}


def test_ones_own_file_wins_over_the_shipped_one() -> None:
    assert choose_workload("standard", {"standard.yaml": ASKED}).document["name"] == "faq"


@pytest.mark.parametrize("text", [PRICED, ASKED])
def test_a_file_without_its_schema_is_taken_for_the_one_of_its_kind(text: str, tmp_path: Path) -> None:
    own = {"mine.yaml": without(text, "schema")}
    provider = choose_provider("mine", own) if text is PRICED else choose_provider("local", {})
    workload = choose_workload("mine", own) if text is ASKED else choose_workload("standard", {})
    in_a_pod(provider, workload, BenchmarkRequest(), tmp_path)


BAD_PROVIDERS = {
    "not YAML": ("a: [", ":1:5: not YAML"),
    "a list": ("[1]", r"\$: '\[1\]' is not a mapping"),
    "a key twice": (PRICED + "name: again\n", "the key 'name' is written twice"),
    "an unknown key": (PRICED + "gpus: 2\n", r"\$: Additional properties are not allowed \('gpus' was unexpected\)"),
    "no name": (without(PRICED, "name"), "'name' is a required property"),
    "a count that is none": (PRICED.replace("gpu_count: 2", "gpu_count: 2.0"), r"\$\.gpu_count: 2\.0 is not of type"),
    "a price that is none": (PRICED.replace("0.9", ".nan"), "nan is not of type 'number'"),
    "a day that is none": (PRICED.replace("2026-01-30", "2026-13-30"), "'2026-13-30' is not a 'date'"),
    "a variable": (
        PRICED.replace(":-cellar", ""),
        r"\$\.region: a pod has no variable SITE: .* or \$\{SITE:-default\}",
    ),
    "an LLM that is no URL": (PRICED + "llm_url: vllm:8000\n", r"\$\.llm_url: 'vllm:8000' is no http or https URL$"),
    "a port that cannot be": (PRICED + "llm_url: http://vllm:99999\n", r"\$\.llm_url: no http or https URL: Port"),
    "a password": (PRICED + "llm_url: http://a:secret@vllm\n", r"\$\.llm_url: a URL with credentials is not allowed"),
    "a tracer without a place for the id": (PRICED + "trace_url: http://t\n", r"http or https URL with \{trace_id\}$"),
    "a metric that is none": (
        PRICED.replace("p95(ttft_ms)", "p95(tft_ms)"),
        r"\$\.slo\[0\]: 'p95\(tft_ms\) <= 1500': an SLO is .* metrics with a statistic: .*ttft_ms",
    ),
    "another schema": (PRICED.replace("provider.v1", "workload.v1"), "'provider.v1' was expected"),
}
BAD_WORKLOADS = {
    "an unknown key": (ASKED + "promts: []\n", r"\('promts' was unexpected\)"),
    "a statistic that is none": (
        ASKED + "slo: [median(ttft_ms) <= 1]\n",
        r"\$\.slo\[0\]: 'median\(ttft_ms\) <= 1': an SLO",
    ),
    "a bound the wrong way": (ASKED + "slo: [p95(ttft_ms) >= 1]\n", r"\$\.slo\[0\]: 'p95\(ttft_ms\) >= 1': an SLO is"),
    "a bound of an unknown metric": (ASKED + "goodput: {tft_ms: 9}\n", r"\$\.goodput: 'tft_ms' is not one of \["),
    "no prompts": (without(ASKED, "prompts"), r"\$: needs exactly one of prompts or prompts_file or sessions$"),
    "a text without an end": (
        ASKED.replace("requests: 5", f"requests: {'5' * 200}x"),
        r"\$\.benchmark\.requests: '5{79}… is not of type 'integer'$",
    ),
    "a number that is none": (ASKED.replace("duration: 60", "duration: soon"), r"\$\.benchmark\.duration: 'soon'"),
    "an open loop": (ASKED + "load: {shape: poisson, rate_per_s: 2}\n", r"\$\.load\.shape: 'poisson'"),
    "trials that it decides": (ASKED + "until: {ci_width: 5%}\n", r"\$\.until: this endpoint runs as many trials"),
    "a prompt file that is not there": (
        without(ASKED, "prompts") + "prompts_file: p.txt\n",
        r"\$\.prompts_file: 'p\.txt' is no key of the ConfigMap; its keys: empty\.txt, mine\.yaml, odd\.jsonl",
    ),
    "a prompt file outside": (without(ASKED, "prompts") + "prompts_file: ../p.txt\n", "is no key of the ConfigMap"),
    "an empty prompt file": (without(ASKED, "prompts") + "prompts_file: empty.txt\n", "empty.txt has no prompts"),
    "prompts that are none": (without(ASKED, "prompts") + "prompts_file: odd.jsonl\n", r"odd\.jsonl:2: '\{\"prompt\":"),
}
ONLY_HERE = {
    "the LLM alone": (ASKED + "target: openai\nmodel: {model_id: m}\n", r"\$\.target: 'openai'.*--bench-in-cluster"),
    "a search": (ASKED + "load: {search: {metric: good_ratio, at_least: 0.9}}\ngoodput: {ttft_ms: 9}\n", "load.search"),
}
BESIDE = {"empty.txt": "\n \n", "odd.jsonl": '{"prompt": "a"}\n{"prompt": 5}\n'}


@pytest.mark.parametrize("case", BAD_PROVIDERS)
def test_a_provider_that_a_pod_refuses_is_refused_before(case: str, tmp_path: Path) -> None:
    text, words = BAD_PROVIDERS[case]
    with pytest.raises(BadRequestError, match="provider: mine.yaml.*" + words):
        choose_provider("mine", {"mine.yaml": text})
    refused_by_the_suite(
        Chosen(name="mine", document={}, option="/order/provider/mine.yaml", files={"provider/mine.yaml": text}),
        choose_workload("standard", {}),
        tmp_path,
    )


@pytest.mark.parametrize("case", BAD_WORKLOADS)
def test_a_workload_that_a_pod_refuses_is_refused_before(case: str, tmp_path: Path) -> None:
    text, words = BAD_WORKLOADS[case]
    with pytest.raises(BadRequestError, match="workload: mine.yaml.*" + words):
        choose_workload("mine", {"mine.yaml": text, **BESIDE})
    files = {f"workload/{name}": content for name, content in {"mine.yaml": text, **BESIDE}.items()}
    workload = Chosen(name="mine", document={}, option="/order/workload/mine.yaml", files=files)
    refused_by_the_suite(choose_provider("local", {}), workload, tmp_path)


def refused_by_the_suite(provider: Chosen, workload: Chosen, folder: Path) -> None:
    with pytest.raises(ConfigError):
        in_a_pod(provider, workload, BenchmarkRequest(), folder)


@pytest.mark.parametrize("case", ONLY_HERE)
def test_a_workload_that_outgrows_the_limits_of_the_server_is_refused_with_the_way_to_run_it(case: str) -> None:
    text, words = ONLY_HERE[case]
    with pytest.raises(BadRequestError, match=words):
        choose_workload("mine", {"mine.yaml": text})


def test_an_unknown_name_lists_the_known_ones_and_where_ones_own_belongs() -> None:
    with pytest.raises(BadRequestError) as caught:
        choose_provider("typo", {"mine.yaml": PRICED, "notes.txt": ""}, origin=" (RAG_PROVIDER of the server)")
    assert str(caught.value) == (
        "provider: 'typo' (RAG_PROVIDER of the server) is unknown; known: akamai-lke, aws-eks, gcp-gke, local, mine; "
        "one of your own is the key typo.yaml of the ConfigMap rag-benchmark-providers"
    )
