"""Live progress on pytest's terminal."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from shutil import get_terminal_size

import pytest

from ragmeter.report.text.live import LiveProgress


class ProgressReporter(LiveProgress):
    """Draws past pytest's capturing. Says nothing where pytest has no terminal."""

    def __init__(self, config: pytest.Config, *, mode: str, show_errors: int) -> None:
        """mode: ``auto`` redraws one line on a terminal, ``plain`` never does, ``off`` is silent.

        show_errors: failed requests of a case that get a line of their own.
        """
        super().__init__(show_errors=show_errors)
        self._config = config
        self._mode = mode

    @property
    def _terminal(self) -> pytest.TerminalReporter | None:
        """Looked up when it is needed: it is registered after us."""
        terminal: pytest.TerminalReporter | None = self._config.pluginmanager.getplugin("terminalreporter")
        return None if self._is_off(terminal) else terminal

    def _is_off(self, terminal: pytest.TerminalReporter | None) -> bool:
        """``auto`` is silent under -q, too."""
        quiet = self._mode == "auto" and terminal is not None and terminal.verbosity < 0
        return quiet or self._mode == "off"

    @property
    def _live(self) -> bool:
        return self._mode == "auto" and self._terminal is not None and bool(self._terminal.isatty)

    @property
    def _width(self) -> int:
        """Of the terminal: while output is captured, standard output is a file."""
        with self._uncaptured():
            return get_terminal_size().columns

    def _uncaptured(self) -> AbstractContextManager[None]:
        capture = self._config.pluginmanager.getplugin("capturemanager")
        return capture.global_and_fixture_disabled() if capture else nullcontext()

    def _write(self, text: str) -> None:
        terminal = self._terminal
        if terminal is None:
            return
        with self._uncaptured():
            terminal.ensure_newline()
            if terminal._tw.width_of_current_line and not self._is_drawn:  # the dots of -q
                terminal._tw.line()
            terminal.write(text, flush=True)
