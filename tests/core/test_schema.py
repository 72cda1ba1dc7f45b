"""Sentences on what is wrong with a document: file, path, value seen, values allowed."""

from collections.abc import Iterator
from typing import Any

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.errors import SchemaError
from ragmeter.core.schema import check, defaults

MANIFEST: dict[str, Any] = {"schema": "workload.v1", "name": "tiny", "benchmark": {}, "prompts": ["Why?"]}
NAME = "letters, digits, '.', '_' and '-', a letter or digit first, 63 at most"
PRICES = {"as_of": "2026-01-30", "source": "a list"}
PROVIDER: dict[str, Any] = {"schema": "provider.v1", "name": "mine", "base_url": "http://x"}


def sentence(name: str, document: object) -> str:
    with pytest.raises(SchemaError) as caught:
        check(document, schema(name), "x.yaml")
    return str(caught.value)


def test_documents_that_fit_are_accepted() -> None:
    check(MANIFEST, schema("workload.v1"), "x.yaml")
    check({**PROVIDER, "cost": PRICES}, schema("provider.v1"), "x.yaml")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"benchmark": {"requests": 0}}, "x.yaml: $.benchmark.requests: 0 is not >= 1"),
        ({"benchmark": {"requests": 10**9}}, "x.yaml: $.benchmark.requests: 1000000000 is not <= 10000000"),
        ({"benchmark": {"requests": 5.0}}, "x.yaml: $.benchmark.requests: 5.0 is not of type integer"),
        ({"benchmark": {"requests": True}}, "x.yaml: $.benchmark.requests: True is not of type integer"),
        ({"benchmark": {"timeout": 0}}, "x.yaml: $.benchmark.timeout: 0 is not > 0"),
        ({"benchmark": {"timeout": float("nan")}}, "x.yaml: $.benchmark.timeout: nan is not of type number or string"),
        ({"benchmark": {"timeout": float("inf")}}, "x.yaml: $.benchmark.timeout: inf is not of type number or string"),
        ({"benchmark": None}, "x.yaml: $.benchmark: None is not of type object"),
        (
            {"load": {"shape": "wave"}},
            "x.yaml: $.load.shape: 'wave' is not one of closed, constant, poisson, gamma, ramp, bursts, sweep, trace",
        ),
        ({"load": {"shape": "sweep"}}, "x.yaml: $.load: 'rates_per_s' is missing"),
        ({"load": {"shape": "poisson"}}, "x.yaml: $.load: 'rate_per_s' is missing"),
        ({"name": "a/b"}, f"x.yaml: $.name: 'a/b' is not made of {NAME}; write 'a-b'"),
        ({"name": "n" * 200}, f"x.yaml: $.name: '{'n' * 76}… is not made of {NAME}"),
        ({"version": 1.0}, "x.yaml: $.version: 1.0 is not of type string; write it in quotes: '1.0'"),
        ({"version": True}, "x.yaml: $.version: True is not of type string; write it in quotes: 'true'"),
        (
            {"benchmark": {"requests": "10"}},
            "x.yaml: $.benchmark.requests: '10' is not of type integer; write it without quotes: 10",
        ),
        ({"benchmark": {"requests": "ten"}}, "x.yaml: $.benchmark.requests: 'ten' is not of type integer"),
        (
            {"benchmark": {"timeout": "10 parsecs"}},
            "x.yaml: $.benchmark.timeout: '10 parsecs' is not like '10' or '1.5s' or '500ms' or '2m'",
        ),
        (
            {"goodput": {"ttft_ms": "1 h 2"}},
            "x.yaml: $.goodput.ttft_ms: '1 h 2' is not like '1500' or '1.5s' or '500ms'",
        ),
        ({"schema": "workload.v2"}, "x.yaml: $.schema: 'workload.v2' is not 'workload.v1'"),
        ({"prompts": [""]}, "x.yaml: $.prompts[0]: '' must not be empty"),
        ({"prompts": []}, "x.yaml: $.prompts: [] needs at least 1 item"),
        ({"prompts_file": "p.txt"}, "x.yaml: $: needs exactly one of prompts or prompts_file or sessions"),
        ({"goodput": {"ttft_ms": -1}}, "x.yaml: $.goodput.ttft_ms: -1 is not > 0"),
    ],
)
def test_sentence_of_a_manifest(changes: dict[str, Any], expected: str) -> None:
    assert sentence("workload.v1", {**MANIFEST, **changes}) == expected


