"""Live progress: one line that moves on a terminal, plain lines in a log. Whose terminal it is, a subclass says."""

import time
from dataclasses import replace
from shutil import get_terminal_size

from ragmeter.core.campaign.events import (
    Event,
    LoadEnded,
    PhaseStarted,
    RequestEnded,
    RequestStarted,
    Tick,
    TrialStarted,
)
from ragmeter.core.requests.measures import ttft_ms
from ragmeter.core.requests.records import OURS, Phase, RequestSample
from ragmeter.core.stats.estimate import quantile
from ragmeter.report.text.campaign_text import line_of, title_of
from ragmeter.report.text.pace import Pace
from ragmeter.report.text.progress import Progress, plain_line, progress_line
from ragmeter.report.words.markup import clean

TERMINAL_EVERY_S = 0.5
LOG_EVERY_S = 15.0
TREND_CELLS = 12
CLEAR = "\r\x1b[2K"


class LiveProgress:
    """Listens to the events of a campaign and draws how its load goes."""

    def __init__(self, *, show_errors: int, label: str = "") -> None:
        """show_errors: failed requests of a case that get a line of their own. label: what figures belong to before an
        event says so.
        """
        self._show_errors = self._errors_to_show = show_errors
        self._label = label
        self._phase: Phase | None = None
        self._total = self._sent = self._done = self._errors = 0
        self._ttfts_ms: list[float] = []
        self._began_s = self._drawn_s = 0.0
        self._is_drawn = False
        self._step = ""
        self._steps = 0
        self._pace = Pace()
        self._trend: list[float | None] = []
        self._seen = 0

    def _write(self, text: str) -> None:
        raise NotImplementedError

    @property
    def _live(self) -> bool:
        """Whether a line can be redrawn."""
        raise NotImplementedError

    @property
    def _width(self) -> int:
        return get_terminal_size().columns

    def __call__(self, event: Event) -> None:
        match event:
            case RequestStarted():
                self._sent += 1
            case RequestEnded():
                self._ended(event.sample)
            case Tick():
                self._tick()
            case PhaseStarted():
                self._phase_started(event)
            case LoadEnded():
                self._finish()
            case _:
                self._tell(event)

    def _tell(self, event: Event) -> None:
        self._pace.hear(event, time.monotonic())
        if isinstance(event, TrialStarted):
            self._steps = len(event.workload.rates_per_s)
        if (title := title_of(event)) is not None:
            self._case(title)
        if (line := line_of(event)) is not None:
            self._say(line)

    def _case(self, label: str) -> None:
        """The figures that follow belong to ``label``, such as ``smoke @ local``; those before it keep theirs."""
        self._finish()
        self._label = label
        self._errors_to_show = self._show_errors

    def _say(self, line: str) -> None:
        """One lasting line."""
        self._write(f"{CLEAR if self._is_drawn else ''}{line}\n")
        self._is_drawn = False

    def _phase_started(self, event: PhaseStarted) -> None:
        self._finish_line()
        self._pace.hear(event, time.monotonic())
        self._phase, self._total = event.phase, event.requests
        stepped = event.phase is Phase.MEASURED and self._steps > 1
        self._step = f" step {event.step + 1} of {self._steps}" if stepped else ""
        self._trend, self._seen = [], 0
        self._sent = self._done = self._errors = 0
        self._ttfts_ms = []
        self._began_s = self._drawn_s = time.monotonic()

    def _ended(self, sample: RequestSample) -> None:
        self._done += 1
        if not sample.ok and sample.error not in OURS:
            self._failed(sample)
        ttft = ttft_ms(sample)
        if sample.ok and ttft is not None:
            self._ttfts_ms.append(ttft)

    def _failed(self, sample: RequestSample) -> None:
        self._errors += 1
        if self._errors_to_show > 0:
            self._errors_to_show -= 1
            words = " ".join(sample.failure.split())  # a server's words are one line
            self._say(f"{self._label}: request {sample.index} failed: {clean(words)}")

    def _tick(self) -> None:
        now = time.monotonic()
        if self._phase is not None and now - self._drawn_s >= (TERMINAL_EVERY_S if self._live else LOG_EVERY_S):
            self._drawn_s = now
            self._draw()

    def _finish(self) -> None:
        """The run is over: leave its last line standing."""
        self._finish_line()
        self._phase = None

    def _finish_line(self) -> None:
        if self._phase is not None:
            self._draw(is_over=True)
            if self._live:
                self._write("\n")
            self._is_drawn = False

    def _draw(self, *, is_over: bool = False) -> None:
        progress = self._progress(is_over=is_over)
        if self._live:
            fresh, self._seen = self._ttfts_ms[self._seen :], len(self._ttfts_ms)
            self._trend = [*self._trend[1 - TREND_CELLS :], quantile(fresh, 0.5)]
            progress = replace(progress, trend=tuple(self._trend))
            self._write(CLEAR + progress_line(progress, width=self._width - 1))
            self._is_drawn = True
        else:
            self._write(plain_line(progress) + "\n")

    def _progress(self, *, is_over: bool) -> Progress:
        now_s = time.monotonic()
        elapsed_s = now_s - self._began_s
        return Progress(
            phase=f"{self._label}{self._step} {self._phase}",
            done=self._done,
            total=self._total,
            in_flight=self._sent - self._done,
            requests_per_s=self._done / elapsed_s if elapsed_s else None,
            ttft_p50_ms=quantile(self._ttfts_ms, 0.5),
            ttft_p95_ms=quantile(self._ttfts_ms, 0.95),
            errors=self._errors,
            elapsed_s=elapsed_s,
            left_s=None if is_over else self._pace.left_s(now_s, done=self._done, total=self._total),
        )
