"""Processes that read documents (`worker`): the service itself parses nothing that it is sent.

A few of them, each led by a thread of its own, so that one document that takes long holds up no other ingest. One that
a limit ends is replaced, and the next goes on behind the document that did it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import IO, cast

from ..errors import ShuttingDownError
from ..settings import Settings
from .reading import Allowance, Job, Reading, Work
from .worker import Limits

_KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR")
"""Of the environment: what reads the words of strangers gets no token."""
_LAST_WORDS_S = 1.0


class Readers:
    def __init__(self, settings: Settings) -> None:
        self._limits = Limits(
            chunk_chars=settings.chunk_chars,
            chunk_overlap=settings.chunk_overlap,
            max_documents=settings.max_documents,
            max_pages=settings.max_pages,
            max_text_bytes=settings.max_text_bytes,
            cpu_s=settings.reader_cpu_s,
            memory_bytes=settings.reader_memory_bytes,
        )
        self._timeout_s = settings.read_timeout_s
        self._pool = ThreadPoolExecutor(settings.readers, thread_name_prefix="reading")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._running: set[_Process] = set()
        self._stopped = False

    def warm_up(self) -> None:
        """Starts one process, so that the first ingest does not wait for its imports."""
        self._pool.submit(self._process)

    def allowance(self) -> Allowance:
        """What one request may use of time and text."""
        return Allowance(timeout_s=self._timeout_s, text_bytes=self._limits.max_text_bytes)

    async def read(self, work: Work, allowance: Allowance) -> Reading:
        """Raises BadRequestError, TooLargeError or InvalidBodyError where the request as a whole cannot be read."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work, allowance)

    def hurry(self) -> None:
        """Ends every process at once; what waits for one is told that the service stops."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()

    def stop(self) -> None:
        """As `hurry`, and waits for it."""
        self.hurry()
        self._pool.shutdown(wait=True, cancel_futures=True)
        while self._running:
            self._running.pop().end()

    def _read(self, work: Work, allowance: Allowance) -> Reading:
        job = Job(work, self._limits, allowance)
        with allowance.running():
            deadline = _Deadline(allowance.left_s)
            try:
                while not job.is_done:
                    process = self._process()
                    deadline.watch(process)
                    self._go_on(job, process, deadline)
            finally:
                deadline.cancel()
        return job.reading

    def _go_on(self, job: Job, process: _Process, deadline: _Deadline) -> None:
        try:
            if not job.go_on(*process.pipes):
                self._replace(process)
            process.was_used = True
        except (OSError, ValueError, KeyError, TypeError):  # it ended, or says what it should not
            status = self._replace(process)
            if self._stopped:
                raise ShuttingDownError("the service is stopping: nothing was ingested") from None
            if process.was_used and not job.has_begun and not deadline.is_over:
                return  # it may have ended before: the next one is new
            job.blame(status, is_late=deadline.is_over)

    def _process(self) -> _Process:
        """This thread's own, alive: the kernel ends it with the thread that started it."""
        process: _Process | None = getattr(self._own, "process", None)
        if process is not None and process.has_ended():
            self._replace(process)
            process = None
        if process is None:
            with self._lock:
                if self._stopped:
                    raise ShuttingDownError
                process = self._own.process = _Process(self._limits)
                self._running.add(process)
        return process

    def _replace(self, process: _Process) -> int:
        """Ends it; the status that it ended with."""
        self._own.process = None
        with self._lock:
            self._running.discard(process)
        return process.end()


class _Process:
    def __init__(self, limits: Limits) -> None:
        self.was_used = False
        command = [sys.executable, "-P", "-B", "-m", f"{__package__}.worker"]
        self._process = subprocess.Popen(  # noqa: S603 - a list of arguments of our own, no shell
            [*command, str(os.getpid()), json.dumps(asdict(limits))],
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.pipes = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> int:
        """The status of one that has ended by itself is kept."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_WORDS_S)
        self._process.kill()
        for pipe in self.pipes:
            with contextlib.suppress(OSError):  # what was not sent, to nobody
                pipe.close()
        return self._process.wait()


class _Deadline:
    """Kills the process that is watched when the time is over."""

    def __init__(self, timeout_s: float) -> None:
        self.is_over = False
        self._process: _Process | None = None
        self._timer = threading.Timer(timeout_s, self._end)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, process: _Process) -> None:
        self._process = process
        if self.is_over:
            process.kill()

    def cancel(self) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.is_over = True
        if self._process is not None:
            self._process.kill()


def _environment() -> dict[str, str]:
    """With the folders that modules are imported from here."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(("LC_", "PYTHON"))}
    return kept | {"PYTHONPATH": os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path)}
