"""The server that others are tested against: its times are kept, its counts are its script's, its process ends."""

import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ragmeter.core.errors import LocalServiceError
from ragmeter.testing import ODDITIES, Contract, GroundTruthServer, StreamScript
from ragmeter.testing.response import plan_for
from tests.tethered import importing_as_here, tethered
from tests.waiting import wait_until

SCRIPT = StreamScript(ttft_ms=12, itl_ms=(3.0, 9.0), tokens=5, tokens_per_event=2)


def call(server: GroundTruthServer, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, json.dumps(body or {}))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def is_running(pid: int) -> bool:
    """A process that has ended but was not waited for yet (state Z) does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("process", [False, True], ids=["thread", "process"])
def test_truth_has_the_counts_of_the_script_and_no_event_is_early(process: bool) -> None:
    with GroundTruthServer(SCRIPT, process=process) as server:
        status, body = call(server, "POST", "/query/stream", {"query": "why?"})
        truth = server.wait_for(lambda truth: truth.ended_ns is not None)
    assert status == 200
    assert body.count(b"event: token") == 3
    assert truth.text_tokens == (2, 2, 1)
    due_ns = [truth.read_ns + int(ms * 1e6) for ms in (12, 15, 24)]
    assert all(written >= due - 1_000_000 for written, due in zip(truth.text_ns, due_ns, strict=True))
    assert truth.request_id.encode() in body
    assert (truth.script, truth.contract, truth.client_left) == ("", Contract.RAG, False)


def test_named_script_is_played_at_its_own_url() -> None:
    with GroundTruthServer(scripts={"mine": StreamScript(tokens=2)}) as server:
        _, body = call(server, "POST", server.url("mine").removeprefix(server.base_url) + "/v1/chat/completions")
        truth = server.wait_for(lambda truth: truth.ended_ns is not None)
    assert truth.script == "mine"
    assert truth.text_tokens == (1, 1)
    assert b"[DONE]" in body


def test_usage_chunk_comes_only_when_it_was_asked_for() -> None:
    with GroundTruthServer(SCRIPT) as server:
        path = "/v1/chat/completions"
        _, plain = call(server, "POST", path, {"stream": True})
        _, asked = call(server, "POST", path, {"stream": True, "stream_options": {"include_usage": True}})
    assert b'"usage"' not in plain
    assert b'"completion_tokens":5' in asked


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/info", "/v1/models", "/scripts/steady/healthz"])
def test_control_paths_answer_with_json(path: str) -> None:
    with GroundTruthServer() as server:
        status, body = call(server, "GET", path)
    assert status == 200
    assert json.loads(body)


@pytest.mark.parametrize("path", ["/nothing", "/scripts/unknown/healthz", "/scripts/steady"])
def test_path_that_is_not_there_is_404(path: str) -> None:
    with GroundTruthServer() as server:
        assert call(server, "GET", path)[0] == 404


def test_server_has_no_url_before_it_runs_nor_after() -> None:
    server = GroundTruthServer()
    with pytest.raises(RuntimeError, match="with statement"):
        _ = server.base_url
    with server:
        assert server.port > 0
    with pytest.raises(RuntimeError, match="with statement"):
        _ = server.base_url


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'crl' is none of steady"):
        GroundTruthServer(StreamScript(oddity="crl"))
    with GroundTruthServer() as server, pytest.raises(KeyError, match="'crl' is none of steady"):
        server.url("crl")


@pytest.mark.parametrize("process", [False, True], ids=["thread", "process"])
def test_address_that_cannot_be_bound_is_an_error(process: bool) -> None:
    with pytest.raises(LocalServiceError, match="did not start"):
        GroundTruthServer(host="192.0.2.1", process=process).__enter__()


def test_waiting_for_what_does_not_happen_ends() -> None:
    with GroundTruthServer() as server, pytest.raises(TimeoutError, match=r"within 0\.05 s"):
        server.wait_for(lambda _: True, timeout_s=0.05)


def test_server_process_ends_with_its_parent(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(
        "import multiprocessing, time\n"
        "from ragmeter.testing import GroundTruthServer\n"
        "if __name__ == '__main__':\n"
        "    with GroundTruthServer(process=True):\n"
        "        print(multiprocessing.active_children()[0].pid, flush=True)\n"
        "        time.sleep(60)\n"
    )
    environment = importing_as_here()
    with subprocess.Popen(
        tethered([sys.executable, str(program)]), stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.send_signal(signal.SIGKILL)
        parent.wait(timeout=60)
    wait_until(lambda: not is_running(child), 60)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"ttft_ms": -1}, "must be >= 0"),
        ({"itl_ms": -1}, "must be >= 0"),
        ({"tokens": 0}, "must be >= 1"),
        ({"tokens_per_event": 0}, "must be >= 1"),
        ({"breaks_after": -1}, "breaks_after"),
        ({"tokens": 3, "itl_ms": (1.0,)}, "1 gaps for 3 text events"),
    ],
)
def test_script_that_cannot_be_is_refused(parts: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        StreamScript(**parts)


def test_text_events_are_due_at_ttft_and_then_after_each_gap() -> None:
    assert SCRIPT.text_times_ms() == [12, 15, 24]
    assert [SCRIPT.tokens_of(event) for event in range(3)] == [2, 2, 1]


@pytest.mark.parametrize("breaks_after", [0, 1, 99])
@pytest.mark.parametrize("contract", Contract)
def test_stream_breaks_after_as_many_text_events_as_asked(breaks_after: int, contract: Contract) -> None:
    script = StreamScript(tokens=5, breaks_after=breaks_after, oddity="cut_midway")
    plan = plan_for(script, contract, request_id="r", usage=True)
    assert sum(len(piece.text_tokens) for piece in plan.pieces) == min(breaks_after, 5)


def test_every_row_of_the_table_is_playable_and_refers_to_others_that_exist() -> None:
    for name, oddity in ODDITIES.items():
        assert oddity.script.oddity == name == oddity.name
        assert oddity.after is None or oddity.after in ODDITIES
        for contract in oddity.contracts:
            plan = plan_for(oddity.script, contract, request_id="r", usage=True)
            assert sum(len(piece.text_tokens) for piece in plan.pieces) >= oddity.expected.text_events
