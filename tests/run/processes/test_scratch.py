"""Temporary files and folders of which nothing is left."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from ragmeter.core.errors import LocalServiceError, StorageError
from ragmeter.run.processes.children import Child
from ragmeter.run.processes.scratch import scratch_file, scratch_folder
from tests.tethered import tethered
from tests.waiting import wait_until

HOLDS = """
    import sys, time
    from ragmeter.run.processes.scratch import scratch_file, scratch_folder
    with scratch_folder("ragmeter-test-") as folder, scratch_file() as file:
        (folder / "inside").mkdir()
        (folder / "inside" / "full").write_text("words")
        file.write(b"words")
        print(folder, flush=True)
        time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_folder_is_there_and_then_gone(temporary: Path) -> None:
    with scratch_folder("ragmeter-test-") as folder:
        (folder / "file").write_text("words")
        assert folder.parent == temporary
    assert [*temporary.iterdir()] == []


def test_folder_that_was_removed_already_is_no_error(temporary: Path) -> None:
    with scratch_folder("ragmeter-test-") as folder:
        folder.rmdir()
    assert [*temporary.iterdir()] == []


def test_file_has_no_name(temporary: Path) -> None:
    with scratch_file() as file:
        file.write(b"words")
        assert [*temporary.iterdir()] == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_by_a_process_that_is_ended(temporary: Path, number: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        tethered([sys.executable, "-c", textwrap.dedent(HOLDS)]),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        assert [*temporary.iterdir()] == [folder]
        holder.send_signal(number)
        holder.wait(60)
    wait_until(lambda: not [*temporary.iterdir()], 60)


def test_no_folder_for_temporary_files_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(StorageError, match=r"no temporary file can be made \(TMPDIR\): No such file or directory"):
        scratch_file()
    with pytest.raises(StorageError, match="TMPDIR"), scratch_folder("ragmeter-test-"):
        pass


def test_process_that_cannot_be_started_is_a_sentence_and_leaves_nothing(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: object, **_named: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(LocalServiceError, match="helper cannot be started: Resource temporarily unavailable"):
        Child("helper", ["true"], environment={})
    with pytest.raises(LocalServiceError, match="no process can be started"), scratch_folder("ragmeter-test-"):
        pass
    assert [*temporary.iterdir()] == []
