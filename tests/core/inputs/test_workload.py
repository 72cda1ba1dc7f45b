"""Manifests: every key is honoured, what wins is recorded, and the hash is of what is asked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.clients.files import schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.core.inputs.questions.prompts import Prompt
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.setting import Setting

MANIFEST: dict[str, Any] = {"schema": "workload.v1", "name": "tiny", "benchmark": {}, "prompts": ["Why?", "How?"]}


def made(settings: list[Setting] | None = None, *, of_file: tuple[Prompt, ...] = (), **keys: Any) -> Workload:
    document = {key: value for key, value in {**MANIFEST, **keys}.items() if value is not None}
    return workload_from(
        document, path="tiny.yaml", prompts=of_file, settings=settings or [], schema=schema("workload.v1")
    )


def setting(key: str, value: Any, origin: str = "--option") -> Setting:
    return Setting(key=key, value=value, origin=origin)


def test_every_key_of_the_manifest_is_honoured() -> None:
    workload = made(
        version="2.1",
        target="openai",
        benchmark={
            "requests": 7,
            "concurrency": 3,
            "warmup_requests": 2,
            "timeout": 9,
            "max_output_tokens": 11,
            "duration": 60,
            "trials": 4,
            "seed": 42,
        },
        retrieval={"k": 6, "docset": "faq"},
        model={"model_id": "m", "dtype": "float16"},
        prompt_order="random",
        goodput={"ttft_ms": 500},
        slo=["errors <= 0"],
    )
    assert (workload.name, workload.version, workload.path, workload.target) == ("tiny", "2.1", "tiny.yaml", "openai")
    assert (workload.requests, workload.concurrency, workload.warmup_requests) == (7, 3, 2)
    assert (workload.timeout_s, workload.max_output_tokens, workload.duration_s) == (9.0, 11, 60)
    assert (workload.trials, workload.seed, workload.k, workload.docset) == (4, 42, 6, "faq")
    assert (workload.model_id, workload.dtype, workload.prompt_order) == ("m", "float16", "random")
    assert (dict(workload.goodput), workload.slo) == ({"ttft_ms": 500}, ("errors <= 0",))
    assert workload.prompts == (Prompt(text="Why?"), Prompt(text="How?"))


def test_keys_of_the_body_are_those_of_the_manifest_and_change_what_is_asked() -> None:
    asked = {"max_tokens": None, "max_completion_tokens": 9, "chat_template_kwargs": {"enable_thinking": False}}
    plain = made(target="openai", model={"model_id": "m"})
    other = made(target="openai", model={"model_id": "m", "body": asked})
    assert (plain.body, other.body) == ({}, asked)
    assert plain.sha256 != other.sha256


@pytest.mark.parametrize(
    ("target", "body", "message"),
    [
        ("rag", {"temperature": 1}, "$.model.body: has no meaning without target openai"),
        ("openai", {"stream": False}, "$.model.body.stream: model, messages, stream cannot be replaced"),
        ("openai", {"n": 2}, "$.model.body.n: 2: a request has one answer; write 1"),
        ("openai", {"messages": []}, "$.model.body.messages: "),
        ("openai", {}, "$.model.body: "),
    ],
)
def test_a_body_that_the_load_cannot_send_is_refused(target: str, body: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        made(target=target, model={"model_id": "m", "body": body})
    assert message in str(refused.value)


def test_open_loop_has_a_rate_and_no_concurrency() -> None:
    workload = made(load={"shape": "poisson", "rate_per_s": 2.5})
    assert (workload.shape, workload.rate_per_s, workload.concurrency) == ("poisson", 2.5, None)


def test_setting_wins_over_the_manifest_and_both_are_recorded() -> None:
    workload = made([setting("benchmark.requests", 5), setting("retrieval.k", 2)], benchmark={"requests": 9})
    assert (workload.requests, workload.k) == (5, 2)
    assert [(o.key, o.manifest, o.used, o.origin) for o in workload.overrides] == [
        ("benchmark.requests", 9, 5, "--option"),
        ("retrieval.k", None, 2, "--option"),
    ]
    assert workload.manifest["benchmark"]["requests"] == 5


def test_document_that_was_given_is_not_changed() -> None:
    made([setting("benchmark.requests", 5)])
    assert MANIFEST["benchmark"] == {}


def test_setting_that_cannot_be_names_file_and_option() -> None:
    with pytest.raises(ConfigError, match=r"tiny\.yaml with --option: \$\.benchmark\.requests: 0 is not >= 1"):
        made([setting("benchmark.requests", 0)])


@pytest.mark.parametrize(
    ("load", "settings", "words"),
    [
        (
            {},
            [setting("load.rate_per_s", 5.0)],
            r"\$\.load\.rate_per_s: 5\.0 needs \$\.load\.shape constant, poisson, gamma, ramp or bursts, not closed",
        ),
        ({"rate_per_s": 5}, [], r"tiny\.yaml: \$\.load\.rate_per_s: 5 has no meaning here"),
        (
            {"shape": "constant", "rate_per_s": 5},
            [setting("benchmark.concurrency", 3)],
            r"\$\.benchmark\.concurrency: 3 needs \$\.load\.shape closed, not constant",
        ),
    ],
)
def test_value_that_would_be_ignored_is_refused(load: dict[str, Any], settings: list[Setting], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        made(settings, load=load)


def test_openai_target_needs_the_model_it_asks_for() -> None:
    with pytest.raises(ConfigError, match=r"tiny\.yaml: \$\.model\.model_id: needed with target openai"):
        made(target="openai")


@pytest.mark.parametrize(
    ("keys", "same"),
    [
        ({"slo": ["errors <= 0"]}, True),
        ({"goodput": {"ttft_ms": 5}}, True),
        ({"description": "x"}, True),
        ({"benchmark": {"seed": 9}}, True),
        ({"benchmark": {"trials": 9}}, True),
        ({"benchmark": {"requests": 100}}, True),
        ({"retrieval": {"k": 5}}, True),
        ({"benchmark": {"requests": 101}}, False),
        ({"benchmark": {"max_output_tokens": 5}}, False),
        ({"retrieval": {"k": 6}}, False),
        ({"prompts": ["Why?"]}, False),
        ({"prompts": ["How?", "Why?"]}, False),
        ({"prompt_order": "random"}, False),
        ({"load": {"shape": "constant", "rate_per_s": 1}}, False),
        ({"model": {"model_id": "m"}}, False),
    ],
)
def test_hash_is_of_what_is_asked_and_not_of_how_it_is_judged(keys: dict[str, Any], same: bool) -> None:
    assert (made(**keys).sha256 == made().sha256) is same


def test_hash_is_the_same_wherever_the_prompts_are_written() -> None:
    of_file = (Prompt(text="Why?"), Prompt(text="How?"))
    assert made(of_file=of_file, prompts=None, prompts_file="questions.txt").sha256 == made().sha256


def test_lines_are_prompts_and_empty_ones_are_not() -> None:
    assert prompts_of("Why?\r\n\n  How? \n", path="q.txt") == (Prompt(text="Why?"), Prompt(text="How?"))


def test_json_lines_carry_the_passages_that_answer() -> None:
    text = '{"prompt": "Why?", "relevant": ["a.md#1"]}\n{"prompt": "two\\nlines \u2028 and more"}\n'
    assert prompts_of(text, path="q.jsonl") == (
        Prompt(text="Why?", relevant=("a.md#1",)),
        Prompt(text="two\nlines \u2028 and more"),
    )


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_any_text_survives_json_lines(texts: list[str]) -> None:
    import json

    lines = "\n".join(json.dumps({"prompt": text}, ensure_ascii=False) for text in texts)
    assert [prompt.text for prompt in prompts_of(lines, path="q.jsonl")] == texts


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("\n \n", "q.txt", "q.txt: has no prompts"),
        ("", "q.jsonl", "q.jsonl: has no prompts"),
        ('{"prompt": "a"}\n{broken\n', "q.jsonl", "q.jsonl:2: not JSON: "),
        ('{"prompt": ""}', "q.jsonl", r"q.jsonl:1: \$.prompt: '' must not be empty"),
        ('{"promt": "a"}', "q.jsonl", r"q.jsonl:1: \$"),
        ('["a"]', "q.jsonl", r"q.jsonl:1: \$: \['a'\] is not of type object"),
        ('{"prompt": "a", "relevant": "b"}', "q.jsonl", r"q.jsonl:1: \$.relevant: 'b' is not of type array"),
    ],
)
def test_prompts_that_are_wrong_are_named_with_their_line(text: str, path: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        prompts_of(text, path=path)
