"""What is left on the screen and in the HTML page when the session ends."""

from pathlib import Path

import pytest

from ragmeter._pytest.session import BenchSession
from ragmeter.report.html import scorecard_html
from ragmeter.report.terminal import summary_lines


def write_summary(terminal: pytest.TerminalReporter, session: BenchSession) -> None:
    """The figures of every case, and where everything lies."""
    if not session.finished:
        return
    terminal.section("ragmeter", sep="=")
    width, colour = terminal._tw.fullwidth, terminal._tw.hasmarkup
    for finished in session.finished:
        for line in summary_lines(finished.result, width=width, colour=colour):
            terminal.write_line(line)
        terminal.write_line("")
    for path in _paths(session):
        terminal.write_line(f"  {path}")


def _paths(session: BenchSession) -> list[str]:
    option = session.config.option
    reports = [path for path in (getattr(option, "htmlpath", None), option.xmlpath) if path]
    results = [str(path) for finished in session.finished for path in (finished.path, finished.result.raw_samples_path)]
    return [str(Path(path)) for path in [*results, *reports]]


def scorecard(session: BenchSession) -> str:
    """The HTML fragment for the top of pytest-html's page."""
    return scorecard_html([finished.result for finished in session.finished])
