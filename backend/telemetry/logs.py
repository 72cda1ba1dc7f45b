"""JSON logs on stdout, one object a line, written by a thread of their own: a full pipe never stops the event loop."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections import deque
from typing import Any, TextIO

_MAX_LINES = 10_000
_INTERVAL_S = 0.1
_CLOSE_TIMEOUT_S = 2.0
_log = logging.getLogger("backend")
# Starting, draining and stopping are logged at every level: whoever starts the service reads its URL there.
_lifecycle = logging.getLogger("backend.lifecycle")


def log(event: str, level: int = logging.INFO, **values: Any) -> None:
    if _log.isEnabledFor(level):
        _log.log(level, event, extra={"values": values})


def log_lifecycle(event: str, level: int = logging.INFO, **values: Any) -> None:
    _lifecycle.log(level, event, extra={"values": values})


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        if not record.name.startswith(_log.name):
            entry["logger"] = record.name
        entry.update(getattr(record, "values", {}))
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class BatchingHandler(logging.Handler):
    """Hands lines to a thread that writes them ten times a second. With a reader that is too slow, lines are dropped.

    A thread woken for each line would compete with the event loop for the interpreter lock.
    """

    def __init__(self, output: TextIO) -> None:
        super().__init__()
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._output = output
        self._closing = threading.Event()
        # A daemon: a reader that stopped reading must not keep the process alive.
        self._thread = threading.Thread(target=self._write_batches, name="logs", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        if len(self._lines) < _MAX_LINES:
            self._lines.append(self.format(record) + "\n")
        else:
            self._dropped += 1

    def close(self) -> None:
        self._closing.set()
        self._thread.join(_CLOSE_TIMEOUT_S)
        super().close()

    def _write_batches(self) -> None:
        try:
            while not self._closing.wait(_INTERVAL_S):
                self._write_batch()
            self._write_batch()
        except (OSError, ValueError):
            return  # the reader closed the pipe: there is nowhere left to say so

    def _write_batch(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            lines.append(json.dumps({"level": "warning", "event": "log_lines_dropped", "lines": dropped}) + "\n")
        if lines:
            self._output.write("".join(lines))
            self._output.flush()


def start_logs(level: str) -> logging.Handler:
    """Sends every logger of the process, uvicorn's too, to stdout as JSON."""
    handler = BatchingHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    _lifecycle.setLevel(logging.INFO)
    logging.captureWarnings(True)
    for noisy in ("asyncio", "pypdf", "aiohttp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return handler
