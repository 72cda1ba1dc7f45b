"""The pytest plugin: each hook is a few lines that call a named function of ``ragmeter._pytest``.

Every pytest start in an environment with ragmeter pays for this module, so what is heavy is imported where it is used.
The hooks of a run that measures are in `ragmeter._pytest.hooks.live`, registered when a provider was named.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ragmeter._pytest.hooks import collect, configure, missing_suite
from ragmeter._pytest.hooks.fixtures import (
    ask,
    ask_at_once,
    baseline,
    bench_case,
    bench_session,
    declared_slo,
    gated_metric,
    precision,
    probed_provider,
    provider,
    reference,
    referenced_metric,
    run_netprobe,
    run_workload,
    slo,
    workload,
)
from ragmeter._pytest.hooks.reports import none_of_a_refused_run
from ragmeter._pytest.options import declare
from ragmeter._pytest.options.unknown import refuse_unknown_flags
from ragmeter._pytest.session.preconditions import check_preconditions
from ragmeter.core.errors import RagmeterError

if TYPE_CHECKING:
    from collections.abc import Generator

    from ragmeter.core.inputs.provider import Provider
    from ragmeter.core.inputs.workload import Workload
    from ragmeter.core.result.result import RunResult
    from ragmeter.core.run.metadata import Source

__all__ = [
    "ask",
    "ask_at_once",
    "baseline",
    "bench_case",
    "bench_session",
    "declared_slo",
    "gated_metric",
    "precision",
    "probed_provider",
    "provider",
    "reference",
    "referenced_metric",
    "run_netprobe",
    "run_workload",
    "slo",
    "workload",
]


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    declare.add_options(parser)
    if declare.is_loaded_by_conftest(pluginmanager):
        declare.add_short_names(parser)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> Generator[None, object, object]:
    check_preconditions()
    result = yield
    declare.add_short_names(parser)
    try:
        refuse_unknown_flags(args, declare.known_flags(parser))
    except RagmeterError as error:
        raise pytest.UsageError(str(error)) from error
    return result


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from ragmeter import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    try:
        configure.configure(config)
    except RagmeterError as error:
        raise pytest.UsageError(str(error)) from error
    except ImportError as error:
        from ragmeter.run.local.loading import unloadable

        raise pytest.UsageError(unloadable(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    collect.parametrize(metafunc)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, object, object]:
    with none_of_a_refused_run(config):
        missing_suite.refuse_nothing(config, items, list(configure.markers))
        result = yield
        collect.demand_provider(config, items)
    collect.drop_inapplicable(config, items)
    collect.probes_apart(config, items)
    return result


def pytest_report_collectionfinish(config: pytest.Config) -> str | None:
    return collect.left_out_notice(config)


@pytest.hookimpl(tryfirst=True)
def pytest_ragmeter_update_metadata(provider: Provider, workload: Workload, sources: list[Source]) -> None:
    from ragmeter.run.plan.target import metadata_sources

    sources.extend(metadata_sources(provider, workload, environment=os.environ))


@pytest.hookimpl(trylast=True)
def pytest_ragmeter_update_report(result: RunResult) -> RunResult:
    return result
