"""One comment on a pull or merge request: written once, changed in place, by the API that each forge documents."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ragmeter.cli import main
from ragmeter.clients.forge import MOST_CHARS, marker, place_of, put_comment
from ragmeter.core.errors import ConfigError, StorageError

TOKEN = "t0ken-of-the-job"
GITHUB = "/repos/acme/rag/issues/7/comments"
GITLAB = "/api/v4/projects/42/merge_requests/7/notes"


class Forge(ThreadingHTTPServer):
    """Both at once: a list of comments, what was asked, and what it answers instead."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.comments: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, str | None]] = []
        self.refusal: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answers(BaseHTTPRequestHandler):
    server: Forge

    def log_message(self, *_: object) -> None: ...

    def _note(self) -> None:
        token = self.headers["Authorization"] or self.headers["PRIVATE-TOKEN"]
        self.server.asked.append((self.command, urlsplit(self.path).path, token))

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _send(self, document: object, status: int = 200) -> None:
        data = json.dumps({"message": f"no, {TOKEN}"} if self.server.refusal else document).encode()
        self.send_response(self.server.refusal or status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._note()
        query = parse_qs(urlsplit(self.path).query)
        size, page = int(query["per_page"][0]), int(query["page"][0])
        self._send(self.server.comments[(page - 1) * size : page * size])

    def do_POST(self) -> None:
        self._note()
        made = {"id": 1000 + len(self.server.comments), **self._body()}
        self.server.comments.append(made)
        self._send(made, 201)

    def _change(self) -> None:
        self._note()
        number = int(self.path.rpartition("/")[2])
        (found,) = [each for each in self.server.comments if each["id"] == number]
        found |= self._body()
        self._send(found)

    do_PATCH = do_PUT = _change  # noqa: N815 - as the standard library wants it


@pytest.fixture
def forge() -> Iterator[Forge]:
    with Forge() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(15)


@pytest.fixture(params=["GitHub", "GitLab"])
def environment(request: pytest.FixtureRequest, forge: Forge, tmp_path: Path) -> dict[str, str]:
    if request.param == "GitLab":
        return {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{forge.url}/api/v4",
            "CI_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_IID": "7",
            "GITLAB_TOKEN": TOKEN,
        }
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}), encoding="utf-8")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": forge.url,
        "GITHUB_REPOSITORY": "acme/rag",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_TOKEN": TOKEN,
    }


def put(environment: dict[str, str], text: str, key: str = "summary") -> str:
    place = place_of(environment)
    assert place is not None
    return put_comment(place, text, key=key)


def test_it_is_written_once_and_changed_ever_after(environment: dict[str, str], forge: Forge) -> None:
    forge.comments += [{"id": number, "body": f"said by somebody {marker('summary')}"} for number in range(150)]
    assert put(environment, "first") == "written"
    assert put(environment, "second") == "updated"
    assert put(environment, "of another job", key="nightly") == "written"
    assert put(environment, "third") == "updated"
    assert [each["body"] for each in forge.comments[150:]] == [
        f"{marker('summary')}\nthird",
        f"{marker('nightly')}\nof another job",
    ]
    on_github = "GITHUB_ACTIONS" in environment
    list_at, changed = (GITHUB, "PATCH") if on_github else (GITLAB, "PUT")
    one_at = "/repos/acme/rag/issues/comments/1150" if on_github else f"{GITLAB}/1150"
    assert (changed, one_at) in {(method, path) for method, path, _ in forge.asked}
    assert {path for _, path, _ in forge.asked} == {list_at, one_at}
    assert {token for *_, token in forge.asked} == {f"Bearer {TOKEN}" if on_github else TOKEN}


def test_a_text_that_is_too_long_is_cut_between_lines(environment: dict[str, str], forge: Forge) -> None:
    put(environment, "a line\n" * 20_000)
    body = forge.comments[0]["body"]
    assert len(body) <= MOST_CHARS
    assert body.endswith("a line\n\nThe rest is on the page.\n")


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "token is not accepted"), (403, "pull-requests: write"), (404, "no such request"), (500, "not written")],
)
def test_a_refusal_says_what_to_do_and_no_token(
    environment: dict[str, str], forge: Forge, status: int, words: str
) -> None:
    forge.refusal = status
    with pytest.raises(StorageError, match=f"HTTP {status}: .*{words}") as refused:
        put(environment, "text")
    assert TOKEN not in str(refused.value)
    assert TOKEN not in repr(place_of(environment))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"GITHUB_REPOSITORY": "../../x"}, "environment GITHUB_REPOSITORY: '../../x' is not owner/name"),
        ({"GITHUB_TOKEN": " "}, "environment GITHUB_TOKEN: is not set"),
        ({"GITHUB_API_URL": "file:///etc"}, "environment GITHUB_API_URL: "),
        ({"GITHUB_EVENT_PATH": "/nowhere.json"}, "environment GITHUB_EVENT_PATH: /nowhere.json: "),
        ({"CI_MERGE_REQUEST_IID": "7/../8"}, "environment CI_MERGE_REQUEST_IID: '7/../8' is not a number"),
        ({"GITLAB_TOKEN": ""}, "environment GITLAB_TOKEN: is not set"),
    ],
)
def test_what_is_missing_is_named(environment: dict[str, str], changed: dict[str, str], words: str) -> None:
    mine = "GITHUB_ACTIONS" in environment
    of_github = any(name.startswith("GITHUB_") for name in changed)
    if mine is not of_github:  # a variable of the other forge changes nothing
        assert place_of(environment | changed) is not None
        return
    with pytest.raises(ConfigError) as refused:
        place_of(environment | changed)
    assert str(refused.value).startswith(words)


@pytest.mark.parametrize("key", ["", "a b", "--> <script>", "x" * 65])
def test_a_key_is_one_word(key: str) -> None:
    with pytest.raises(ConfigError, match="--key: "):
        marker(key)


def test_without_a_request_there_is_no_comment(environment: dict[str, str], tmp_path: Path) -> None:
    push = tmp_path / "push.json"
    push.write_text(json.dumps({"ref": "refs/heads/main"}), encoding="utf-8")
    assert place_of(environment | {"GITHUB_EVENT_PATH": str(push), "CI_MERGE_REQUEST_IID": ""}) is None
    assert place_of({}) is None


def test_the_command_adds_the_link_and_says_what_it_did(
    environment: dict[str, str],
    forge: Forge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    summary = tmp_path / "summary.md"
    assert main(["comment", str(summary)]) == 2
    summary.write_text("### PASS\n", encoding="utf-8")
    assert main(["comment", str(summary), "--link", "https://x.example/artifacts/1"]) == 0
    assert "](https://x.example/artifacts/1)" in forge.comments[0]["body"]
    told = capsys.readouterr()
    assert "comment written on Git" in told.out
    assert f"{summary}: No such file" in told.err
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    assert main(["comment", str(summary)]) == 0
    assert "no comment" in capsys.readouterr().out
