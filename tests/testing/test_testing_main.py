"""``python -m ragmeter.testing``: the ground-truth server as a program."""

import json
import signal
import subprocess
import sys
import urllib.request

from tests.tethered import tethered


def test_program_says_where_it_listens_streams_and_ends_with_a_signal() -> None:
    command = [sys.executable, "-m", "ragmeter.testing", "--ttft-ms=1", "--itl-ms=1", "--tokens=3"]
    with subprocess.Popen(tethered(command), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said["event"] == "listening"
        request = urllib.request.Request(f"{said['url']}/query/stream", data=b'{"query": "Why?"}', method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.read().count(b"event: token") == 3
        with urllib.request.urlopen(f"{said['url']}/truths", timeout=60) as answer:
            assert [len(truth["text_ns"]) for truth in json.load(answer)] == [3]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
