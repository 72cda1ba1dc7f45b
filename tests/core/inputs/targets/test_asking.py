"""What is sent: templates keep the types of their values, and a value never becomes a part of the template."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.targets.asking import asking_of
from tests.core.inputs.targets.descriptions import plain

MESSAGES = [{"role": "user", "content": "Why?"}]
VALUES: dict[str, Any] = {
    "prompt": "Why?", "messages": MESSAGES, "history": [], "k": 5, "docset": "docs", "max_tokens": 64, "model": "m/1",
    "seed": 7, "session_id": None,
}  # fmt: skip

RENDERED: dict[str, tuple[Any, Any]] = {
    "a text": ({"q": "{prompt}"}, {"q": "Why?"}),
    "a number": ({"q": "{prompt}", "k": "{k}"}, {"q": "Why?", "k": 5}),
    "a list": ({"m": "{messages}", "h": "{history}"}, {"m": MESSAGES, "h": []}),
    "within a text": ({"q": "In {docset}, {k} of: {prompt}"}, {"q": "In docs, 5 of: Why?"}),
    "twice": ({"q": "{prompt}{prompt}"}, {"q": "Why?Why?"}),
    "braces": ({"q": "{prompt}", "t": "{{k}} {{}}"}, {"q": "Why?", "t": "{k} {}"}),
    "without a value": ({"q": "{prompt}", "s": "{session_id}"}, {"q": "Why?"}),
    "without a value, deeper": ({"q": [{"p": "{prompt}", "s": "{session_id}"}]}, {"q": [{"p": "Why?"}]}),
    "without a value in a text": ({"q": "{prompt} {session_id}"}, {"q": "Why? "}),
    "literals": ({"q": "{prompt}", "n": 0, "f": False, "l": [1, None], "o": {}},
                 {"q": "Why?", "n": 0, "f": False, "l": [1, None], "o": {}}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), RENDERED.values(), ids=RENDERED)
def test_body(body: Any, expected: Any) -> None:
    assert json.loads(asking_of(plain(body=body), "x").request(VALUES).body) == expected


@given(st.text())
def test_a_prompt_is_data_whatever_it_says(prompt: str) -> None:
    body = {"whole": "{prompt}", "within": "<{prompt}>"}
    sent = asking_of(plain(body=body), "x").request({**VALUES, "prompt": prompt}).body
    try:
        expected = json.dumps({"whole": prompt, "within": f"<{prompt}>"}, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair: no prompt of a file has one
        return
    assert json.loads(sent) == json.loads(expected)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_prompt_in_the_query_is_percent_encoded(prompt: str) -> None:
    asked = asking_of(plain(method="GET", body=None, query={"q": "{prompt}", "n": 3, "s": "{session_id}"}), "x")
    path = asked.request({**VALUES, "prompt": prompt}).path
    assert path.startswith("/ask?q=")
    assert path.endswith("&n=3")
    assert path.isascii()
    assert path.count("&") == 1
    assert not any(char.isspace() for char in path)


def test_values_of_the_path_are_percent_encoded_and_cannot_leave_it() -> None:
    document = plain(path="/models/{model}:go/{bot}", values={"bot": "a b"})
    assert asking_of(document, "x").request(VALUES).path == "/models/m%2F1:go/a%20b"
    with pytest.raises(ConfigError, match=r"x\.path: '/models/m%2F1:go/\.\.': a path has no part"):
        asking_of({**document, "values": {"bot": ".."}}, "x").request(VALUES)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"content-type": "application/json", "accept": "text/event-stream"}),
        ({"headers": {"Accept": "x/y", "X-V": "1"}}, {"content-type": "application/json", "accept": "x/y", "x-v": "1"}),
        ({"answer": {"framing": "ndjson", "text": "t", "end": {"where": "l"}}},
         {"content-type": "application/json", "accept": "*/*"}),
        ({"method": "GET", "body": None, "query": {"q": "{prompt}"}}, {"accept": "text/event-stream"}),
    ],
)  # fmt: skip
def test_headers(changes: dict[str, Any], expected: dict[str, str]) -> None:
    assert dict(asking_of(plain(**changes), "x").headers) == expected
