"""JSON logs on stdout, one object a line, written by a thread of their own: a full pipe never stops the event loop."""

from __future__ import annotations

import json
import logging
import queue
import sys
import threading
import time
from typing import Any, TextIO

_QUEUE_LINES = 10_000
_FLUSH_TIMEOUT_S = 2.0
_log = logging.getLogger("backend")


def log(event: str, level: int = logging.INFO, **values: Any) -> None:
    if _log.isEnabledFor(level):
        _log.log(level, event, extra={"values": values})


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        if record.name != _log.name:
            entry["logger"] = record.name
        entry.update(getattr(record, "values", {}))
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class ThreadedHandler(logging.Handler):
    """Queues lines for a thread that writes them. With a reader that is too slow, lines are dropped and counted."""

    def __init__(self, output: TextIO) -> None:
        super().__init__()
        self._lines: queue.Queue[str | None] = queue.Queue(_QUEUE_LINES)
        self._dropped = 0
        self._output = output
        # A daemon: a reader that stopped reading must not keep the process alive.
        self._thread = threading.Thread(target=self._write_lines, name="logs", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        try:
            self._lines.put(None, timeout=_FLUSH_TIMEOUT_S)
        except queue.Full:
            self._dropped += 1
        else:
            self._thread.join(_FLUSH_TIMEOUT_S)
        super().close()

    def _write_lines(self) -> None:
        while (line := self._lines.get()) is not None:
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                line = json.dumps({"level": "warning", "event": "log_lines_dropped", "lines": dropped}) + "\n" + line
            try:
                self._output.write(line + "\n")
                if self._lines.empty():
                    self._output.flush()
            except (OSError, ValueError):
                return  # the reader closed the pipe: there is nowhere left to say so
        self._output.flush()


def start_logs(level: str) -> logging.Handler:
    """Sends every logger of the process, uvicorn's too, to stdout as JSON."""
    handler = ThreadedHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    for noisy in ("asyncio", "pypdf", "aiohttp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return handler
