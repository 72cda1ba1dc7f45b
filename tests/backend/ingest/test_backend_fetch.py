"""Which addresses are public, and that no page is fetched from another."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from backend.errors import BadRequestError
from backend.http.app import build_app
from backend.http.sources import _fetch
from backend.ingest.addresses import is_public
from backend.ingest.fetch import Fetcher
from backend.ingest.places import RefusedUrlError
from backend.ingest.reading import Allowance, Reading
from backend.service import build_service
from backend.settings import Settings

PAGE = b"<html><body><h1>News</h1><p>Fetched text.</p></body></html>"


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # metadata of the large clouds
        "100.64.0.1",  # carrier-grade NAT, and some clouds' metadata
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:db8::1",
        "not an address",
    ],
)
def test_private_reserved_and_wrapped_addresses_are_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://user:word@1.1.1.1/",
        "file:///etc/passwd",
        "ftp://1.1.1.1/",
        "gopher://127.0.0.1:6379/_INFO",
        "http:///nothing",
        "//1.1.1.1/",
    ],
)
def test_urls_to_private_places_are_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(RefusedUrlError):
        asyncio.run(Fetcher(max_bytes=1000, timeout_s=5).fetch(url))


class Site(BaseHTTPRequestHandler):
    hits: list[str]

    def do_GET(self) -> None:
        self.hits.append(self.path)
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        pages = {"/news": PAGE, "/more": PAGE, "/big": b"x" * 5000, "/sitemap.xml": sitemap(self.headers["host"])}
        self.send_response(200 if self.path in pages else 404)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(pages.get(self.path, b""))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Silent."""


def sitemap(host: str) -> bytes:
    return f"<urlset><url><loc>http://{host}/news</loc></url><url><loc>http://{host}/gone</loc></url></urlset>".encode()


@pytest.fixture
def site() -> Iterator[str]:
    Site.hits = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def here_only(address: str) -> bool:
    return address == "127.0.0.1"


def fetcher(max_bytes: int = 1000) -> Fetcher:
    """Allows 127.0.0.1, where the test's site is, and nothing else."""
    return Fetcher(max_bytes=max_bytes, timeout_s=5, allowed=here_only)


def test_a_page_is_fetched_through_redirects(site: str) -> None:
    page = asyncio.run(fetcher().fetch(f"{site}/to//news"))
    assert (page.content, page.ending, page.place.url) == (PAGE, ".html", f"{site}/news")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/to/http://127.0.0.2/secret", "127.0.0.2 is not a public address"),
        ("/to/file:///etc/passwd", "not an http or https URL"),
        ("/to//to//to//to//news", "more than 3 redirects"),
        ("/big", "more than 1000 bytes"),
        ("/gone", "HTTP 404"),
    ],
)
def test_what_a_site_answers_is_checked_too(site: str, path: str, reason: str) -> None:
    with pytest.raises(RefusedUrlError, match=reason):
        asyncio.run(fetcher().fetch(site + path))


def test_a_name_is_refused_when_one_of_its_addresses_is_private(monkeypatch: pytest.MonkeyPatch, site: str) -> None:
    def resolve(host: str, port: int, *_args: Any, **_options: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.0.0.1", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    port = site.rpartition(":")[2]
    with pytest.raises(RefusedUrlError, match=r"example\.test resolves to 10\.0\.0\.1, which is not a public address"):
        asyncio.run(fetcher().fetch(f"http://example.test:{port}/news"))
    assert Site.hits == []


def test_a_name_is_resolved_once_and_that_address_is_used(monkeypatch: pytest.MonkeyPatch, site: str) -> None:
    answers = iter(["127.0.0.1", "10.0.0.1", "10.0.0.1"])  # a name that changes its mind

    def resolve(host: str, port: int, *_args: Any, **_options: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (next(answers) if host != "127.0.0.1" else host, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    page = asyncio.run(fetcher().fetch(f"http://example.test:{site.rpartition(':')[2]}/news"))
    assert page.content == PAGE
    assert next(answers) == "10.0.0.1"


async def post_ingest(
    data_dir: Path, body: dict[str, Any], allowed: Callable[[str], bool], **environ: str
) -> httpx.Response:
    """Through the whole application, in this process, with a fetcher that may reach what `allowed` says."""
    here = {"RAG_DATA_DIR": str(data_dir), "RAG_ALLOW_URLS": "1", "RAG_EMBED_THREADS": "1"}
    settings = Settings.from_environ(here | environ)
    service = build_service(settings, loopback=True)
    service.fetcher = Fetcher(max_bytes=1000, timeout_s=5, allowed=allowed)
    try:
        transport = httpx.ASGITransport(build_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://backend") as client:
            return await client.post("/ingest", json=body)
    finally:
        service.close()


def test_pages_of_a_sitemap_are_ingested_and_missing_ones_reported(site: str, tmp_path: Path) -> None:
    answer = asyncio.run(post_ingest(tmp_path, {"sitemap_url": f"{site}/sitemap.xml"}, here_only)).json()
    assert (answer["ingested"], answer["chunks"]) == (1, 1)
    assert answer["errors"] == [{"name": f"{site}/gone", "error": f"{site}/gone: HTTP 404"}]
    assert "127.0.0.1/news.html" in (tmp_path / "docsets/default/00000001/chunks.jsonl").read_text(encoding="utf-8")


def test_urls_that_are_allowed_in_general_are_still_refused_when_private(site: str, tmp_path: Path) -> None:
    response = asyncio.run(post_ingest(tmp_path, {"urls": [f"{site}/news"]}, is_public))
    assert response.status_code == 422
    assert response.json()["message"].endswith("127.0.0.1 is not a public address")
    assert Site.hits == []


def test_text_of_all_pages_of_a_request_has_one_limit(site: str, tmp_path: Path) -> None:
    body = {"urls": [f"{site}/news", f"{site}/more"]}
    answer = asyncio.run(post_ingest(tmp_path, body, here_only, RAG_MAX_TEXT_BYTES="30")).json()
    assert (answer["ingested"], len(answer["errors"])) == (1, 1)
    assert "the documents of this ingest have more than 30 (RAG_MAX_TEXT_BYTES)" in answer["errors"][0]["error"]


class NeverFetched:
    """Stands for a service whose pages never come."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fetcher = self
        self.settings = Settings.from_environ({})

    async def fetch(self, url: str) -> None:
        self.asked.append(url)
        await asyncio.Event().wait()


LATE = "not read within 0.2 s, as all documents of an ingest (RAG_READ_TIMEOUT_SECONDS)"


def test_pages_that_are_not_there_in_the_time_of_their_request_are_rejected() -> None:
    """Those that are not even asked for, too: a request holds one of few places."""
    reading = Reading(urls=["http://a.test/1", "http://a.test/2"])
    service = NeverFetched()
    asyncio.run(_fetch(reading, cast("Any", service), Allowance(timeout_s=0.2, text_bytes=1000)))
    assert reading.rejected == [(url, f"{url}: {LATE}") for url in reading.urls]
    assert service.asked == ["http://a.test/1"]


def test_sitemap_that_is_not_there_in_the_time_of_its_request_refuses_it() -> None:
    reading = Reading(sitemap_url="http://a.test/map")
    with pytest.raises(BadRequestError, match=r"http://a\.test/map: not read within 0\.2 s"):
        asyncio.run(_fetch(reading, cast("Any", NeverFetched()), Allowance(timeout_s=0.2, text_bytes=1000)))
