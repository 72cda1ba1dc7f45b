"""Bodies: JSON whatever curl calls it, judged after the caller, and described as they are."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from kubernetes import client

from backend.benchmarks.benchmarks import Benchmarks, read_template
from backend.benchmarks.kube import connect
from backend.benchmarks.runs import Runs
from backend.bodies.benchmark import BenchmarkStarted
from backend.http.app import build_app
from backend.http.problems import Problem
from backend.service import Service, build_service
from backend.settings import Settings
from tests.backend.fake_kube import FakeKube
from tests.backend.fake_llm import FakeLlm
from tests.backend.running import Backend
from tests.run.http_fake import Answer, serving

FORM = "application/x-www-form-urlencoded"
CONTENT_TYPES = [None, FORM, "text/plain", "application/json", "application/json; charset=utf-8"]
BODIES: dict[str, dict[str, Any]] = {
    "/query": {"query": "x", "k": 0},
    "/query/stream": {"query": "x", "k": 0},
    "/ingest": {"texts": ["A text."]},
    "/delete": {"all": True},
}
"""Endpoints that read JSON and need no cluster."""

TOKEN = "open-sesame"
NO_TOKEN = "this endpoint needs the header 'Authorization: Bearer TOKEN' with the token of RAG_TOKEN"
ASKS_NOBODY = {"/healthz", "/readyz", "/metrics", "/stats", "/info", "/documents", "/query", "/query/stream"}
"""Paths that read, or answer: all others start work, change something, or tell of such work."""


class Door:
    """The app with benchmarks on, an API server and a service to measure."""

    def __init__(self, service: Service) -> None:
        self.app = build_app(service)

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://backend") as asked:
                return await asked.request(method, path, **request)

        return asyncio.run(ask())

    @property
    def paths(self) -> dict[str, dict[str, Any]]:
        paths: dict[str, dict[str, Any]] = self.ask("GET", "/openapi.json").json()["paths"]
        return paths


@pytest.fixture(scope="module")
def cluster() -> Iterator[FakeKube]:
    fake = FakeKube()
    fake.add("/api/v1/namespaces/here/serviceaccounts", {"metadata": {"name": "rag-benchmark"}})
    yield fake
    fake.close()


@pytest.fixture(scope="module")
def parts(cluster: FakeKube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without a token, on a loopback address."""
    with serving({"/readyz": Answer(), "/info": Answer()}) as target:
        environ = {
            "RAG_DATA_DIR": str(tmp_path_factory.mktemp("doors")),
            "RAG_EMBED_THREADS": "1",
            "BENCH_TARGET_URL": target.url,
            "BENCH_MAX_JOBS": "100",
        }
        settings = Settings.from_environ(environ)
        service = build_service(settings, loopback=True)
        kube = connect(client.Configuration(host=cluster.url), "here")
        service.benchmarks = Benchmarks(runs=Runs(kube=kube, settings=settings, template=read_template()))
        yield service
        service.close()


@pytest.fixture(scope="module")
def door(parts: Service) -> Door:
    return Door(parts)


@pytest.fixture(scope="module")
def locked(parts: Service) -> Door:
    """The same with a token, on any address."""
    settings = dataclasses.replace(parts.settings, token=TOKEN)
    return Door(dataclasses.replace(parts, settings=settings, loopback=False))


def headers_of(content_type: str | None) -> dict[str, str]:
    return {} if content_type is None else {"content-type": content_type}


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("path", BODIES)
def test_json_is_read_whatever_the_content_type_says(
    path: str, content_type: str | None, fake_service: Backend, fake: FakeLlm
) -> None:
    fake_service.ingest({"a.md": "A text."})
    answer = fake_service.http.post(path, content=json.dumps(BODIES[path]), headers=headers_of(content_type))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_the_command_of_the_documentation_starts_a_benchmark(content_type: str | None, door: Door) -> None:
    body = '{"concurrency":10,"requests":100}'
    answer = door.ask("POST", "/benchmark/run", content=body, headers=headers_of(content_type))
    assert answer.status_code == 200, answer.text
    BenchmarkStarted.model_validate_json(answer.content)
    assert list(answer.json())[:2] == ["job_name", "namespace"]
    assert answer.json()["namespace"] == "here"


@pytest.mark.parametrize("body", [b"", b" \n", b"{}"])
def test_nothing_at_all_means_every_default(body: bytes, door: Door) -> None:
    answer = door.ask("POST", "/benchmark/run", content=body)
    assert answer.status_code == 200, answer.text
    echo = {key: answer.json()[key] for key in ("concurrency", "requests", "warmup_requests", "timeout", "show_errors")}
    assert echo == {"concurrency": 10, "requests": 100, "warmup_requests": 0, "timeout": 120, "show_errors": 3}
    assert (answer.json()["provider"], answer.json()["workload"]) == ("local", "standard")


BROKEN = [
    (b"concurrency=10&requests=100", "the body is not JSON: expected value at line 1 column 1"),
    (b'{"requests": 100', "the body is not JSON: EOF while parsing"),
    (b"\xff\xfe", "the body is not JSON: "),
    (b"[]", "body: Input should be an object"),
    (b"null", "body: Input should be an object"),
]


