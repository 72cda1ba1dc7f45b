"""What answers at a URL: real servers, and those that a sentence is said of."""

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from ragmeter.core.errors import ConfigError, TargetError
from ragmeter.core.inputs.provider import Provider
from ragmeter.run.plan.recognition import named, recognized
from ragmeter.run.plan.target import reach
from ragmeter.testing import GroundTruthServer
from tests.run.cases import provider, workload
from tests.run.http_fake import Answer, serving

MODELS = Answer(body={"object": "list", "data": [{"id": "small"}, {"id": "large"}]})
CHAINS: dict[str, object] = {"/rag/stream": {}, "/rag/stream_log": {}, "/chat/stream": {}}


def test_the_ground_truth_server_is_a_rag_by_its_info() -> None:
    with GroundTruthServer() as server:
        found = recognized(provider(server.base_url))
    assert (found.known.name, found.by, found.models) == ("rag", "/info", ())


@pytest.mark.parametrize("suffix", ["", "/v1"])
def test_an_openai_server_is_found_and_its_models_are_listed(suffix: str) -> None:
    with serving({"/v1/models": MODELS}) as fake:
        found = recognized(provider(f"{fake.url}{suffix}"))
    assert (found.known.name, found.models) == ("openai", ("small", "large"))


def test_each_path_is_asked_once_and_nothing_is_posted() -> None:
    with serving({"/v1/models": MODELS}) as fake:
        recognized(provider(fake.url))
    assert len(fake.paths) == len(set(fake.paths))


def test_what_a_service_says_of_itself_goes_before_what_many_speak() -> None:
    with serving({"/v1/models": MODELS, "/api/tags": Answer(body={"models": [{"name": "small"}]})}) as fake:
        found = recognized(provider(fake.url))
    assert (found.known.name, found.models) == ("ollama", ("small", "large"))


def test_a_target_that_is_named_still_tells_its_values() -> None:
    with serving({"/openapi.json": Answer(body={"paths": CHAINS})}) as fake:
        found = recognized(provider(fake.url), "langserve")
    assert (found.by, found.values) == (None, {"chain": ("rag", "chat")})
    assert named("langserve").values == {}


def test_a_description_of_ones_own_is_found_by_its_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "ours.yaml").write_text(
        "schema: target.v1\nsigns: [{path: /about, where: product == 'ours'}]\npath: /ask\nbody: {q: '{prompt}'}\n"
        "answer: {text: t, end: {response: true}}\n"
    )
    monkeypatch.chdir(tmp_path)
    with serving({"/about": Answer(body={"product": "ours"})}) as fake:
        assert recognized(provider(fake.url)).known.name == "ours"


SENTENCES: dict[str, tuple[dict[str, Answer], str]] = {
    "none of the known": (
        {},
        "shows no sign of a target that is known; these cannot be told without a question: rag, openai,",
    ),
    "a page": ({"/": Answer(body="<html>"), "/v1/models": Answer(body="<html>")}, "shows no sign of a target"),
    "JSON too deep": ({"/v1/models": Answer(body="[" * 100_000)}, "shows no sign of a target"),
    "a token is wanted": (
        {"/v1/models": Answer(status=401)},
        "wants to know who asks: HTTP 401 at /v1/models; give a token with --header",
    ),
    "forbidden everywhere": ({"/": Answer(status=403)}, "wants to know who asks: HTTP 403 at /;"),
    "not ready": ({"/v1/models": Answer(status=503)}, "is not ready: HTTP 503"),
    "two at once": (
        {"/status": Answer(body={"pipelines": ["rag"]})},
        "may be any of hayhooks, hayhooks-chat; name the one it is with --target NAME",
    ),
    "TLS alone": (
        {"/": Answer(status=400, body="The plain HTTP request was sent to HTTPS port")},
        "speaks TLS; write https://127.0.0.1",
    ),
}


@pytest.mark.parametrize(("answers", "words"), SENTENCES.values(), ids=SENTENCES)
def test_what_cannot_be_told_is_one_sentence(answers: dict[str, Answer], words: str) -> None:
    with serving(answers) as fake, pytest.raises(TargetError) as refused:
        recognized(provider(fake.url))
    sentence = str(refused.value)
    assert sentence.startswith(f"{fake.url}: ")
    assert words in sentence
    assert "\n" not in sentence


@contextmanager
def talking(says: bytes) -> Iterator[str]:
    """A server that says the same to everybody and closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(says)

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(15)


def test_what_speaks_no_http_is_said_so() -> None:
    with talking(b"220 mail.example.com ESMTP\r\n") as url, pytest.raises(TargetError, match="does not speak HTTP"):
        recognized(provider(url))


def test_nobody_there_is_said_so() -> None:
    with pytest.raises(TargetError, match=r"^http://127.0.0.1:1: cannot be reached: .*refused"):
        recognized(provider("http://127.0.0.1:1"))


def in_a_run(at: Provider) -> None:
    reach(at, workload())


def test_tls_where_there_is_none_is_said_so() -> None:
    with GroundTruthServer() as server:
        url = server.base_url.replace("http", "https")
        for contact in (recognized, in_a_run):
            words = rf"{url}: does not speak TLS .*; if it speaks HTTP, write {server.base_url}$"
            with pytest.raises(TargetError, match=words):
                contact(provider(url))


def test_http_where_there_is_tls_and_a_certificate_nobody_knows(tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("127.0.0.1")
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    issued.private_key_pem.write_to_path(str(key))
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    with GroundTruthServer(certificate=certificate, key=key) as server:
        plain = server.base_url.replace("https", "http")
        for contact in (recognized, in_a_run):
            with pytest.raises(TargetError, match=rf"{plain}: speaks TLS; write {server.base_url}$"):
                contact(provider(plain))
        with pytest.raises(
            TargetError, match=r"its certificate is not trusted \(.*\); name its authority with --ca-file"
        ):
            recognized(provider(server.base_url))


def test_a_service_that_sends_its_callers_to_tls_is_asked_there() -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(308)
            self.send_header("location", "https://rag.example.com/")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        with pytest.raises(TargetError, match=r"sends its callers to https://rag\.example\.com; name that URL"):
            recognized(provider(f"http://127.0.0.1:{server.server_port}"))
        server.shutdown()
        thread.join(15)


def test_a_target_that_nobody_knows_is_refused_before_anything_is_asked() -> None:
    with serving({}) as fake, pytest.raises(ConfigError, match="unknown target 'nobody'; known: "):
        recognized(provider(fake.url), "nobody")
    assert fake.paths == []
