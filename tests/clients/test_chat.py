"""One answer of an LLM: what goes out, what comes back, and what is said when nothing useful does."""

import json

import pytest

from ragmeter.clients import chat as chat_module
from ragmeter.clients.chat import TOKEN, chat
from ragmeter.core.errors import ConfigError, TargetError
from tests.backend.fake_llm import FakeLlm, Reply
from tests.ports import free_port

MESSAGES = [{"role": "user", "content": "Hm?"}]
SECRET = "s3cret-t0ken"


def asked(url: str, token: str = "") -> str:
    with chat(url, "tiny", {TOKEN: token}) as llm:
        assert SECRET not in repr(llm)
        return llm.answer(MESSAGES, max_tokens=9, seed=4)


def choice(content: object) -> bytes:
    return json.dumps({"choices": [{"message": {"content": content}}]}).encode()


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_the_text_of_the_first_choice_is_given(fake: FakeLlm, end: str) -> None:
    fake.script = lambda reply: reply.content(200, choice("Why?"))
    assert asked(fake.url + end, SECRET) == "Why?"
    (body,), (headers,) = fake.requests, fake.headers
    assert body == {
        "model": "tiny", "messages": MESSAGES, "max_tokens": 9, "temperature": 0, "seed": 4, "stream": False,
    }  # fmt: skip
    assert headers["authorization"] == f"Bearer {SECRET}"


def test_without_a_token_no_credentials_are_sent(fake: FakeLlm) -> None:
    fake.script = lambda reply: reply.content(200, choice(None))
    assert asked(fake.url) == ""
    assert "authorization" not in fake.headers[0]


def redirect(reply: Reply) -> None:
    reply.send_response(307)
    reply.send_header("location", "http://127.0.0.1:9/")
    reply.send_header("content-length", "0")
    reply.end_headers()


BAD = {
    "an error": (lambda reply: reply.content(500, b"out of\n memory"), "HTTP 500: out of memory"),
    "the token back": (lambda reply: reply.content(401, f"no {SECRET}!".encode()), "HTTP 401: no ***!"),
    "no JSON": (lambda reply: reply.content(200, b"<html>"), "what answers there is no chat completion"),
    "another JSON": (lambda reply: reply.content(200, b'{"choices": []}'), "what answers there is no chat completion"),
    "a number": (lambda reply: reply.content(200, choice(5)), "what answers there is no chat completion"),
    "deep JSON": (lambda reply: reply.content(200, b"[" * 100_000), "what answers there is no chat completion"),
    "a redirect": (redirect, "HTTP 307"),
}


@pytest.mark.parametrize("answer", BAD)
def test_what_is_no_answer_is_one_sentence_without_the_token(fake: FakeLlm, answer: str) -> None:
    fake.script, said = BAD[answer]
    with pytest.raises(TargetError) as failed:
        asked(fake.url, SECRET)
    assert str(failed.value).startswith(f"LLM {fake.url}: {said}")
    assert SECRET not in str(failed.value)
    assert "\n" not in str(failed.value)


def test_an_answer_without_end_is_not_read_to_its_end(fake: FakeLlm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_module, "MAX_BYTES", 1000)
    fake.script = lambda reply: reply.content(200, choice("x" * 100_000))
    with pytest.raises(TargetError, match="no chat completion"):
        asked(fake.url)


def test_a_server_that_is_not_there_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TargetError, match=rf"^LLM {url}: .*refused"):
        asked(url)


@pytest.mark.parametrize("token", ["two\nlines", "k\u00e4se", "bell\x07"])
def test_a_token_that_no_header_can_hold_is_not_shown(token: str) -> None:
    with pytest.raises(ConfigError, match=f"^{TOKEN}: has a character that a header cannot hold$"):
        asked("http://127.0.0.1:9", token)


@pytest.mark.parametrize("url", ["ftp://host", "host:80", "http://", "http://me:secret@host"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base URL") as failed:
        asked(url)
    assert "secret" not in str(failed.value)
