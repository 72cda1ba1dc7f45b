"""The folder for temporary files, which pytest itself needs before anything else."""

import sys
import tempfile

import pytest


def check_temporary() -> None:
    """Ends this process with a sentence where nothing can be written: pytest would show how it failed."""
    try:
        with tempfile.TemporaryFile() as probe:
            probe.write(b"0")
            probe.flush()
    except OSError as error:
        reason = "no folder that can be written" if isinstance(error, FileNotFoundError) else error.strerror
        sys.stderr.write(f"ERROR: ragmeter: temporary files cannot be written (TMPDIR): {reason}\n")
        raise SystemExit(pytest.ExitCode.USAGE_ERROR) from error