@pytest.mark.parametrize(("body", "sentence"), BROKEN)
@pytest.mark.parametrize("path", ["/benchmark/run", *BODIES])
def test_a_body_that_is_none_is_one_sentence(path: str, body: bytes, sentence: str, door: Door) -> None:
    answer = door.ask("POST", path, content=body, headers={"content-type": FORM})
    assert answer.status_code == 422
    problem = Problem.model_validate_json(answer.content)
    assert "\n" not in problem.message
    assert sentence in problem.message


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"requests": 0}, "requests: Input should be greater than or equal to 1 (0)"),
        ({"concurrency": "10"}, "concurrency: Input should be a valid integer ('10')"),
        ({"timeout": 3601}, "timeout: Input should be less than or equal to 3600 (3601)"),
        ({"k": 0}, "k: Input should be greater than or equal to 1 (0)"),
        ({"workload": "../../etc/passwd"}, "workload: String should match pattern"),
        ({"provider": "/etc/passwd"}, "provider: String should match pattern"),
        ({"target_url": "http://elsewhere"}, "target_url: Extra inputs are not permitted"),
        ({"image": "mine:1"}, "image: Extra inputs are not permitted"),
        ({"docset": "A B"}, "docset: String should match pattern"),
    ],
)
def test_an_order_that_cannot_be_is_refused(body: dict[str, object], sentence: str, door: Door) -> None:
    answer = door.ask("POST", "/benchmark/run", json=body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(sentence)


def guarded(door: Door) -> list[tuple[str, str]]:
    return [
        (method.upper(), path) for path, methods in door.paths.items() for method in methods if path not in ASKS_NOBODY
    ]


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer ", f"Basic {TOKEN}", TOKEN])
def test_the_token_is_asked_for_before_anything_else_is_judged(authorization: str | None, locked: Door) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    asked = guarded(locked)
    assert {path for _, path in asked} >= {"/ingest", "/delete", "/benchmark/run", "/benchmark/status"}
    for method, path in asked:
        for body in (b"", b'{"all": true}', b"{", b'{"no_such_key": 1}', b" " * (5 * 2**20)):
            for query in ("", "?job=", "?job=../x", "?job=rag-benchmark-1"):
                answer = locked.ask(method, path + query, content=body, headers=headers)
                assert (answer.status_code, answer.json()["message"]) == (401, NO_TOKEN), (method, path + query, body)
                assert answer.headers["www-authenticate"] == "Bearer"


def test_a_body_that_nobody_may_send_is_not_read(locked: Door) -> None:
    read: list[int] = []

    async def endless() -> Any:
        while len(read) < 100:
            read.append(1)
            yield b" " * 2**20

    for path in ("/ingest", "/delete", "/benchmark/run"):
        assert locked.ask("POST", path, content=endless()).status_code == 401
    assert read == []


def test_the_token_opens(locked: Door) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert locked.ask("POST", "/benchmark/run", headers=headers).status_code == 200
    assert locked.ask("POST", "/delete", content=b"{", headers=headers).status_code == 422
    assert locked.ask("GET", "/benchmark/status?job=../x", headers=headers).status_code == 422
    assert locked.ask("GET", "/benchmark/status?job=rag-benchmark-1", headers=headers).status_code == 404


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
@pytest.mark.parametrize("content_type", [*CONTENT_TYPES, "multipart/form-data; boundary=x"])
def test_a_form_of_another_site_is_refused_where_there_is_no_token(
    content_type: str | None, origin: str, door: Door, cluster: FakeKube
) -> None:
    before = len(cluster.named("jobs"))
    for path in ("/benchmark/run", "/ingest", "/delete"):
        answer = door.ask("POST", path, content=b"{}", headers={"origin": origin, **headers_of(content_type)})
        assert answer.status_code == 403
        assert origin in answer.json()["message"]
    assert len(cluster.named("jobs")) == before


@pytest.mark.parametrize("origin", [None, "http://localhost:3000", "http://127.0.0.1"])
def test_a_page_of_this_machine_may_write_where_there_is_no_token(origin: str | None, door: Door) -> None:
    headers = {} if origin is None else {"origin": origin}
    assert door.ask("POST", "/benchmark/run", headers=headers).status_code == 200


def test_the_schema_says_which_endpoints_ask_for_the_token(door: Door) -> None:
    described = door.ask("GET", "/openapi.json").json()
    (scheme,) = described["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    asking = {path for path, methods in described["paths"].items() for each in methods.values() if each.get("security")}
    assert asking == set(described["paths"]) - ASKS_NOBODY
    for path in asking:
        for method, each in described["paths"][path].items():
            assert {"401", "403"} <= set(each["responses"]), (method, path)


def test_the_schema_of_a_body_refuses_and_takes_what_the_endpoint_does(door: Door) -> None:
    for path, good in {**BODIES, "/benchmark/run": {"requests": 7, "k": 3, "provider": "aws-eks"}}.items():
        body = door.paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator(body).validate(good)
        assert not Draft202012Validator(body).is_valid({**good, "no_such_key": 1})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/benchmark/run", b"{"),
        ("POST", "/benchmark/run", b'{"workload": "none"}'),
        ("POST", "/benchmark/run", b" " * (5 * 2**20)),
        ("GET", "/benchmark/status?job=none", b""),
        ("GET", "/benchmark/logs?job=..", b""),
        ("GET", "/benchmark/results?job=none", b""),
        ("DELETE", "/benchmark/run?job=none", b""),
        ("POST", "/delete", b"{}"),
        ("POST", "/delete", b'{"all": true, "docset": "none"}'),
        ("POST", "/ingest", b"{}"),
        ("POST", "/query", b"{}"),
        ("GET", "/query", b""),
        ("POST", "/query", b" " * (5 * 2**20)),
        ("GET", "/documents?docset=A+B", b""),
    ],
)
def test_an_error_is_one_that_the_schema_lists(method: str, path: str, body: bytes, door: Door) -> None:
    answer = door.ask(method, path, content=body)
    Problem.model_validate(answer.json() | {"errors": None}, extra="ignore")
    known = door.paths[path.partition("?")[0]]
    assert str(answer.status_code) in known.get(method.lower(), known.get("post", {}))["responses"], answer.text
