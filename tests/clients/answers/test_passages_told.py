"""What an answer tells of the passages that it was given: their texts in the order of their ids, or nothing."""

import json
from typing import Any

import pytest

from ragmeter.clients.answers.decode import Heard, decode
from ragmeter.clients.answers.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.core.requests.records import Phase
from tests.clients.answers.answering import answer, dialect_named

META = {"documents": [{"id": "a#0"}, {"id": "b#1"}]}
TOLD = [{"id": "b#1", "text": "second"}, {"id": "a#0", "text": "first"}]
ASKING = RagDialect(tells_passages=True)


def heard_of(pieces: list[bytes], dialect: Dialect) -> Heard:
    heard = Heard()
    sample = decode(answer(pieces), dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0, heard=heard)
    assert sample.ok, sample.failure
    return heard


def rag(meta: dict[str, Any], done: dict[str, Any]) -> list[bytes]:
    events = (("meta", meta), ("token", {"text": "Hel"}), ("token", {"text": "lo"}), ("done", done))
    return [f"event: {name}\ndata: {json.dumps(data)}\n\n".encode() for name, data in events]


@pytest.mark.parametrize(
    ("meta", "done", "dialect", "passages"),
    [
        (META, {"passages": TOLD}, ASKING, ("first", "second")),
        (META, {"passages": TOLD}, RagDialect(), ("first", "second")),
        (META, {}, ASKING, None),  # asked, and not told
        (META, {"passages": TOLD[:1]}, ASKING, None),  # not of each
        (META, {"passages": [{"id": "a#0", "text": None}, TOLD[0]]}, ASKING, None),
        (META, {"passages": [{"id": "a#0", "text": ""}, TOLD[0]]}, ASKING, ("", "second")),
        (META, {"passages": "first"}, ASKING, None),
        (META, {"passages": [1, {"id": []}, *TOLD]}, ASKING, ("first", "second")),
        ({"documents": []}, {"passages": []}, ASKING, ()),  # none was given
        ({}, {}, ASKING, ()),
        ({}, {}, RagDialect(), None),  # nobody knows whether one was
    ],
)
def test_the_texts_of_the_backend(
    meta: dict[str, Any], done: dict[str, Any], dialect: Dialect, passages: tuple[str, ...] | None
) -> None:
    found = heard_of(rag(meta, done), dialect)
    assert (found.text, found.passages) == ("Hello", passages)
    assert found.ids == tuple(at["id"] for at in meta.get("documents", ()))


@pytest.mark.parametrize(("asks", "body"), [(True, {"passage_texts": True}), (False, {})])
def test_the_backend_is_asked_only_where_the_workload_does(asks: bool, body: dict[str, Any]) -> None:
    request = RagDialect(tells_passages=asks).request("Why?")
    assert json.loads(request.body) == {"query": "Why?", **body}


@pytest.mark.parametrize(
    ("text", "documents", "passages"),
    [
        ("words", [{"id": "a", "words": "first", "s": 1}, {"id": "b", "words": "second", "s": 2}], ("second", "first")),
        ("words", [{"words": "of no id"}, {"id": "b", "words": "second", "s": 2}], ("second",)),
        ("words", [{"id": "a"}, {"id": "b", "words": "second"}], None),
        ("words", [], ()),
        (None, [{"id": "a", "words": "first"}], None),
        (None, [], None),
    ],
)
def test_the_texts_of_a_described_target(
    text: str | None, documents: list[dict[str, Any]], passages: tuple[str, ...] | None
) -> None:
    sources = {"at": "docs", "id": "id", "score": "s"} | ({} if text is None else {"text": text})
    described = {"name": "mine", "path": "/", "body": {"q": "{prompt}"}}
    document = {
        "schema": "target.v1",
        **described,
        "answer": {"text": "t", "sources": sources, "end": {"where": "last"}},
    }
    events = ({"t": "Hello"}, {"docs": documents}, {"last": True})
    pieces = [f"data: {json.dumps(event)}\n\n".encode() for event in events]
    found = heard_of(pieces, dialect_named(document))
    assert (found.text, found.passages) == ("Hello", passages)


def test_a_language_model_alone_has_no_passages() -> None:
    chunks = (
        {"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    )
    pieces = [*(f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks), b"data: [DONE]\n\n"]
    found = heard_of(pieces, OpenAiDialect(model="any"))
    assert (found.text, found.passages) == ("Hello", None)
