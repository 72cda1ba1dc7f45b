"""Whether libraries load here, tried in a process of its own: one that does not may end the process that tries."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping

from ragmeter.core.errors import LocalServiceError
from ragmeter.run.local.installing import install_command
from ragmeter.run.local.unloadable import ILLEGAL_INSTRUCTION, why_unloadable

TIMEOUT_S = 120
_TRY = """
import importlib, sys
for name in sys.argv[1:]:
    print(name, flush=True)
    importlib.import_module(name)
"""


def check_loadable(modules: Mapping[str, str]) -> None:
    """Import modules one after the other; modules: with the distributions that hold them.

    Raises LocalServiceError that names the first that fails and what mends it.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(  # noqa: S603 - arguments of our own, no shell
            [sys.executable, "-c", _TRY, *modules],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise LocalServiceError(f"{', '.join(modules)} did not load within {TIMEOUT_S} s") from error
    if done.returncode:
        tried = modules[done.stdout.split()[-1]]
        raise LocalServiceError(why_unloadable(tried, _last_words(done), install_command("--force-reinstall", tried)))


def unloadable(error: ImportError) -> str:
    """The sentence on a library that this very process could not load."""
    library = (error.name or "").partition(".")[0]
    lines = str(error).strip().splitlines() or [type(error).__name__]
    said = lines[0] if library else lines[-1]  # NumPy gives advice first
    reinstall = install_command("--force-reinstall", library or "ragmeter")
    return why_unloadable(library or "that ragmeter needs", said, reinstall)


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode == -signal.SIGILL:
        return ILLEGAL_INSTRUCTION
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"its import ended with {signal.Signals(-done.returncode).name}"
