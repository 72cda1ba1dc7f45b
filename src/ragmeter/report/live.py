"""Live progress: one line that moves on a terminal, plain lines in a log. Whose terminal it is, a subclass says."""

import time
from shutil import get_terminal_size

from ragmeter.core.measures import ttft_ms
from ragmeter.core.records import ErrorClass, Phase, RequestSample
from ragmeter.core.stats import quantile
from ragmeter.report.progress import Progress, plain_line, progress_line

TERMINAL_EVERY_S = 0.5
LOG_EVERY_S = 15.0
CLEAR = "\r\x1b[2K"


class LiveProgress:
    """An `Observer` that draws how the load goes."""

    def __init__(self, *, show_errors: int) -> None:
        """show_errors: failed requests of a case that get a line of their own."""
        self._show_errors = self._errors_to_show = show_errors
        self._label = ""
        self._phase: Phase | None = None
        self._total = self._sent = self._done = self._errors = 0
        self._ttfts_ms: list[float] = []
        self._began_s = self._drawn_s = 0.0
        self._is_drawn = False

    def _write(self, text: str) -> None:
        raise NotImplementedError

    @property
    def _live(self) -> bool:
        """Whether a line can be redrawn."""
        raise NotImplementedError

    def case(self, label: str) -> None:
        """The figures that follow belong to ``label``, such as ``smoke @ local``; those before it keep theirs."""
        self.finish()
        self._label = label
        self._errors_to_show = self._show_errors

    def say(self, line: str) -> None:
        """One lasting line."""
        self._write(f"{CLEAR if self._is_drawn else ''}{line}\n")
        self._is_drawn = False

    def phase(self, phase: Phase, total: int) -> None:
        self._finish_line()
        self._phase, self._total = phase, total
        self._sent = self._done = self._errors = 0
        self._ttfts_ms = []
        self._began_s = self._drawn_s = time.monotonic()

    def started(self) -> None:
        self._sent += 1

    def ended(self, sample: RequestSample) -> None:
        self._done += 1
        if not sample.ok and sample.error is not ErrorClass.INTERRUPTED:
            self._failed(sample)
        ttft = ttft_ms(sample)
        if sample.ok and ttft is not None:
            self._ttfts_ms.append(ttft)

    def _failed(self, sample: RequestSample) -> None:
        self._errors += 1
        if self._errors_to_show > 0:
            self._errors_to_show -= 1
            self.say(f"{self._label}: request {sample.index} failed: {sample.error}: {sample.error_message}")

    def tick(self) -> None:
        now = time.monotonic()
        if self._phase is not None and now - self._drawn_s >= (TERMINAL_EVERY_S if self._live else LOG_EVERY_S):
            self._drawn_s = now
            self._draw()

    def finish(self) -> None:
        """The run is over: leave its last line standing."""
        self._finish_line()
        self._phase = None

    def _finish_line(self) -> None:
        if self._phase is not None:
            self._draw()
            if self._live:
                self._write("\n")
            self._is_drawn = False

    def _draw(self) -> None:
        progress = self._progress()
        if self._live:
            self._write(CLEAR + progress_line(progress, width=get_terminal_size().columns - 1))
            self._is_drawn = True
        else:
            self._write(plain_line(progress) + "\n")

    def _progress(self) -> Progress:
        elapsed_s = time.monotonic() - self._began_s
        return Progress(
            phase=f"{self._label} {self._phase}",
            done=self._done,
            total=self._total,
            in_flight=self._sent - self._done,
            requests_per_s=self._done / elapsed_s if elapsed_s else None,
            ttft_p50_ms=quantile(self._ttfts_ms, 0.5),
            ttft_p95_ms=quantile(self._ttfts_ms, 0.95),
            errors=self._errors,
            elapsed_s=elapsed_s,
        )
