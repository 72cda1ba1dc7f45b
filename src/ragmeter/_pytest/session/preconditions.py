"""What pytest itself needs of a machine before anything else, and shows a traceback without."""

import os
import sys
import tempfile
from datetime import datetime
from typing import NoReturn

import pytest


def check_preconditions() -> None:
    """Ends this process with a sentence where no temporary file can be written, or local time cannot be told."""
    try:
        with tempfile.TemporaryFile() as probe:
            probe.write(b"0")
            probe.flush()
    except OSError as error:
        reason = "no folder that can be written" if isinstance(error, FileNotFoundError) else error.strerror
        _end(f"temporary files cannot be written (TMPDIR): {reason}", error)
    try:
        datetime.now().astimezone()
    except ValueError as error:
        _end(f"TZ={os.environ.get('TZ')} is no time zone: its offset must be less than 24 hours", error)


def _end(words: str, error: Exception) -> NoReturn:
    sys.stderr.write(f"ERROR: ragmeter: {words}\n")
    raise SystemExit(pytest.ExitCode.USAGE_ERROR) from error
