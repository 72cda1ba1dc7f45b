"""The pytest plugin: each hook is a few lines that call a named function of ``ragmeter._pytest``.

Every pytest start in an environment with ragmeter pays for this module, so what is heavy is imported where it is used.
The hooks of a run that measures are in `ragmeter._pytest.live`, registered when a provider was named.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ragmeter._pytest import cluster_options, collect, configure, options, probe_options
from ragmeter._pytest.fixtures import (
    ask,
    baseline,
    bench_case,
    bench_session,
    declared_slo,
    gated_metric,
    precision,
    probed_provider,
    provider,
    run_netprobe,
    run_workload,
    slo,
    workload,
)
from ragmeter.core.errors import RagmeterError

if TYPE_CHECKING:
    from collections.abc import Generator

    from ragmeter.core.metadata import Source
    from ragmeter.core.provider import Provider
    from ragmeter.core.result import RunResult
    from ragmeter.core.workload import Workload

__all__ = [
    "ask",
    "baseline",
    "bench_case",
    "bench_session",
    "declared_slo",
    "gated_metric",
    "precision",
    "probed_provider",
    "provider",
    "run_netprobe",
    "run_workload",
    "slo",
    "workload",
]


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    options.add_options(parser)
    probe_options.add_probe_options(parser)
    cluster_options.add_cluster_options(parser)
    if options.is_loaded_by_conftest(pluginmanager):
        options.add_short_names(parser)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(parser: pytest.Parser) -> Generator[None, object, object]:
    result = yield
    options.add_short_names(parser)
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    collect.parametrize(metafunc)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    collect.demand_provider(config, items)
    collect.drop_inapplicable(config, items)
    collect.probes_apart(config, items)


def pytest_report_collectionfinish(config: pytest.Config) -> str | None:
    return collect.left_out_notice(config)


@pytest.hookimpl(tryfirst=True)
def pytest_ragmeter_update_metadata(provider: Provider, workload: Workload, sources: list[Source]) -> None:
    from ragmeter.run.target import metadata_sources

    sources.extend(metadata_sources(provider, workload, environment=os.environ))


@pytest.hookimpl(trylast=True)
def pytest_ragmeter_update_report(result: RunResult) -> RunResult:
    return result