@pytest.mark.parametrize("document", [None, [], "text", 5])
def test_document_that_is_no_mapping_is_refused(document: object) -> None:
    assert sentence("workload.v1", document) == f"x.yaml: $: {document!r} is not of type object"


def test_misspelt_key_is_named_with_the_right_one_and_all_that_are_allowed() -> None:
    assert sentence("workload.v1", {**MANIFEST, "retreival": {}}) == (
        "x.yaml: $.retreival: unknown key; did you mean 'retrieval'? allowed: benchmark, cache, description, factors, "
        "goodput, leaving, lengths, load, model, name, prompt_order, prompts, prompts_file, request, retrieval, "
        "schema, sessions, slo, target, until, version"
    )


@pytest.mark.parametrize(
    ("name", "document", "key", "meant"),
    [
        ("provider.v1", PROVIDER, "url", "base_url"),
        ("provider.v1", PROVIDER, "endpoint", "base_url"),
        ("provider.v1", PROVIDER, "api_key", "headers"),
        ("workload.v1", MANIFEST, "requests", "benchmark.requests"),
        ("workload.v1", MANIFEST, "duration", "benchmark.duration"),
        ("workload.v1", MANIFEST, "rate_per_s", "load.rate_per_s"),
        ("workload.v1", MANIFEST, "model_id", "model.model_id"),
    ],
)
def test_key_of_another_name_or_place_is_told_where_it_belongs(
    name: str, document: dict[str, Any], key: str, meant: str
) -> None:
    assert f"x.yaml: $.{key}: unknown key; did you mean {meant!r}? allowed: " in sentence(name, {**document, key: 1})


@pytest.mark.parametrize("name", ["workload.v1", "provider.v1", "target.v1", "api-prices.v1"])
def test_every_pattern_of_what_people_write_has_words_or_examples(name: str) -> None:
    def rules(rule: Any) -> Iterator[dict[str, Any]]:
        if isinstance(rule, dict):
            yield rule
        for held in rule.values() if isinstance(rule, dict) else rule if isinstance(rule, list) else ():
            yield from rules(held)

    written = [rule for rule in rules(schema(name)) if isinstance(rule.get("pattern"), str)]
    assert written
    assert [rule["pattern"] for rule in written if not ({"allowed", "examples"} & rule.keys())] == []


def test_key_like_no_other_has_no_hint() -> None:
    said = sentence("workload.v1", {**MANIFEST, "retrieval": {"zzz": 1}})
    assert (
        said
        == "x.yaml: $.retrieval.zzz: unknown key; allowed: candidates, docset, filter, k, mode, passage_texts, rerank"
    )


def test_missing_key_is_named() -> None:
    document = {key: value for key, value in MANIFEST.items() if key != "name"}
    assert sentence("workload.v1", document) == "x.yaml: $: 'name' is missing"


def test_manifest_without_prompts_needs_one_of_three_keys() -> None:
    document = {key: value for key, value in MANIFEST.items() if key != "prompts"}
    assert sentence("workload.v1", document) == "x.yaml: $: needs exactly one of prompts or prompts_file or sessions"


@pytest.mark.parametrize("as_of", ["yesterday", "2026-13-01", "30.01.2026"])
def test_date_that_is_none_is_refused(as_of: str) -> None:
    said = sentence("provider.v1", {**PROVIDER, "cost": {**PRICES, "as_of": as_of}})
    assert said == f"x.yaml: $.cost.as_of: {as_of!r} is not a date"


def test_price_without_its_source_is_refused() -> None:
    assert (
        sentence("provider.v1", {**PROVIDER, "cost": {"as_of": "2026-01-30"}}) == "x.yaml: $.cost: 'source' is missing"
    )


@pytest.mark.parametrize("headers", ["hunter2", {"Authorization": ["hunter2"]}, {"Authorization": {"a": "hunter2"}}])
def test_value_that_may_be_a_secret_is_not_shown(headers: object) -> None:
    said = sentence("provider.v1", {**PROVIDER, "headers": headers})
    assert said.startswith("x.yaml: $.headers")
    assert "the value is not of type" in said
    assert "hunter2" not in said


def test_defaults_are_those_of_the_schema() -> None:
    assert defaults(schema("workload.v1"), "retrieval") == {"k": 5, "docset": "default"}
    assert defaults(schema("workload.v1"), "benchmark") == {
        "requests": 100,
        "concurrency": 10,
        "warmup_requests": 0,
        "timeout": 120,
        "max_output_tokens": 512,
        "trials": 1,
        "cool_down": 0,
        "seed": 1,
    }
