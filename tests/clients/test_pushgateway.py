"""The client of a Pushgateway, against a real one."""

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ragmeter.clients.pushgateway import (
    PASSWORD,
    RUN_JOB,
    STALE_S,
    TOKEN,
    USER,
    Group,
    Pushgateway,
    probe_group,
    pushgateway,
    run_group,
)
from ragmeter.core.errors import ConfigError, StorageError
from tests.grafana import prometheus as servers

BCRYPT_OF_SECRET = "$2b$05$OypO5MMABMWMvQzFMZWSy.aG9LrljEbVF525cqX0bJGFWjdz2RVi6"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with servers.pushgateway(tmp_path / "log") as found:
        yield found


@pytest.fixture
def gateway(address: str) -> Iterator[Pushgateway]:
    with pushgateway(f"http://{address}", {}) as found:
        yield found


def page(address: str) -> list[str]:
    """The samples that were pushed."""
    lines = httpx.get(f"http://{address}/metrics", trust_env=False).text.splitlines()
    return [line for line in lines if line.startswith("demo_")]


def test_a_group_is_replaced_as_a_whole(gateway: Pushgateway, address: str) -> None:
    group = run_group("aws-eks", "smoke")
    gateway.replace(group, "demo_a 1\ndemo_b 2\n")
    gateway.replace(group, "demo_a 3\n")
    labels = 'instance="",job="ragmeter",provider="aws-eks",workload="smoke"'
    assert page(address) == [f"demo_a{{{labels}}} 3"]


@pytest.mark.parametrize("value", ["a/b", "ü", "two words", 'a"b\\c', "../../x", "="])
def test_a_grouping_label_may_have_any_value(gateway: Pushgateway, address: str, value: str) -> None:
    group = Group(job="a/job", labels={"provider": value})
    gateway.replace(group, "demo_a 1\n")
    listed = httpx.get(f"http://{address}/api/v1/metrics", trust_env=False).json()["data"]
    assert [entry["labels"] for entry in listed] == [{"job": "a/job", "provider": value}]
    gateway.delete(group)
    assert page(address) == []


def test_what_is_not_there_can_be_deleted(gateway: Pushgateway) -> None:
    gateway.delete(run_group("aws-eks", "smoke"))


def test_stale_groups_of_the_job_are_deleted_and_no_others(gateway: Pushgateway, address: str) -> None:
    for group in (run_group("aws-eks", "old"), run_group("gcp-gke", "old"), Group(job="theirs")):
        gateway.replace(group, "demo_a 1\n")
    assert gateway.delete_stale(RUN_JOB, time.time()) == 0
    assert gateway.delete_stale(RUN_JOB, time.time() + STALE_S + 60) == 2
    assert page(address) == ['demo_a{instance="",job="theirs"} 1']


def test_publishing_replaces_its_groups_and_deletes_what_nobody_has_pushed_for_a_month(
    gateway: Pushgateway, address: str
) -> None:
    for group in (run_group("aws-eks", "old"), probe_group("aws-eks"), Group(job="theirs")):
        gateway.replace(group, "demo_a 1\n")
    assert gateway.publish([(run_group("aws-eks", "smoke"), "demo_a 2\n")], time.time()) == 0
    assert len(page(address)) == 4
    # A clock a month ahead finds all of ours stale, what was pushed a moment ago among them.
    assert gateway.publish([(run_group("aws-eks", "smoke"), "demo_a 3\n")], time.time() + STALE_S + 60) == 3
    assert page(address) == ['demo_a{instance="",job="theirs"} 1']


def test_a_refusal_is_told_in_the_gateways_words(gateway: Pushgateway, address: str) -> None:
    with pytest.raises(StorageError, match=rf"Pushgateway http://{address}: PUT: HTTP 400: text format parsing error"):
        gateway.replace(run_group("aws-eks", "smoke"), "no metric")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    """The URL of one that asks for user ``bench`` with password ``secret``."""
    web = tmp_path / "web.yaml"
    web.write_text(f"basic_auth_users: {{bench: {BCRYPT_OF_SECRET}}}\n", encoding="utf-8")
    with servers.pushgateway(tmp_path / "log", f"--web.config.file={web}") as address:
        yield f"http://{address}"


def test_user_and_password_come_from_the_environment(guarded: str) -> None:
    with pushgateway(guarded, {USER: "bench", PASSWORD: "secret"}) as gateway:
        gateway.check()
        assert "secret" not in repr(gateway)


@pytest.mark.parametrize("given", [{USER: "bench", PASSWORD: "wr0ng"}, {TOKEN: "wr0ng"}, {}], ids=str)
def test_wrong_credentials_are_refused_and_not_told(guarded: str, given: dict[str, str]) -> None:
    with pushgateway(guarded, given) as gateway, pytest.raises(StorageError, match="HTTP 401: Unauthorized") as caught:
        gateway.check()
    assert "wr0ng" not in str(caught.value)


def test_a_token_is_sent_as_such() -> None:
    with pushgateway("http://gateway:9091", {TOKEN: "secret"}) as gateway:
        assert gateway._http.headers["authorization"] == "Bearer secret"


def test_nobody_there_is_a_sentence() -> None:
    with pushgateway("http://127.0.0.1:1", {}) as gateway, pytest.raises(StorageError, match="Connection refused"):
        gateway.check()


def test_another_server_is_no_pushgateway() -> None:
    said = "what answers there is no Pushgateway"
    with another_server() as url, pushgateway(url, {}) as gateway, pytest.raises(StorageError, match=said):
        gateway.check()


@contextmanager
def another_server() -> Iterator[str]:
    class Welcome(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<h1>Welcome</h1>")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Silent."""

    with http.server.HTTPServer(("127.0.0.1", 0), Welcome) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"provider": ""}, "the label provider is empty"),
        ({"pro-vider": "x"}, "'pro-vider' is not a label name"),
        ({"__name__": "x"}, "'__name__' is not a label name"),
        ({"instance": "x"}, "job and instance are no grouping labels"),
        ({"job": "x"}, "job and instance are no grouping labels"),
    ],
)
def test_a_bad_group_is_refused(labels: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Group(job="ragmeter", labels=labels)


@pytest.mark.parametrize(
    ("url", "environment", "words"),
    [
        ("gateway:9091", {}, "must be http://HOST"),
        ("http://bench:secret@gateway:9091", {}, "a user name, \\? and # have no place in it"),
        ("http://gateway:9091", {USER: "bench"}, f"set {USER} and {PASSWORD}, or {TOKEN}, or none"),
        ("http://gateway:9091", {USER: "bench", PASSWORD: "secret", TOKEN: "secret"}, "or none of them"),
    ],
)
def test_a_bad_address_or_half_of_the_credentials_is_refused(url: str, environment: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught, pushgateway(url, environment):
        pass
    assert "secret" not in str(caught.value)
