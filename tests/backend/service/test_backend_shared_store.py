"""Replicas of the service on one PostgreSQL: what one ingests the other finds, and what a client sees when it dies."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest
import trustme

from backend.errors import ConfigurationError
from backend.retrieval.postgres.connecting import Database, read_place
from tests.backend.documents import GUIDE
from tests.backend.fake_llm import FakeLlm
from tests.backend.retrieval.postgres import PASSWORD, Postgres, running_postgres
from tests.backend.retrieval.test_backend_postgres import recipe
from tests.backend.retrieval.tls_front import tls_front
from tests.backend.running import Backend
from tests.waiting import wait_until

TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    server: Postgres
    replicas: tuple[Backend, Backend]


@pytest.fixture(scope="module")
def shared(shared_fake: FakeLlm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running_postgres() as server:
        server.run(f"CREATE ROLE guest SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
        password_file = tmp_path_factory.mktemp("secret") / "password"
        password_file.write_text(PASSWORD + "\n")
        replicas = tuple(
            Backend(
                data_dir=tmp_path_factory.mktemp("unused"),
                llm_url=shared_fake.url,
                RAG_POSTGRES_URL=server.url(user="guest"),
                RAG_POSTGRES_PASSWORD_FILE=str(password_file),
                RAG_INDEX_TYPE="hnsw",
            )
            for _ in range(2)
        )
        yield Shared(server=server, replicas=(replicas[0], replicas[1]))
        for replica in replicas:
            replica.close()


def test_what_one_replica_ingests_the_other_finds(shared: Shared, fake: FakeLlm) -> None:
    one, other = shared.replicas
    one.ingest({"guide.md": GUIDE})
    name, meta = other.stream("What does a GPU node cost?", k=1)[0]
    assert (name, [document["meta"]["name"] for document in meta["documents"]]) == ("meta", ["guide.md"])
    other.http.post("/delete", json={"all": True}).raise_for_status()
    assert one.http.get("/documents").json()["count"] == 0
    other.ingest({"guide.md": GUIDE})
    infos = [replica.http.get("/info").json() for replica in shared.replicas]
    assert infos[0]["docsets"] == infos[1]["docsets"]
    assert infos[0]["docsets"]["default"]["generation"] == 3
    assert {info["vector_store"] for info in infos} == {"pgvector"}
    assert infos[0]["vector_store_version"].startswith("PostgreSQL 18.")
    assert infos[0]["index"] == {
        "type": "hnsw",
        "parameters": {"metric": "inner_product", "M": 32, "efConstruction": 200, "efSearch": 128},
    }
    assert PASSWORD not in f"{infos} {one.logs} {other.logs}"


def test_a_store_that_is_gone_is_an_answer_with_its_stage_and_is_found_again(shared: Shared, fake: FakeLlm) -> None:
    one = shared.replicas[0]
    one.ingest({"guide.md": GUIDE})
    series = 'rag_errors_total{endpoint="/query",type="store"}'
    before = one.metric(series)
    shared.server.kill()
    try:
        answer = one.http.post("/query", json={"query": "What is a token?"}, timeout=TIMEOUT_S)
        assert (answer.status_code, answer.json()["type"]) == (503, "store")
        assert answer.headers["retry-after"] == "2"
        assert answer.json()["message"].startswith(f"retrieval: pgvector at {shared.server.address}/postgres does not")
        assert one.metric(series) == before + 1
        ingest = one.http.post("/ingest", json={"texts": ["new"]}, timeout=TIMEOUT_S)
        assert (ingest.status_code, ingest.json()["type"]) == (503, "store")
        assert "store" in wait_until(
            lambda: one.http.get("/readyz", timeout=TIMEOUT_S).json().get("missing"), TIMEOUT_S
        )
        assert one.http.get("/healthz").status_code == 200
    finally:
        shared.server.start()
    for replica in shared.replicas:
        wait_until(partial(_is_ready, replica), TIMEOUT_S)
        assert replica.http.post("/query", json={"query": "What is a token?"}).status_code == 200


def _ingest_in_vain(replica: Backend) -> None:
    with pytest.raises(httpx.HTTPError):
        replica.http.post("/ingest", json={"texts": ["new", "newer"]}, timeout=TIMEOUT_S)


def _is_ready(replica: Backend) -> bool:
    return replica.http.get("/readyz", timeout=TIMEOUT_S).status_code == 200


def test_a_replica_that_is_killed_in_an_ingest_leaves_the_docset_whole(shared: Shared, fake: FakeLlm) -> None:
    """The docset is locked while it dies, so that it is in the middle of its transaction for certain."""
    one, other = shared.replicas
    other.ingest({"guide.md": GUIDE})
    before = other.http.get("/info").json()["docsets"]["default"]
    with psycopg.connect(shared.server.url()) as holding:
        holding.execute("LOCK TABLE rag_documents IN SHARE MODE")
        client = threading.Thread(target=_ingest_in_vain, args=(one,))
        client.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with psycopg.connect(shared.server.url(), autocommit=True) as watching:
            wait_until(lambda: (watching.execute(waiting).fetchone() or [0])[0], TIMEOUT_S)
        one.process.kill()
        client.join(TIMEOUT_S)
    assert other.http.get("/info").json()["docsets"]["default"] == before
    other.ingest({"more.md": "More of it."})
    assert other.http.get("/info").json()["docsets"]["default"]["documents"] == before["documents"] + 1


@pytest.mark.parametrize(("trusted", "sentence"), [(True, None), (False, "certificate verify failed")])
def test_the_certificate_of_the_server_is_checked(
    shared: Shared, tmp_path: Path, trusted: bool, sentence: str | None
) -> None:
    authority, another = trustme.CA(), trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    (authority if trusted else another).cert_pem.write_to_path(tmp_path / "ca.pem")
    with tls_front(context, int(shared.server.address.rpartition(":")[2])) as port:
        url = f"postgresql://owner@127.0.0.1:{port}/postgres?sslmode=verify-full&sslrootcert={tmp_path / 'ca.pem'}"
        database = Database(read_place(url, None, 30), recipe(), connections=2, timeout_s=30)
        try:
            if sentence is not None:
                with pytest.raises(ConfigurationError, match=sentence):
                    database.open(lambda _: None)
                return
            database.open(lambda _: None)
            rows = database.read("the store", lambda connection: connection.execute("SELECT 41 + 1").fetchall())
            assert rows == [(42,)]
        finally:
            database.close()
