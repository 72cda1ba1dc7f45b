"""ragmeter watch, on a terminal of its own."""

import builtins
import os
import pty
import subprocess
import sys
import time
from typing import Any

import pytest

from ragmeter.cli import main
from ragmeter.core.campaign.events import RequestEnded, RequestStarted, Tick
from ragmeter.run.processes.living import Live
from tests.core.samples import sample
from tests.run.http_fake import Answer, serving
from tests.tethered import importing_as_here, tethered


def read_until(descriptor: int, words: bytes, deadline_s: float = 60.0) -> bytes:
    """What a terminal showed until these words, or until it was closed."""
    said, until = b"", time.monotonic() + deadline_s
    while words not in said:
        assert time.monotonic() < until, said
        try:
            said += os.read(descriptor, 65536)
        except OSError:
            return said
    return said


def test_a_session_is_shown_until_it_ends() -> None:
    live = Live()
    ours, theirs = pty.openpty()
    try:
        live.start()
        for event in (RequestStarted(), RequestEnded(sample()), Tick()):
            live(event)
        environment = importing_as_here(TERM="xterm", COLUMNS="80", LINES="24")
        command = [sys.executable, "-c", "from ragmeter.cli import main; raise SystemExit(main())", "watch", live.url]
        with subprocess.Popen(
            tethered(command), stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        ) as process:
            os.close(theirs)
            said = read_until(ours, b"requests in flight")
            assert b"TTFT p50" in said + read_until(ours, b"Ctrl-C leaves")
            live.close()
            assert b"the session has ended" in read_until(ours, b"has ended")
            assert process.wait(30) == 0
    finally:
        live.close()
        os.close(ours)


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)


def refused(capsys: pytest.CaptureFixture[str], url: str, *words: str) -> None:
    assert main(["watch", url]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    for word in words:
        assert word in said, said


def test_without_a_terminal_it_names_the_page_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, "http://127.0.0.1:9", "no terminal", "http://127.0.0.1:9/metrics")


def test_what_is_no_session_is_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    refused(capsys, "http://127.0.0.1:9", "no session with --bench-live answers there")
    with serving({"/series.json": Answer(body="<html>"), "/x/series.json": Answer(body={"lines": 1})}) as other:
        refused(capsys, other.url, "what answers there is no session of ragmeter")
        refused(capsys, f"{other.url}/x", "what answers there is no session of ragmeter")
        refused(capsys, f"{other.url}/nowhere", "what answers there is no session of ragmeter")
    refused(capsys, "file:///etc/passwd", "watch")


def test_without_its_package_it_says_which(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_rich(name: str, *rest: Any) -> Any:
        if name.startswith("rich"):
            raise ImportError(name)
        return real(name, *rest)

    on_a_terminal(monkeypatch)
    monkeypatch.setattr(builtins, "__import__", without_rich)
    refused(capsys, "http://127.0.0.1:9", "pip install 'ragmeter[watch]'")
