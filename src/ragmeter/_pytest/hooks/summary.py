"""What is left on the screen when the session ends: details above, the verdict last."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from ragmeter._pytest.hooks.reports import page_of
from ragmeter._pytest.measuring.campaigns import raw_path
from ragmeter._pytest.session.finished import Compared
from ragmeter._pytest.session.session import BenchSession
from ragmeter._pytest.session.verdicts import gate_of
from ragmeter.report.markdown.annotations import no_command
from ragmeter.report.text.comparison_text import comparison_lines
from ragmeter.report.text.factors_text import factors_block, factors_lines
from ragmeter.report.text.fitting import verdict_lines
from ragmeter.report.text.netprobe_text import netprobe_lines
from ragmeter.report.text.terminal import summary_lines
from ragmeter.report.text.verdict_block import comparison_block, file_lines, paragraph, run_line, verdict_block
from ragmeter.run.plan.catalog import shown


def write_summary(terminal: pytest.TerminalReporter, session: BenchSession) -> None:
    """The figures of every case, above what pytest ends with; nothing with ``-q``."""
    if terminal.verbosity < 0 or not (session.finished or session.probes.finished):
        return
    terminal.section("ragmeter", sep="=")
    width, colour = terminal._tw.fullwidth, terminal._tw.hasmarkup
    for probed in session.probes.finished:
        _write(terminal, netprobe_lines(probed.result, width=width, colour=colour))
        terminal.write_line("")
    for finished in session.finished:
        _write(terminal, summary_lines(finished.result, width=width, colour=colour))
        terminal.write_line("")
    for compared in session.compared:
        _write(terminal, _lines(compared, width, colour))
        terminal.write_line("")
    for factored in session.factored:
        _write(terminal, factors_lines(factored.found, width=width))
        terminal.write_line("")


def write_verdicts(terminal: pytest.TerminalReporter, session: BenchSession) -> None:
    """The last words of a session: of each run the outcome, why, and six figures; then the files. One line a run with
    ``-q``.
    """
    unreported = _unreported(session)
    if not (session.finished or session.probes.finished or unreported) and session.report_failure is None:
        return
    width, colour = terminal._tw.fullwidth, terminal._tw.hasmarkup
    terminal.ensure_newline()
    if terminal.verbosity < 0:
        _write(terminal, [run_line(each.result, colour=colour) for each in session.finished])
    else:
        terminal.section("verdict", sep="=")
        for finished in session.finished:
            gate = gate_of(session, finished)
            _write(terminal, verdict_block(finished.result, gate, width=width, colour=colour))
        for compared in session.compared:
            if compared.case_id is None:
                _write(terminal, comparison_block(compared.comparison, width=width))
        for factored in session.factored:
            _write(terminal, factors_block(factored.found, width=width))
        for words in session.notes:
            _write(terminal, paragraph(words, width=width))
        _write(terminal, file_lines(_paths(session)))
    for path in unreported:
        terminal.write_line(f"  {path}: has no reports; `ragmeter render {path}` makes them", red=True)
    if session.report_failure is not None:
        terminal.write_line(session.report_failure, red=True)


def _write(terminal: pytest.TerminalReporter, lines: Iterable[str]) -> None:
    for line in lines:
        terminal.write_line(no_command(line))


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
    own += [path for factored in session.factored for path in factored.paths]
    asked = (session.options.result_file, session.options.summary_file, session.options.metrics_file)
    own += [path for path in asked if path is not None]
    paths = [Path(path) for path in (*own, page, getattr(option, "xmlpath", None)) if path]
    return [shown(path) for path in paths if path.is_file() and path.stat().st_size]
