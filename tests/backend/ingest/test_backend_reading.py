"""Documents and bodies made to harm: each is refused within its limits and with its reason, and all else goes on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from backend.ingest.loaders import LOADERS
from tests.backend.fake_llm import FakeLlm
from tests.backend.hostile_files import FILES, FORM_TYPE, FORMS, JSON, filled
from tests.backend.probing import Probe
from tests.backend.running import Backend, memory_of
from tests.families import family, still
from tests.waiting import wait_until

SIZE = 30_000
CPU_S = 1
MEMORY_BYTES = 192 * 2**20
DEADLINE_S = 60.0
SLOW_HTML = filled(b"<div>")(200_000)
"""A minute of CPU time in 40 MB: on no machine is another limit passed before that of time."""


@pytest.fixture(scope="module")
def strict(shared_fake: FakeLlm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    backend = Backend(
        data_dir=tmp_path_factory.mktemp("strict"),
        llm_url=shared_fake.url,
        RAG_TOKEN="open-sesame",
        RAG_READER_CPU_SECONDS=str(CPU_S),
        RAG_READER_MEMORY_BYTES=str(MEMORY_BYTES),
        RAG_READ_TIMEOUT_SECONDS="280",  # of an ingest: those of the readers come first, however slow the machine is
        RAG_MAX_TEXT_BYTES="1000000",
        RAG_MAX_PAGES="50",
        RAG_CHUNK_CHARS="100000",  # one passage of each, since it is reading that is attacked
    )
    backend.http.headers["authorization"] = "Bearer open-sesame"
    backend.http.timeout = httpx.Timeout(300)
    yield backend
    backend.close()


def readers_of(backend: Backend) -> list[psutil.Process]:
    def reads(process: psutil.Process) -> bool:
        return any(".worker" in word for word in process.cmdline())

    return [process for process in family(backend.process.pid) if still(process, reads)]


def upload(backend: Backend, files: dict[str, bytes], docset: str = "default") -> httpx.Response:
    return backend.http.post(
        "/ingest", data={"docset": docset}, files=[("files", (name, content)) for name, content in files.items()]
    )


ENDINGS = sorted({name.rpartition(".")[2] for name in FILES})


@pytest.mark.parametrize("ending", ENDINGS)
def test_hostile_files_have_each_a_reason_and_those_between_them_are_read(strict: Backend, ending: str) -> None:
    """Every kind of one format in one request, a good file behind each."""
    hostile = {name: make(SIZE) for name, make in FILES.items() if name.endswith("." + ending)}
    files: dict[str, bytes] = {}
    for number, (name, content) in enumerate(hostile.items()):
        files |= {name: content, f"good-{number}.md": f"# Good\n\nText number {number} of {ending}.".encode()}
    with Probe(strict.url) as probe:
        answer = upload(strict, files, docset=ending)
    assert answer.status_code == 200, answer.text
    told = {error["name"]: error["error"] for error in answer.json()["errors"]}
    assert set(told) <= set(hostile)
    assert all(reason.startswith(f"{name}: ") and len(reason) < 600 for name, reason in told.items())
    listed = {entry["name"] for entry in strict.http.get("/documents", params={"docset": ending}).json()["documents"]}
    assert listed == {name for name in files if name not in told}
    assert not probe.was_held_up
    assert memory_of(strict) < 1.2e9


def test_each_limit_has_its_own_sentence(strict: Backend) -> None:
    """Texts that are sure to pass one limit each."""
    files = {
        "cpu.html": SLOW_HTML,
        "text.txt": b"word " * 400_000,
        "unpacked.docx": FILES["packed.docx"](SIZE),
        "pages.pdf": FILES["pages.pdf"](SIZE),
        "odd.exe": b"MZ",
    }
    reasons = [error["error"] for error in upload(strict, files).json()["errors"]]
    assert reasons == [
        f"cpu.html: reading it takes more than {CPU_S} s of CPU time (RAG_READER_CPU_SECONDS)",
        "text.txt: with its 1999999 bytes of text the documents of this ingest have more than 1000000 "
        "(RAG_MAX_TEXT_BYTES)",
        "unpacked.docx: unpacked it has " + reasons[2].split()[4] + " bytes, more than 1000000 (RAG_MAX_TEXT_BYTES)",
        f"pages.pdf: {SIZE // 6} pages are more than 50 (RAG_MAX_PAGES)",
        "odd.exe: the ending '.exe' is not one of " + ", ".join(LOADERS),
    ]


@pytest.mark.parametrize("name", JSON)
def test_a_hostile_body_is_one_problem(strict: Backend, name: str) -> None:
    with Probe(strict.url) as probe:
        answer = strict.http.post("/ingest", content=JSON[name](3_000_000))
    assert answer.status_code in {403, 413, 422}, answer.text
    assert len(answer.json()["message"]) < 600
    assert {"message", "type", "request_id"} <= set(answer.json())
    assert not probe.was_held_up


@pytest.mark.parametrize("name", FORMS)
def test_a_hostile_form_is_one_problem(strict: Backend, name: str) -> None:
    answer = strict.http.post("/ingest", content=FORMS[name](1_000_000), headers={"content-type": FORM_TYPE})
    assert answer.status_code in ({200} if name == "almost boundaries" else {400, 413, 422}), answer.text
    assert answer.is_success or {"message", "type", "request_id"} <= set(answer.json())


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_without_boundary_is_a_sentence(strict: Backend, content_type: str) -> None:
    answer = strict.http.post("/ingest", content=b"--x\r\n", headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["message"]) == (400, "the form's Content-Type names no boundary")


@pytest.mark.parametrize("path", ["/query", "/query/stream", "/delete"])
def test_a_million_small_values_are_refused_before_they_are_read(strict: Backend, path: str) -> None:
    many = [
        b'{"query":"x"' + b"".join(b',"k%d":1' % number for number in range(200_000)) + b"}",
        b'{"query":[' + b",".join([b"{}"] * 1_000_000) + b"]}",
        b'{"query":[' + b",".join([b'""'] * 1_000_000) + b"]}",
    ]
    for body in many:
        with Probe(strict.url) as probe:
            answer = strict.http.post(path, content=body)
        assert (answer.status_code, answer.json()["message"]) == (422, "the body holds more than 20000 values")
        assert not probe.was_held_up


def test_quotes_and_commas_within_a_text_are_no_values(strict: Backend, fake: FakeLlm) -> None:
    text = 'so, "many", quotes \\, ' * 4000
    assert strict.http.post("/query", json={"query": text, "k": 0}).status_code == 200


def test_readers_hold_no_secret_and_are_few(strict: Backend) -> None:
    strict.ingest({"a.md": "A text."})
    readers = readers_of(strict)
    assert 1 <= len(readers) <= 2
    for reader in readers:
        assert "open-sesame" not in str(reader.environ()) + str(reader.cmdline())
        assert reader.nice() > psutil.Process(strict.process.pid).nice()
        assert reader.rlimit(psutil.RLIMIT_DATA) == (MEMORY_BYTES, MEMORY_BYTES)
        assert reader.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)


def test_a_reader_that_dies_is_replaced(strict: Backend) -> None:
    strict.ingest({"a.md": "A text."})
    readers = readers_of(strict)
    for reader in readers:
        reader.kill()
    wait_until(lambda: not any(still(reader, lambda _: True) for reader in readers), DEADLINE_S)
    assert strict.ingest({"b.md": "Another text."})["ingested"] == 1


def test_readers_end_with_a_service_that_is_killed(fake: FakeLlm, tmp_path: Path) -> None:
    backend = Backend(data_dir=tmp_path, llm_url=fake.url)
    backend.ingest({"a.md": "A text."})
    readers = readers_of(backend)
    assert readers
    backend.kill()
    assert psutil.wait_procs(readers, DEADLINE_S)[1] == []


@pytest.mark.parametrize("work", ["reading", "embedding"])
def test_sigterm_ends_an_ingest_within_its_grace(fake: FakeLlm, tmp_path: Path, work: str) -> None:
    """The client is told, and the docset is as it was; what was under way would have been taken without the signal."""
    backend = Backend(data_dir=tmp_path, llm_url=fake.url, RAG_DRAIN_SECONDS="3", RAG_READER_CPU_SECONDS="600")
    backend.ingest({"old.md": "Old words remain."})
    content = {"reading": SLOW_HTML, "embedding": b"Each word is a word. " * 40_000}[work]
    name = {"reading": "a.html", "embedding": "a.txt"}[work]
    with ThreadPoolExecutor(1) as client:
        uploading = client.submit(upload, backend, {name: content})
        busy = psutil.Process(backend.process.pid) if work == "embedding" else readers_of(backend)[0]
        before_s = sum(busy.cpu_times()[:2])
        wait_until(lambda: sum(busy.cpu_times()[:2]) > before_s + 0.5, DEADLINE_S)
        os.kill(backend.process.pid, signal.SIGTERM)
        answer = uploading.result(DEADLINE_S)
        assert backend.process.wait(DEADLINE_S) == 0
    assert (answer.status_code, answer.json()["type"]) == (503, "shutdown")
    assert answer.headers["retry-after"] == "5"
    backend.close()
    assert json.loads((tmp_path / "docsets/default/00000001/docset.json").read_text())["chunks"] == 1
    assert len(list((tmp_path / "docsets/default").glob("0*"))) == 1


def test_more_ingests_than_may_be_under_way_are_told_to_come_back(fake: FakeLlm, tmp_path: Path) -> None:
    """Two are read for as long as their readers live, so that the next is one too many however fast the machine is."""
    backend = Backend(data_dir=tmp_path, llm_url=fake.url, RAG_MAX_INGESTS="2", RAG_READER_CPU_SECONDS="600")
    backend.http.timeout = httpx.Timeout(300)

    def let_in() -> httpx.Response | None:
        answer = upload(backend, {"a.html": SLOW_HTML})
        return answer if answer.status_code != 503 else None

    def told() -> httpx.Response | None:
        answer = upload(backend, {"b.md": b"A text."})
        return answer if answer.status_code == 503 else None

    try:
        with ThreadPoolExecutor(2) as clients, Probe(backend.url) as probe:
            held = [clients.submit(wait_until, let_in, DEADLINE_S) for _ in range(2)]
            refused = wait_until(told, DEADLINE_S)
            wait_until(lambda: are_over(held, backend), DEADLINE_S)
        assert (refused.json()["type"], refused.headers["retry-after"]) == ("overloaded", "1")
        assert [each.result().status_code for each in held] == [422, 422]
        assert probe.failed == 0
        assert backend.ingest({"c.md": "Another text."})["ingested"] == 1
    finally:
        backend.close()


def are_over(ingests: list[Future[httpx.Response]], backend: Backend) -> bool:
    """Ends whatever reads for them."""
    for reader in readers_of(backend):
        reader.kill()
    return all(each.done() for each in ingests)


def test_what_takes_longer_than_an_ingest_may_is_not_read(fake: FakeLlm, tmp_path: Path) -> None:
    backend = Backend(data_dir=tmp_path, llm_url=fake.url, RAG_READ_TIMEOUT_SECONDS="4", RAG_READER_CPU_SECONDS="60")
    try:
        backend.ingest({"c.md": "A text."})  # to start a reader takes time, too
        answer = upload(backend, {"a.html": SLOW_HTML, "b.md": b"A text."})
        late = "not read within 4 s, as all documents of an ingest (RAG_READ_TIMEOUT_SECONDS)"
        assert [error["error"] for error in answer.json()["errors"]] == [f"a.html: {late}", f"b.md: {late}"]
        assert backend.ingest({"b.md": "A text."})["ingested"] == 1
    finally:
        backend.close()
