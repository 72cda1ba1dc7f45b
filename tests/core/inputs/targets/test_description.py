"""Descriptions of targets: what is merged, what is hashed, and every kind of a bad one as one sentence."""

from typing import Any

import pytest

from ragmeter.core.errors import ConfigError
from tests.core.inputs.targets.descriptions import answering, description, plain, presets

NAMED = {"name": "mine", **plain()}

BAD: dict[str, tuple[Any, str]] = {
    # --- shape
    "a list": ([], "$.target: [] is not of type object"),
    "nothing": ({}, "$.target.path: missing"),
    "no path": (plain(path=None), "$.target.path: missing"),
    "no answer": (plain(answer=None), "$.target.answer: missing"),
    "an unknown key": (plain(pth="/x"), "$.target.pth: unknown key; did you mean 'path'?"),
    "an unknown key of the answer": (answering(txt="a"), "$.target.answer.txt: unknown key; did you mean 'text'?"),
    "an unknown framing": (answering(framing="xml"), "$.target.answer.framing: 'xml' is not one of sse, ndjson"),
    "an unknown method": (plain(method="DELETE"), "$.target.method: 'DELETE' is not one of POST, PUT, GET"),
    "an unknown unit": (answering(timings={"unit": "h"}), "$.target.answer.timings.unit: 'h' is not one of"),
    "sources without ids": (answering(sources={"at": "docs"}), "$.target.answer.sources: 'id' is missing"),
    "an end that is none": (answering(end={}), "$.target.answer.end: {}"),
    # --- path and query
    "a path without a slash": (plain(path="ask"), "$.target.path: 'ask' is not like '/api/chat'"),
    "a path with a space": (plain(path="/a b"), "$.target.path: '/a b' is not like"),
    "a path with a line break": (plain(path="/a\r\nx: y"), "is not like"),
    "another host": (plain(path="//evil.example/x"), "$.target.path: '//evil.example/x': a path has no part"),
    "a query in the path": (plain(path="/a?b=c"), "$.target.path: '/a?b=c': a path has no ?"),
    "a fragment": (plain(path="/a#b"), "a path has no ?, #"),
    "traversal": (plain(path="/a/../b"), "$.target.path: '/a/../b': a path has no part '.', '..'"),
    "traversal, encoded": (plain(path="/a/%2e%2E/b"), "a path has no part"),
    "traversal, encoded twice": (plain(path="/a/%252e%252e/b"), "a path has no part"),
    "traversal with a backslash": (plain(path="/a/..%5Cb"), "a path has no part"),
    "traversal of readiness": (plain(ready="/../x"), "$.target.ready: '/../x': a path has no part"),
    "traversal of models": (plain(models="/.."), "$.target.models: '/..': a path has no part"),
    "the prompt in the path": (plain(path="/ask/{prompt}"), "$.target.path: '/ask/{prompt}': no placeholder {prompt}"),
    "a key in the query": (plain(query={"api_key": "s3cret"}), "$.target.query.api_key: the name says"),
    "the key of Gemini": (plain(query={"key": "s3cret"}), "$.target.query.key: the name says"),
    # --- headers
    "a secret header": (plain(headers={"Authorization": "s3cret"}), "$.target.headers.Authorization: the name says"),
    "a secret header of others": (plain(headers={"x-api-key": "s3cret"}), "write it in $.headers of the provider"),
    "a cookie": (plain(headers={"Cookie": "s3cret"}), "$.target.headers.Cookie: the name says"),
    "no header name": (plain(headers={"a b": "c"}), "$.target.headers: 'a b' is not a header name"),
    "a header with a line break": (plain(headers={"x-a": "b\r\nc: d"}), "$.target.headers.x-a: the value has a"),
    "a header beyond ASCII": (plain(headers={"x-a": "ü"}), "not printable ASCII"),
    "the client's header": (plain(headers={"Content-Length": "3"}), "$.target.headers.Content-Length: is set by"),
    "a host": (plain(headers={"Host": "other"}), "is set by the client; not allowed: host"),
    # --- body
    "no body": (plain(body=None), "$.target.body: missing with method POST"),
    "a body of GET": (plain(method="GET"), "$.target.body: has no meaning with method GET"),
    "a body that is text": (plain(body="{prompt}"), "$.target.body: '{prompt}' is not of type object"),
    "no question": (plain(body={"a": 1}), "$.target.body: has neither {prompt} nor {messages}"),
    "an unknown placeholder": (
        plain(body={"a": ["{prompt}", {"b": "{promt}"}]}),
        "$.target.body.a[1].b: '{promt}': no placeholder {promt}; known: prompt, messages",
    ),
    "a single brace": (plain(body={"a": "{prompt} }"}), "$.target.body.a: '{prompt} }': '}' at column 10"),
    "an attribute": (plain(body={"a": "{prompt.__class__}"}), "$.target.body.a: '{prompt.__class__}': '{' at column 1"),
    "a variable of a shell": (plain(body={"a": "${prompt}"}), "a placeholder is written {prompt}, without a $"),
    "messages within a text": (plain(body={"a": "Say: {messages}"}), "{messages} is no text and stands alone"),
    "no number": (plain(body={"a": "{prompt}", "b": float("nan")}), "$.target.body: renders no valid JSON"),
    "a key that is no text": (plain(body={"a": "{prompt}", "b": {True: 1}}), "$.target.body.b: the key True is no"),
    # --- values
    "a value that hides a placeholder": (plain(values={"prompt": "x"}), "$.target.values.prompt: is a placeholder of"),
    "a value that is not given": (
        plain(values={"bot": None}, body={"bot": "{bot}", "q": "{prompt}"}),
        "$.target.values.bot: missing: the target needs it",
    ),
    # --- places
    "two words": (answering(text="a b"), "'a b': no JMESPath expression: 'b' is not expected at column 3"),
    "a JSONPath": (answering(text="$.a"), "'$.a': no JMESPath expression: '$' is not expected at column 1"),
    "an open bracket": (answering(text="a[0"), "it ends too early at column 4"),
    "an open quotation": (answering(text="a.'b"), "a quotation mark is not closed at column 3"),
    "a function of nobody": (answering(error="a || lenght(b)"), "$.target.answer.error: 'a || lenght(b)': no function"),
    "a function with too little": (answering(text="join(a)"), "join takes 2 arguments and has 1 at column 1"),
    "a function with too much": (answering(text="keys(a, b)"), "keys takes 1 arguments and has 2 at column 1"),
    "a place in an event": (
        answering(events={"done": {"usage": {"output": "a["}}}),
        "$.target.answer.events.done.usage.output: 'a['",
    ),
    "no place of text": (answering(text=None), "$.target.answer.text: missing"),
    "no end": (answering(end=None), "$.target.answer.end: missing"),
    "places in text without a frame": (answering(framing="text", end=None), "$.target.answer.text: has no meaning"),
    "an end in text without a frame": (
        answering(framing="text", text=None, end={"data": "x"}), "$.target.answer.end.data: has no meaning",
    ),
    # --- presets
    "an unknown preset": ({"preset": "nobody"}, "unknown target 'nobody'; known: whole"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "words"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_one_sentence_with_file_path_and_value(document: Any, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        description(document, presets(whole=plain()))
    said = str(raised.value)
    assert words in said
    assert said.startswith("mine.yaml: $") or "preset" in document
    assert "\n" not in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("patch", "key", "expected"),
    [
        ({}, "body", {"question": "{prompt}"}),
        ({"body": {"top": 3}}, "body", {"question": "{prompt}", "top": 3}),
        ({"body": {"question": None, "q": "{prompt}"}}, "body", {"q": "{prompt}"}),
        ({"path": "/other"}, "path", "/other"),
        ({"ready": "/up"}, "ready", "/up"),
        ({"answer": {"end": {"event": "bye"}}}, "answer", {"text": "t", "end": {"where": "last", "event": "bye"}}),
        ({"answer": {"text": "u"}}, "answer", {"text": "u", "end": {"where": "last"}}),
    ],
)
def test_a_description_is_a_merge_patch_of_its_preset(patch: dict[str, Any], key: str, expected: Any) -> None:
    made = description({"preset": "whole", **patch}, presets(whole=plain()))
    assert made.document[key] == expected
    assert made.name == "whole"


def test_presets_may_have_presets_and_not_themselves() -> None:
    chain = presets(one=plain(), two={"preset": "one", "path": "/two"}, three={"preset": "two", "ready": "none"})
    made = description({"preset": "three"}, chain)
    assert (made.document["path"], made.ready, made.document["body"]) == ("/two", "none", {"question": "{prompt}"})
    with pytest.raises(ConfigError, match=r"the presets name one another: one\.yaml, two\.yaml"):
        description({"preset": "one"}, presets(one={"preset": "two"}, two={"preset": "one"}))
    with pytest.raises(ConfigError, match=r"one\.yaml: \$\.pth: unknown key"):
        description({"preset": "one"}, presets(one={"pth": 1}))


def test_a_preset_says_which_values_it_needs() -> None:
    needy = plain(path="/bots/{bot}", values={"bot": None, "lang": "en"}, body={"q": "{prompt}", "l": "{lang}"})
    with pytest.raises(ConfigError, match=r"^mine\.yaml: \$\.target\.values\.bot: missing: the target needs it$"):
        description({"preset": "needy"}, presets(needy=needy))
    made = description({"preset": "needy", "values": {"bot": "b1"}}, presets(needy=needy))
    assert made.document["values"] == {"bot": "b1", "lang": "en"}
    assert made.uses == ("bot", "lang", "prompt")


def test_the_hash_is_of_what_is_asked_and_read_and_of_nothing_else() -> None:
    same = [plain(), NAMED, plain(description="A service"), {"preset": "whole"}]
    assert len({description(each, presets(whole=plain())).sha256 for each in same}) == 1
    others = [plain(path="/b"), plain(ready="/up"), answering(text="u"), plain(headers={"x-version": "2"})]
    assert len({description(each).sha256 for each in (plain(), *others)}) == 1 + len(others)
    assert [description(each).name for each in (plain(), NAMED)] == ["described", "mine"]
