"""What is left on the screen when the session ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragmeter._pytest.hooks.reports import page_of
from ragmeter._pytest.measuring.campaigns import raw_path
from ragmeter._pytest.session.finished import Compared
from ragmeter._pytest.session.session import BenchSession
from ragmeter.report.text.comparison_text import comparison_lines
from ragmeter.report.text.netprobe_text import netprobe_lines
from ragmeter.report.text.terminal import summary_lines, verdict_lines
from ragmeter.run.plan.catalog import shown


def write_summary(terminal: pytest.TerminalReporter, session: BenchSession) -> None:
    """The figures of every case, and where everything lies."""
    unreported = _unreported(session)
    if not (session.finished or session.probes.finished or unreported) and session.report_failure is None:
        return
    terminal.section("ragmeter", sep="=")
    width, colour = terminal._tw.fullwidth, terminal._tw.hasmarkup
    for probed in session.probes.finished:
        for line in netprobe_lines(probed.result, width=width, colour=colour):
            terminal.write_line(line)
        terminal.write_line("")
    for finished in session.finished:
        for line in summary_lines(finished.result, width=width, colour=colour):
            terminal.write_line(line)
        terminal.write_line("")
    for compared in session.compared:
        for line in _lines(compared, width, colour):
            terminal.write_line(line)
        terminal.write_line("")
    _write_paths(terminal, session, unreported)
    if session.report_failure is not None:
        terminal.write_line(session.report_failure, red=True)


def _write_paths(terminal: pytest.TerminalReporter, session: BenchSession, unreported: list[str]) -> None:
    for path in _paths(session):
        terminal.write_line(f"  {path}")
    for path in unreported:
        terminal.write_line(f"  {path}: has no reports; `ragmeter render {path}` makes them", red=True)


def _unreported(session: BenchSession) -> list[str]:
    """Raw records that an end in a hurry has left without a result."""
    known = {finished.case.id for finished in session.finished}
    paths = (raw_path(session, case) for case in session.cases if case.id not in known)
    return [shown(path) for path in paths if path.is_file()]


def _lines(compared: Compared, width: int, colour: bool) -> list[str]:
    if compared.gate:
        return verdict_lines([(at.outcome, at.sentence) for at in compared.gate.values()], width=width, colour=colour)
    verdicts = [(at.outcome, at.sentence) for gate in compared.references.values() for at in gate.values()]
    return [
        *comparison_lines(compared.comparison, width=width, colour=colour),
        *verdict_lines(verdicts, width=width, colour=colour),
    ]


def _paths(session: BenchSession) -> list[str]:
    option, page = session.config.option, page_of(session.config)
    own = [path for finished in session.finished for path in (finished.path, finished.result.raw_samples_path)]
    own += [path for probed in session.probes.finished for path in (probed.path, probed.path.with_suffix(".prom"))]
    own += [path for compared in session.compared for path in compared.paths]
    own += [session.options.result_file] if session.options.result_file else []
    paths = [Path(path) for path in (*own, page, getattr(option, "xmlpath", None)) if path]
    return [shown(path) for path in paths if path.is_file() and path.stat().st_size]
