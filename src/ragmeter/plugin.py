"""The pytest plugin: each hook is a few lines that call a named function of ``ragmeter._pytest``.

Every pytest start in an environment with ragmeter pays for this module, so what is heavy is imported where it is used.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from ragmeter._pytest import collect, configure, gate, options
from ragmeter._pytest.fixtures import ask, bench_case, bench_session, declared_slo, provider, run_workload, slo, workload
from ragmeter._pytest.keys import session_of
from ragmeter.core.errors import RagmeterError

if TYPE_CHECKING:
    from collections.abc import Generator

    from ragmeter.core.metadata import Source
    from ragmeter.core.provider import Provider
    from ragmeter.core.result import RunResult
    from ragmeter.core.workload import Workload

__all__ = ["ask", "bench_case", "bench_session", "declared_slo", "provider", "run_workload", "slo", "workload"]


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from ragmeter import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    try:
        configure.configure(config)
    except RagmeterError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_sessionstart(session: pytest.Session) -> None:
    try:
        configure.start_session(session.config)
    except RagmeterError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    collect.parametrize(metafunc)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    collect.demand_provider(config, items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    bench = session_of(session.config)
    if bench is None or session.config.option.collectonly:
        return
    try:
        bench.reach_all(collect.cases_in(session.items))
    except RagmeterError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    bench = session_of(item.config)
    if bench is not None and bench.options.strict and collect.live([item]):
        gate.forbid_skip(item, report)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    bench = session_of(session.config)
    if bench is not None:
        bench.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    bench = session_of(config)
    if bench is not None:
        from ragmeter._pytest.summary import write_summary

        write_summary(terminalreporter, bench)


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_summary(prefix: list[str], session: pytest.Session) -> None:
    bench = session_of(session.config)
    if bench is not None and bench.finished:
        from ragmeter._pytest.summary import scorecard

        prefix.append(scorecard(bench))


@pytest.hookimpl(optionalhook=True)
def pytest_html_report_title(report: Any) -> None:
    report.title = "ragmeter"


@pytest.hookimpl(tryfirst=True)
def pytest_ragmeter_update_metadata(provider: Provider, workload: Workload, sources: list[Source]) -> None:
    from ragmeter.run.target import metadata_sources

    sources.extend(metadata_sources(provider, workload, environment=os.environ))


@pytest.hookimpl(trylast=True)
def pytest_ragmeter_update_report(result: RunResult) -> RunResult:
    return result
