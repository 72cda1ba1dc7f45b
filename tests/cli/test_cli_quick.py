"""``ragmeter quick`` from the first request to the last line, against real servers, and what it refuses."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ragmeter.cli import main
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.programs import AS_A_USER
from tests.run.http_fake import Answer, serving
from tests.tethered import tethered

ROOT = Path(__file__).parents[2]
PREDECESSOR = (ROOT / "fixtures" / "streams" / "predecessor.sse").read_bytes()
PROGRAM = "import sys; from ragmeter.cli import main; sys.exit(main())"
ENOUGH_S = 120


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    with GroundTruthServer(StreamScript(ttft_ms=20, itl_ms=5, tokens=8), process=True) as running:
        yield running


def quick(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    ended = main(["quick", *arguments])
    said = capsys.readouterr()
    return ended, said.out, said.err


@pytest.mark.parametrize(("target", "by"), [(None, "by /info"), ("openai", "as named")])
def test_a_minute_shows_what_answers_how_fast_and_how_much(
    capsys: pytest.CaptureFixture[str], server: GroundTruthServer, target: str | None, by: str
) -> None:
    named = ["--target", target] if target else []
    ended, out, err = quick(capsys, server.base_url, *named, "--duration", "4", "--most", "2")
    assert (ended, err) == (0, "")
    first, *_ = out.splitlines()
    assert first.startswith(f"{server.base_url}: target {target or 'rag'}, {by}")
    assert "model ground-truth" in out or target is None
    assert out.count("8 text events") == 3
    for title in (
        "  TTFT        p50 ",
        "  TPOT        p50 ",
        "  e2e         p50 ",
        "throughput  most: ",
        "errors      0 of",
    ):
        assert title in out
    assert "capacity: " in out
    assert "a guess from " in out
    assert "what it costs: that needs prices" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.fixture
def predecessor() -> Iterator[str]:
    """The RAG demo: its recorded stream for every question, and the OpenAPI document of its application."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            known = self.path == "/openapi.json"
            document: dict[str, object] = (
                {"paths": {"/query/stream": {"post": {}}, "/healthz": {"get": {}}}} if known else {}
            )
            self.answer(
                200 if known or self.path == "/healthz" else 404, json.dumps(document).encode(), "application/json"
            )

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.answer(200, PREDECESSOR, "text/event-stream")

        def answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None: ...

    with played(Handler) as url:
        yield url


