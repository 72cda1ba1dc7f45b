"""Every end of a session writes its reports."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ragmeter._pytest.session.endings import reports_first
from ragmeter.run.processes.signals import like_ctrl_c
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.e2e.jobs import job, survivors
from tests.waiting import wait_until

LONG = ["--bench-requests=50000", "--bench-warmup=0", "--bench-calibrate=off", "-k", "something"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[str]:
    """A provider file whose service takes a tenth of a second."""
    with GroundTruthServer(StreamScript(ttft_ms=50, itl_ms=10, tokens=6), process=True) as server:
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump({"schema": "provider.v1", "name": "mine", "base_url": server.base_url}))
        yield f"--provider={path}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_from_outside_ends_a_session_as_ctrl_c_does(service: str, tmp_path: Path, number: int) -> None:
    with job(tmp_path, service, "--workload=light", *LONG) as started:
        started.wait_for_samples(5)
        family = started.family()
        started.process.send_signal(number)
        assert started.end() == pytest.ExitCode.INTERRUPTED, started.output
    wait_until(lambda: not survivors(family), 60)
    result = json.loads(started.only(".json").read_text(encoding="utf-8"))
    assert result["status"] == "interrupted"
    assert started.only(".html").stat().st_size > 1000
    assert f"{started.only('.html').with_suffix('')}.{{json," in started.output


def test_a_signal_that_is_ignored_stays_ignored_and_handlers_are_put_back() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with like_ctrl_c():
            signal.raise_signal(signal.SIGHUP)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_waits_for_the_reports_and_a_second_one_does_not() -> None:
    said: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with reports_first(said.append):
        signal.raise_signal(signal.SIGINT)
        assert len(said) == 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert "ragmeter render FILE" in said[0]
    assert signal.getsignal(signal.SIGINT) is before
