"""What a session leaves for a pipeline: a summary in Markdown, figures as OpenMetrics, annotations on GitHub."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ragmeter._pytest.hooks.reports import page_of
from ragmeter._pytest.session.verdicts import gate_of
from ragmeter.clients.files import write_atomically
from ragmeter.core.errors import StorageError
from ragmeter.report.markdown.annotations import annotation_lines
from ragmeter.report.markdown.summary import Summed, summary_markdown
from ragmeter.report.prometheus.result import metrics_report
from ragmeter.report.words.factors import conclusions

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from ragmeter._pytest.session.session import BenchSession
    from ragmeter.core.inputs.masking import Secrets

STEP_SUMMARY: Final = "GITHUB_STEP_SUMMARY"
MOST_BYTES: Final = 1_000_000
"""GitHub shows a summary of a step up to 1 MiB, and nothing of a longer one."""


class Surfaces:
    """Of one session; nothing is written of one that measured nothing."""

    def __init__(self, bench: BenchSession, secrets: Secrets, environment: Mapping[str, str]) -> None:
        self._bench = bench
        self._mask = secrets.mask
        self._environment = environment

    def write(self) -> None:
        """Raises StorageError for a file that cannot be written."""
        options = self._bench.options
        if not self._bench.finished or options.order is not None:
            return
        if options.metrics_file is not None:
            write_atomically(options.metrics_file, metrics_report([each.result for each in self._bench.finished]))
        step = self._environment.get(STEP_SUMMARY, "")
        if options.summary_file is None and not step:
            return
        text = self._summary()
        if options.summary_file is not None:
            write_atomically(options.summary_file, text)
        if step:
            _append(Path(step), text)

    def _summary(self) -> str:
        runs = [Summed(result=each.result, gate=gate_of(self._bench, each)) for each in self._bench.finished]
        compared = [each.comparison for each in self._bench.compared if each.case_id is None]
        of_plans = (words for each in self._bench.factored for words in conclusions(each.found))
        notes = [*self._bench.notes, *of_plans]
        return summary_markdown(runs, compared, mask=self._mask, notes=notes, address=self._address())

    def _address(self) -> str | None:
        """Of the page; on GitHub of the run, whose artifacts have no address before they are uploaded."""
        page = page_of(self._bench.config)
        if page is None:
            return None
        options, environment = self._bench.options, self._environment
        if options.report_url is not None:
            return f"{options.report_url.rstrip('/')}/{_within(page, options.report_dir)}"
        if (job := environment.get("CI_JOB_URL")) and (project := environment.get("CI_PROJECT_DIR")):
            return f"{job}/artifacts/file/{_within(page, Path(project))}"
        if run := environment.get("GITHUB_RUN_ID"):
            server = environment.get("GITHUB_SERVER_URL", "https://github.com")
            return f"{server}/{environment.get('GITHUB_REPOSITORY', '')}/actions/runs/{run}"
        return None

    def annotate(self, terminal: pytest.TerminalReporter) -> None:
        """On GitHub Actions alone, where such lines are taken for what they are."""
        if self._environment.get("GITHUB_ACTIONS") != "true" or self._bench.options.order is not None:
            return
        for line in annotation_lines((each.result for each in self._bench.finished), mask=self._mask):
            terminal.ensure_newline()
            terminal.write_line(line)


def _within(page: Path, folder: Path) -> str:
    return quote(Path(os.path.relpath(page, folder)).as_posix())


def _append(path: Path, text: str) -> None:
    """Behind what other steps have said. Raises StorageError."""
    try:
        with path.open("a", encoding="utf-8") as file:
            if file.tell() + len(text.encode()) <= MOST_BYTES:
                file.write(f"{text}\n")
    except OSError as error:
        raise StorageError(f"{STEP_SUMMARY}: {path}: {error.strerror or error}") from error