@contextmanager
def played(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(15)


def test_the_predecessor_is_told_from_the_backend_and_what_it_does_not_say_is_named(
    capsys: pytest.CaptureFixture[str], predecessor: str
) -> None:
    ended, out, _ = quick(capsys, predecessor, "--duration", "2", "--most", "1", "--question", "Why?")
    assert ended == 0
    assert "target rag-demo, by /openapi.json" in out
    assert "1 question\n  Why?\n" in out
    assert "prompt_tokens: no usage.input was found" in out


def test_what_it_writes_can_be_validated_and_run(
    capsys: pytest.CaptureFixture[str], server: GroundTruthServer, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    ended, out, _ = quick(capsys, server.base_url, "--duration", "3", "--most", "1", "--write", str(folder))
    assert ended == 0
    assert f"{folder}: provider.yaml, workload.yaml, capacity.yaml, .github/workflows/ragmeter.yml" in out
    files = sorted(map(str, folder.glob("*.yaml")))
    assert main(["validate", *files]) == 0
    command = [sys.executable, "-c", PROGRAM, "run", "--provider=./provider.yaml", "-q", "-p", "no:cacheprovider"]
    shorter = ["--bench-requests=70", "--bench-cool-down=0", *AS_A_USER]
    run = subprocess.run(
        tethered([*command, *shorter]), cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert run.returncode in {0, 1, 10}, run.stdout + run.stderr  # how fast it is on this machine is not the question
    assert "questions @ mine" in run.stdout
    assert [*folder.glob("reports/ns/mine/*.raw.jsonl")]


def test_ctrl_c_keeps_what_was_measured(server: GroundTruthServer) -> None:
    command = [sys.executable, "-c", PROGRAM, "quick", server.base_url]
    with subprocess.Popen(tethered(command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen: list[str] = []
        for line in process.stdout:
            seen.append(line)
            if line.split()[:1] == ["1"]:
                break
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=ENOUGH_S)
    assert process.returncode == -signal.SIGINT
    assert "one at a time" in rest
    assert "capacity: " in rest
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "URL: 'nowhere' is not a URL such as http://host:8000"),
        (("",), "URL: missing; write the URL of the service"),
        (("http://me:s3cret@127.0.0.1",), "URL: a URL with credentials is not allowed"),
        (("http://127.0.0.1:1", "--duration", "61"), "--duration: 61 is not from 1 to 60 seconds"),
        (("http://127.0.0.1:1", "--duration", "2m"), "--duration: 120 is not from 1 to 60 seconds"),
        (("http://127.0.0.1:1", "--most", "0"), "--most: 0 is not >= 1"),
        (("http://127.0.0.1:1", "--max-tokens", "0"), "--max-tokens: 0 is not >= 1"),
        (("http://127.0.0.1:1", "--question", " "), "--question: ' ' is no question"),
        (("http://127.0.0.1:1", "--questions", "none.txt"), "none.txt: No such file or directory"),
        (("http://127.0.0.1:1", "--header", "s3cret"), "--header: is not 'NAME: VALUE', such as"),
        (
            ("http://127.0.0.1:1", "--header", "X: ${NOT_SET_ANYWHERE}"),
            "$.headers.X: the environment variable NOT_SET_ANYWHERE is",
        ),
        (("http://127.0.0.1:1", "--header", "X Y: s3cret"), "$.headers: 'X Y' is not a header name"),
        (("http://127.0.0.1:1", "--ca-file", "none.pem"), "$.ca_file: none.pem: No such file or directory"),
        (("http://127.0.0.1:1", "--target", "nobody"), "unknown target 'nobody'; known: anthropic"),
        (("http://127.0.0.1:1",), "http://127.0.0.1:1: cannot be reached"),
    ],
)
def test_what_cannot_be_is_one_sentence_before_a_request(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    ended, out, err = quick(capsys, *arguments)
    assert (ended, out, len(err.splitlines())) == (2, "", 1)
    assert words in err
    assert "s3cret" not in err


NEEDS: dict[str, tuple[dict[str, object], tuple[str, ...], str]] = {
    "a value of several": (
        {"/openapi.json": {"paths": {f"/{name}/{end}": {} for name in ("a", "b") for end in ("stream", "stream_log")}}},
        (),
        "target langserve: chain may be a, b; name it with --value chain=…",
    ),
    "a value that nobody tells": (
        {},
        ("--target", "azure-openai"),
        "target azure-openai: needs a value; give it with --value deployment=…",
    ),
    "a value that is none": ({}, ("--target", "hayhooks", "--value", "rag"), "--value: 'rag' is not NAME=VALUE"),
    "a model that nobody lists": (
        {},
        ("--target", "openai"),
        "target openai: asks for a model, and none is listed; name it with --model ID",
    ),
}


@pytest.mark.parametrize(("documents", "arguments", "words"), NEEDS.values(), ids=NEEDS)
def test_what_a_target_needs_is_asked_for(
    capsys: pytest.CaptureFixture[str], documents: dict[str, object], arguments: tuple[str, ...], words: str
) -> None:
    with serving({path: Answer(body=body) for path, body in documents.items()}) as fake:
        ended, _, err = quick(capsys, fake.url, *arguments)
    assert ended == 2
    assert words in err


def test_no_load_is_sent_where_no_question_is_answered(
    capsys: pytest.CaptureFixture[str], server: GroundTruthServer
) -> None:
    before = len(server.truths())
    ended, out, _ = quick(capsys, server.url("error_event"))
    assert ended == 1
    assert "failed: error_event" in out
    assert "no question was answered, so no load is sent" in out
    assert len(server.truths()) == before + 3


def test_a_token_is_asked_for_when_only_questions_need_one(capsys: pytest.CaptureFixture[str]) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200, b'{"data": [{"id": "small"}]}')

        def do_POST(self) -> None:
            self.answer(401, b'{"error": "who?"}')

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None: ...

    with played(Handler) as url:
        ended, out, _ = quick(capsys, url)
    assert ended == 1
    assert "the service wants to know who asks; give a token with --header" in " ".join(out.split())


def test_on_a_terminal_the_files_are_offered(
    capsys: pytest.CaptureFixture[str], server: GroundTruthServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: str(tmp_path / "rag"))
    assert quick(capsys, server.base_url, "--duration", "1", "--most", "1")[0] == 0
    assert (tmp_path / "rag" / "provider.yaml").is_file()
    monkeypatch.setattr("builtins.input", lambda _question: "")
    _, out, _ = quick(capsys, server.base_url, "--duration", "1", "--most", "1")
    assert out.endswith("--write DIR writes provider file, workloads and a CI file to go on with\n")


def test_secrets_are_neither_shown_nor_written(
    capsys: pytest.CaptureFixture[str], server: GroundTruthServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "s3cret-of-mine")
    headers = ["--header", "Authorization: Bearer ${MY_TOKEN}", "--header", "X-Key: s3cret-typed"]
    ended, out, err = quick(
        capsys, server.base_url, *headers, "--duration", "1", "--most", "1", "--write", str(tmp_path), "--ci", "gitlab"
    )
    assert ended == 0
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "s3cret" not in out + err + written
    assert "Authorization: Bearer ${MY_TOKEN}" in written
    assert "X-Key: ${RAG_X_KEY}" in written
    assert (tmp_path / ".gitlab-ci.yml").is_file()


def test_nothing_is_written_over_and_that_is_known_before_a_request(
    capsys: pytest.CaptureFixture[str], server: GroundTruthServer, tmp_path: Path
) -> None:
    before = len(server.truths())
    (tmp_path / "workload.yaml").write_text("mine")
    ended, out, err = quick(capsys, server.base_url, "--write", str(tmp_path))
    assert (ended, out) == (2, "")
    assert f"{tmp_path}/workload.yaml: exists and is not written over; name another folder, or give --force" in err
    assert len(server.truths()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["workload.yaml"]
