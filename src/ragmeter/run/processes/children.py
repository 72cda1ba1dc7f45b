"""Child processes that never outlive us."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ragmeter.clients.polling import poll
from ragmeter.core.errors import LocalServiceError
from ragmeter.run.processes.scratch import scratch_file

POLL_S = 0.05
TAIL_LINES = 12
KILL_S = 10.0
"""How long the kernel may take to end a process after SIGKILL."""


class Child:
    """A process of ours with its output in a file that has no name.

    It ends with `stop`, and by the kernel's hand if this process dies first (see `ragmeter.run.processes.tether`). It
    has a process group of its own, so that Ctrl-C in the terminal reaches only us and we stop it in order.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        pass_fds: Sequence[int] = (),
    ) -> None:
        """environment: of the process; it finds modules where this process finds them. pass_fds: file descriptors that
        it has, too. Raises StorageError where its output cannot be kept, LocalServiceError where no process
        can be started.
        """
        self.name = name
        self._log = scratch_file()
        self._said = ""
        tether = [sys.executable, "-I", "-S", str(Path(__file__).with_name("tether.py")), str(os.getpid())]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a list of arguments of our own, no shell
                [*tether, *command],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                env={**environment, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                start_new_session=True,
                pass_fds=pass_fds,
            )
        except OSError as error:  # a limit on processes, or no memory
            self._log.close()
            raise LocalServiceError(f"{name} cannot be started: {error.strerror or error}") from error

    @property
    def pid(self) -> int:
        """Process id of the tether, which ends as the command ends and takes it along."""
        return self._process.pid

    def ended(self) -> str | None:
        """A sentence on how the process ended; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        return f"{self.name} (pid {self.pid}) {how}"

    def end_within(self, timeout_s: float) -> str | None:
        """`ended` of a process that is about to; with its last words when it ended by itself. None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        end = self.ended()
        return f"{end}; its last words:\n{self.tail()}" if end and (self._process.returncode or 0) > 0 else end

    def wait_for_url(self, deadline: float) -> str:
        """The URL of its ``{"event": "listening", "url": …}`` line. Raises LocalServiceError with the log's tail."""

        def look() -> str | None:
            lines = self.output().splitlines()
            url = next((url for line in lines if (url := _listening_url(line)) is not None), None)
            if url is None:
                self.check_alive(deadline, "did not listen in time")
            return url

        return poll(look, every_s=POLL_S) or ""

    def check_alive(self, deadline: float, complaint: str) -> None:
        """Raise LocalServiceError if the process has ended or ``time.monotonic()`` is past the deadline."""
        if (end := self.ended()) is not None:
            raise LocalServiceError(f"{end}; its last words:\n{self.tail()}")
        if time.monotonic() > deadline:
            raise LocalServiceError(f"{self.name} {complaint}; its last words:\n{self.tail()}")

    def output(self) -> str:
        """What it has written."""
        if not self._log.closed:
            number = self._log.fileno()  # read at a place: the one at which the child writes stays
            self._said = os.pread(number, os.fstat(number).st_size, 0).decode("utf-8", "replace")
        return self._said

    def tail(self) -> str:
        """The last lines of its output."""
        lines = self.output().splitlines()
        return "\n".join(f"  {line[:300]}" for line in lines[-TAIL_LINES:]) or "  (none)"

    def stop(self, grace_s: float = 5.0) -> None:
        """End it and its group: SIGTERM, then SIGKILL after the grace."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._signal(signal.SIGKILL)
            self._process.wait(KILL_S)
            self.output()
            self._log.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def _listening_url(line: str) -> str | None:
    if '"listening"' not in line:
        return None
    try:
        document = json.loads(line)
    except ValueError:
        return None
    is_it = isinstance(document, dict) and document.get("event") == "listening"
    return str(document["url"]) if is_it and "url" in document else None
