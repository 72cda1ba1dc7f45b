"""Sessions and leaving clients of a manifest: what they become, and what has no meaning beside them."""

from typing import Any

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.questions.prompts import Prompt
from ragmeter.core.inputs.talks import Leaving, Sessions, scripts_of_file
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.run.plan.catalog import load_target

TURNS: list[list[Any]] = [["Why?", {"prompt": "And then?", "relevant": ["a.md"]}], ["How?"]]
FILE = '{"turns": ["Why?", {"prompt": "And then?", "relevant": ["a.md"]}]}\n\n{"turns": ["How?"]}\n'
OWN = {"path": "/ask", "body": {"q": "{prompt}"}, "answer": {"text": "a", "end": {"response": True}}}


def made(sessions: Any = None, **keys: Any) -> Workload:
    document = {
        "schema": "workload.v1", "name": "tiny", "benchmark": {}, "sessions": sessions or {"turns": TURNS}, **keys,
    }  # fmt: skip
    return workload_from(
        document, path="tiny.yaml", prompts=(), settings=(), schema=schema("workload.v1"), find_target=load_target
    )


def test_turns_are_the_prompts_and_keep_their_labels() -> None:
    workload = made({"turns": TURNS, "think_time": 2})
    assert workload.prompts == (Prompt(text="Why?"), Prompt(text="And then?", relevant=("a.md",)), Prompt(text="How?"))
    sessions = workload.sessions
    assert sessions is not None
    assert (sessions.turns, sessions.count, sessions.warmup, sessions.think.value) == ((2, 1), 2, 0, 2.0)
    assert [sessions.script_of(place) for place in range(3)] == [0, 0, 1]
    assert workload.requests == 3


def test_a_file_has_the_same_scripts() -> None:
    of_file = scripts_of_file(FILE, path="talks.jsonl")
    assert of_file == ((Prompt(text="Why?"), Prompt(text="And then?", relevant=("a.md",))), (Prompt(text="How?"),))


@pytest.mark.parametrize(
    ("benchmark", "count", "warmup", "requests"),
    [
        ({}, 5, 0, 8),
        ({"warmup_requests": 1}, 5, 1, 8),
        ({"warmup_requests": 3}, 5, 2, 8),
        ({"warmup_requests": 4}, 1, 3, 2),
    ],
)
def test_a_warmup_is_of_whole_sessions(benchmark: dict[str, int], count: int, warmup: int, requests: int) -> None:
    workload = made({"turns": TURNS, "count": count}, benchmark=benchmark)
    assert workload.sessions is not None
    assert (workload.sessions.warmup, workload.requests) == (warmup, requests)


def test_rates_are_of_sessions_and_requests_follow() -> None:
    assert made(load={"shape": "poisson", "rate_per_s": 2}).peak_rate_per_s == 3.0


def test_what_is_asked_is_in_the_hash() -> None:
    hashes = {
        made().sha256,
        made({"turns": TURNS, "think_time": 1}).sha256,
        made({"turns": TURNS, "count": 9}).sha256,
        made({"turns": [["Why?"], [TURNS[0][1], "How?"]]}).sha256,
        made(leaving={"share": 0.1, "after": 1}).sha256,
    }
    assert len(hashes) == 5


def test_leaving_is_a_share_and_a_time() -> None:
    workload = made(leaving={"share": 0.25, "after": {"distribution": "uniform", "min": 0, "max": 2}})
    assert isinstance(workload.leaving, Leaving)
    assert workload.leaving.share == 0.25
    assert isinstance(workload.sessions, Sessions)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no turn": ({"sessions": {"turns": [[]]}}, "$.sessions.turns[0]"),
    "no script": ({"sessions": {"turns": []}}, "$.sessions.turns"),
    "neither": ({"sessions": {"count": 3}}, "$.sessions: needs exactly one of turns or file"),
    "an empty turn": ({"sessions": {"turns": [[""]]}}, "$.sessions.turns[0][0]"),
    "a turn of another shape": ({"sessions": {"turns": [[{"text": "x"}]]}}, "$.sessions.turns: $"),
    "prompts beside it": ({"prompts": ["x"]}, "prompts"),
    "requests": ({"benchmark": {"requests": 9}}, "$.benchmark.requests: 9 has no meaning with $.sessions; write"),
    "lengths": ({"lengths": {"output": 9}}, "$.lengths: has no meaning with $.sessions"),
    "a sweep": ({"load": {"shape": "sweep", "rates_per_s": [1]}}, "$.load.shape: 'sweep' does not go with $.sessions"),
    "a search": (
        {"load": {"search": {"metric": "good_ratio", "at_least": 0.9}}},
        "$.load.search: a search does not go with $.sessions",
    ),
    "cold caches": ({"cache": {"kv": "cold"}}, "$.cache.kv: 'cold' cannot be made with $.sessions"),
    "a service that forgets": ({"target": OWN}, "target described has none of {messages}, {history}, {session_id}"),
    "thinking backwards": ({"sessions": {"turns": TURNS, "think_time": -1}}, "$.sessions.think_time: -1 is not >= 0"),
    "nobody leaves": ({"leaving": {"share": 0, "after": 1}}, "$.leaving.share: 0 is not > 0"),
    "nobody knows when": ({"leaving": {"share": 1}}, "$.leaving: 'after' is missing"),
}


@pytest.mark.parametrize(("keys", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_said_is_one_sentence(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        made(keys.pop("sessions", None), **keys)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "talks.jsonl: has no sessions"),
        ("[]\n", "talks.jsonl:1: $: [] is not of type object"),
        ('{"turns": ["a"]}\nno', "talks.jsonl:2: not JSON"),
        ('{"turns": []}', "talks.jsonl:1: $.turns: [] needs at least 1 item"),
        ('{"turns": [{"prompt": ""}]}', "talks.jsonl:1: $.prompt: '' must not be empty"),
        ('{"question": "a"}', "talks.jsonl:1: "),
    ],
)
def test_a_file_that_has_none_is_named_with_its_line(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        scripts_of_file(text, path="talks.jsonl")
    assert str(refused.value).startswith(words)
