"""What a manifest states of the body of each request, for the targets that have a place for it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.schedule.phases import phases
from ragmeter.run.load.loader import dialect_of
from ragmeter.run.plan.catalog import load_target
from tests.run.cases import provider

ASKED = {"model": "m", "messages": [{"role": "user", "content": "Why?"}], "stream": True}
PLAIN = {**ASKED, "max_tokens": 512, "temperature": 0, "stream_options": {"include_usage": True}}
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
OWN = {
    "path": "/ask",
    "body": {"q": "{prompt}", "t": "{temperature}", "s": "{seed}"},
    "answer": {"text": "a", "end": {"response": True}},
}


def made(target: Any = "openai", **keys: Any) -> Workload:
    document: dict[str, Any] = {
        "schema": "workload.v1",
        "name": "tiny",
        "target": target,
        "benchmark": {},
        "prompts": ["Why?"],
        **keys,
        "model": {"model_id": "m", **keys.get("model", {})},
    }
    return workload_from(
        document, path="tiny.yaml", prompts=(), settings=(), schema=schema("workload.v1"), find_target=load_target
    )


def body_of(workload: Workload, max_tokens: int | None = None) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(dialect_of(workload, provider()).request("Why?", max_tokens=max_tokens).body)
    return sent


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in names}


STATED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "temperature": ({"temperature": 0.7}, {**PLAIN, "temperature": 0.7}),
    "none": ({"temperature": None}, without(PLAIN, "temperature")),
    "seed": ({"seed": 0}, {**PLAIN, "seed": 0}),
    "one stop": ({"stop": "\n\n"}, {**PLAIN, "stop": ["\n\n"]}),
    "stops": ({"stop": ["a", "b"]}, {**PLAIN, "stop": ["a", "b"]}),
    "system": ({"system": "Be brief."}, {**PLAIN, "messages": MESSAGES}),
    "length": ({"ignore_eos": True, "min_tokens": 9}, {**PLAIN, "ignore_eos": True, "min_tokens": 9}),
    "whole length": ({"min_tokens": "max_tokens"}, {**PLAIN, "min_tokens": 512}),
    "no": ({"ignore_eos": False}, {**PLAIN, "ignore_eos": False}),
    "limit": ({"limit": "max_completion_tokens"}, {**without(PLAIN, "max_tokens"), "max_completion_tokens": 512}),
    "usage": ({"usage": False}, without(PLAIN, "stream_options")),
    "template": (
        {"chat_template_kwargs": {"enable_thinking": False}},
        {**PLAIN, "chat_template_kwargs": {"enable_thinking": False}},
    ),
}


@pytest.mark.parametrize(("request_", "body"), STATED.values(), ids=STATED)
def test_openai_has_what_is_stated_and_the_hash_is_of_it(request_: dict[str, Any], body: dict[str, Any]) -> None:
    workload = made(request=request_)
    assert body_of(workload) == body
    assert workload.sha256 != made().sha256


OF_PRESET = {key: value for key, value in STATED.items() if key not in {"seed", "limit", "usage"}}


@pytest.mark.parametrize(("request_", "body"), OF_PRESET.values(), ids=OF_PRESET)
def test_the_preset_of_chat_completions_has_the_same(request_: dict[str, Any], body: dict[str, Any]) -> None:
    assert body_of(made("openai-chat", request=request_)) == body
    assert body_of(made("openai-chat")) == PLAIN


def test_a_limit_of_the_request_is_its_forced_length_too() -> None:
    for target in ("openai", "openai-chat"):
        workload = made(target, request={"min_tokens": "max_tokens", "ignore_eos": True})
        sent = body_of(workload, max_tokens=7)
        assert (sent["max_tokens"], sent["min_tokens"]) == (7, 7)


def test_our_backend_is_told_how_to_search() -> None:
    stated = made("rag", retrieval={"k": 3, "mode": "hybrid", "candidates": 20, "rerank": True, "filter": {"a": [1]}})
    plain = {"query": "Why?", "k": 5, "docset": "default", "max_tokens": 512}
    assert body_of(stated) == {
        **plain,
        "k": 3,
        "retrieval_mode": "hybrid",
        "candidates": 20,
        "rerank": True,
        "filter": {"a": [1]},
    }
    assert body_of(made("rag")) == plain
    assert len({made("rag").sha256, stated.sha256, made("rag", retrieval={"k": 3}).sha256}) == 3


def test_a_description_takes_what_it_has_a_placeholder_for() -> None:
    assert body_of(made(OWN)) == {"q": "Why?", "s": 1}
    assert body_of(made(OWN, request={"temperature": 0.5, "seed": 9})) == {"q": "Why?", "t": 0.5, "s": 9}
    assert body_of(made("anthropic", request={"system": "Be brief."}))["system"] == "Be brief."
    assert body_of(made("anthropic", request={"system": "Be brief."}))["messages"] == MESSAGES[1:]


BAD: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a search of ours": ("openai", {"retrieval": {"mode": "lexical"}}, "$.retrieval.mode: has no meaning with target"),
    "a filter of ours": ("openai", {"retrieval": {"filter": {"a": 1}}}, "$.retrieval.filter: has no meaning with"),
    "candidates of ours": (OWN, {"retrieval": {"candidates": 9}}, "$.retrieval.candidates: has no meaning with target"),
    "no search": ("rag", {"retrieval": {"mode": "bm25"}}, "$.retrieval.mode: 'bm25' is not one of"),
    "rag": ("rag", {"request": {"seed": 1}}, "$.request.seed: has no meaning with target rag"),
    "no placeholder": (OWN, {"request": {"stop": "x"}}, "$.request.stop: target described has no placeholder {stop}"),
    "of openai alone": (OWN, {"request": {"usage": False}}, "$.request.usage: has no meaning with target described"),
    "no place for a system prompt": (OWN, {"request": {"system": "x"}}, "has no placeholder {system}"),
    "written twice": (
        "openai", {"request": {"seed": 1}, "model": {"body": {"seed": 2}}}, "$.model.body.seed is there, too",
    ),
    "the limit written twice": (
        "openai",
        {"request": {"limit": "max_completion_tokens"}, "model": {"body": {"max_tokens": None}}},
        "$.request.limit: $.model.body.max_tokens is there, too",
    ),
    "usage written twice": (
        "openai",
        {"request": {"usage": False}, "model": {"body": {"stream_options": None}}},
        "$.request.usage: $.model.body.stream_options is there, too",
    ),
    "longer than allowed": ("openai", {"request": {"min_tokens": 513}}, "$.request.min_tokens: 513 is above"),
    "no temperature": ("openai", {"request": {"temperature": "hot"}}, "$.request.temperature: 'hot' is not of type"),
    "unknown": ("openai", {"request": {"temprature": 1}}, "unknown key; did you mean 'temperature'?"),
    "empty": ("openai", {"request": {}}, "$.request"),
    "lengths of a trace": (
        "openai",
        {"lengths": {"output": 9}, "load": {"shape": "trace", "trace_file": "x.jsonl"}},
        "$.lengths: has no meaning with $.load.shape trace",
    ),
    "no length": ("openai", {"lengths": {"input": 0}}, "$.lengths.input: 0 is not >= 1"),
    "no distribution": ("openai", {"lengths": {"input": {"mean": 3}}}, "$.lengths.input: 'distribution' is missing"),
    "a distribution without its numbers": (
        "openai", {"lengths": {"input": {"distribution": "normal", "mean": 3}}}, "$.lengths.input.stddev: missing",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("target", "keys", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_asked_is_one_sentence(target: Any, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        made(target, **keys)
    assert str(refused.value).startswith("tiny.yaml: ")
    assert words in str(refused.value)


def test_lengths_are_drawn_for_each_request_and_others_in_each_trial() -> None:
    drawn = {"input": {"distribution": "uniform", "min": 10, "max": 90}, "output": 7}
    workload = replace(made(lengths=drawn, benchmark={"requests": 50, "warmup_requests": 5}), trials=2)
    warm, first, second = phases(workload)
    for plan, count in ((warm, 5), (first, 50), (second, 50)):
        assert plan.lengths is not None
        assert len(plan.lengths) == count
        assert all(10 <= (each.input_tokens or 0) <= 90 and each.output_tokens == 7 for each in plan.lengths)
    assert first.lengths != second.lengths
    assert phases(workload)[1].lengths == first.lengths
