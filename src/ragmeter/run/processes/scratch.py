"""Temporary files and folders of which nothing is left, however this process ends."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ragmeter.core.errors import LocalServiceError, StorageError

END_S = 15.0


def scratch_file() -> IO[bytes]:
    """An open file that has no name. Raises StorageError where none can be made."""
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise _refusal(error) from error


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A folder that is removed at the end, and by another process when this one is killed. Raises StorageError,
    LocalServiceError.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
    except OSError as error:
        raise _refusal(error) from error
    try:
        remover = subprocess.Popen(  # noqa: S603 - a list of arguments of our own, no shell
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("remover.py")), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        folder.rmdir()
        raise LocalServiceError(f"no process can be started: {error.strerror or error}") from error
    try:
        yield folder
    finally:
        remover.communicate(timeout=END_S)


def _refusal(error: OSError) -> StorageError:
    return StorageError(f"no temporary file can be made (TMPDIR): {error.strerror or error}")
