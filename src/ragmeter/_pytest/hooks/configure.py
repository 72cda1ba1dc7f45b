"""Start of a pytest run: markers, refusals, the measuring session, and where pytest's own reports go."""

from __future__ import annotations

import itertools
import os
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragmeter._pytest.hooks.keys import session_key
from ragmeter._pytest.hooks.missing_suite import refuse_missing_suite
from ragmeter._pytest.options.bench_options import BenchOptions, bench_options
from ragmeter._pytest.options.unknown import refuse_unknown_variables
from ragmeter.run.processes.streams import unbroken_output

if TYPE_CHECKING:
    from ragmeter._pytest.session.session import BenchSession
    from ragmeter.core.campaign.events import Emit
    from ragmeter.core.inputs.access.listen import Address
    from ragmeter.run.processes.receiving import Receiver

markers = {
    "north_south": "measures a deployed service from the client's side",
    "ew_probe": "measures the network inside the cluster",
    "contract": "checks that the service speaks the API, with single requests and no load",
    "retrieval": "checks the quality of what is retrieved, under load",
    "cost": "checks what the run cost",
    "smoke": "quick: a few requests",
}


def configure(config: pytest.Config) -> None:
    """Declare the markers and, if a provider was named, read and check everything that will be measured.

    Raises ConfigError, StorageError, LocalServiceError; ImportError for a library that does not load here;
    pytest.UsageError under pytest-xdist.
    """
    for name, meaning in markers.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    # A project whose warnings are errors still decides by --bench-strict alone whether INCONCLUSIVE fails.
    config.addinivalue_line("filterwarnings", "default::ragmeter.core.errors.InconclusiveWarning")
    # Of a plugin that we brought along, in a project that may not use it: no test of ours has an asynchronous fixture.
    warnings.filterwarnings("ignore", r'The configuration option "asyncio_default_fixture_loop_scope" is unset')
    if getattr(config.option, "help", False) or getattr(config.option, "version", 0):
        return
    refuse_missing_suite(config)
    options = bench_options(config)
    if options.providers:
        _refuse_parallel(config)
        refuse_unknown_variables(os.environ, options.providers)
        unbroken_output()
        _start(config, options)


def _start(config: pytest.Config, options: BenchOptions) -> None:
    from ragmeter._pytest.hooks.reports import place_reports
    from ragmeter._pytest.session.cases import (
        cases_of,
        check_deployed,
        check_matrix,
        check_moment,
        check_result_file,
        providers_of,
    )
    from ragmeter._pytest.session.cluster_checks import check_in_cluster
    from ragmeter._pytest.session.finished import write_probe
    from ragmeter._pytest.session.progress import ProgressReporter
    from ragmeter._pytest.session.reference import check_reference
    from ragmeter._pytest.session.session import BenchSession
    from ragmeter._pytest.session.spending import meter_of
    from ragmeter.clients.http.clocks import clock_for
    from ragmeter.clients.plugins.registry import register
    from ragmeter.core.campaign.events import saying
    from ragmeter.run.engine.probe_schedule import ProbeSchedule
    from ragmeter.run.engine.probing import ProbeSession
    from ragmeter.run.engine.resources import Resources
    from ragmeter.run.local.service import check_startable

    clock_for(options.clock)  # refuses one that is not available
    for targets in config.hook.pytest_ragmeter_targets(config=config):
        register(targets, "pytest_ragmeter_targets")
    check_matrix(options)
    providers = providers_of(options, os.environ)
    cases = cases_of(providers, options)
    check_in_cluster(options, cases)
    check_reference(options, cases)
    check_deployed(cases)
    if not config.option.collectonly:
        check_result_file(options, cases)
    stamp = _free_stamp(datetime.now(UTC), options.report_dir, {provider.name for provider in providers})
    progress = ProgressReporter(config, mode=options.progress, show_errors=options.show_errors)
    check_moment(options)
    emit = _shown(config, progress) if options.live and not config.option.collectonly else progress
    receiver = None if options.otlp is None or config.option.collectonly else _receiving(config, options.otlp)
    probes = ProbeSession(
        providers=providers,
        stamp=stamp,
        folder=options.report_dir / "ew",
        say=saying(progress),
        write=write_probe,
        asked=options.netprobe_reference,
        load=options.ew,
        bandwidth_beside=any(setting.key == "netprobe.parts" for setting in options.netprobe),
    )
    session = BenchSession(
        config=config,
        options=options,
        cases=cases,
        stamp=stamp,
        emit=emit,
        probes=probes,
        schedule=ProbeSchedule(probes=probes, stamp=stamp),
        meter=meter_of(options, cases),
        resources=Resources(cases, workers=options.workers, emit=emit, receiver=receiver),
    )
    for provider in providers:
        session.probes.find(provider)  # refuses a file that is no probe of it
    config.stash[session_key] = session
    config.add_cleanup(session.close)
    _register(config, session)
    for case in () if config.option.collectonly else cases:
        if case.provider.local is not None:
            check_startable(case.provider.local, traced=receiver is not None)
    if options.order is not None:
        _obey(config, session, options.order)
    if options.pushgateway is not None:
        _publish(config, session, options.pushgateway)
    if not config.option.collectonly:
        place_reports(config, session)


def _register(config: pytest.Config, session: BenchSession) -> None:
    """What measures and reports takes most of a second to import; a mere listing needs none of it."""
    if config.option.collectonly:
        from ragmeter._pytest.hooks.collect import ListingHooks

        config.pluginmanager.register(ListingHooks(session), "ragmeter.listing")
        return
    from ragmeter._pytest.hooks.live import LiveHooks
    from ragmeter._pytest.hooks.unfit import UnfitHooks

    config.pluginmanager.register(LiveHooks(session), "ragmeter.live")
    config.pluginmanager.register(UnfitHooks(), "ragmeter.unfit")


def _shown(config: pytest.Config, progress: Emit) -> Emit:
    """Have the session shown while it runs. Raises StorageError or LocalServiceError."""
    from ragmeter._pytest.hooks.shown import ShownHooks
    from ragmeter.core.campaign.events import telling
    from ragmeter.run.processes.living import Live

    live = Live()
    config.add_cleanup(live.close)
    live.start()
    config.pluginmanager.register(ShownHooks(live), "ragmeter.shown")
    return telling(progress, live)


def _receiving(config: pytest.Config, address: Address) -> Receiver:
    """Have spans received. Raises ConfigError for an address that is not available, and without the packages;
    StorageError or LocalServiceError.
    """
    from ragmeter._pytest.hooks.shown import ReceivingHooks
    from ragmeter.run.processes.receiving import Receiver, check_receivable

    check_receivable()
    receiver = Receiver(address)
    config.add_cleanup(receiver.close)
    receiver.start()
    config.pluginmanager.register(ReceivingHooks(receiver), "ragmeter.receiving")
    return receiver


def _obey(config: pytest.Config, session: BenchSession, order: str) -> None:
    """Have the result left in the cluster at the end. Raises ConfigError."""
    from ragmeter._pytest.hooks.ordered import Ordered

    config.pluginmanager.register(Ordered(session, order), "ragmeter.ordered")


def _publish(config: pytest.Config, session: BenchSession, url: str) -> None:
    """Have the results pushed at the end. Raises ConfigError for half of a pair of credentials."""
    from ragmeter._pytest.hooks.publishing import Publishing
    from ragmeter.clients.pushgateway import pushgateway

    gateway = session.keep_open(pushgateway(url, os.environ))
    config.pluginmanager.register(Publishing(session, gateway), "ragmeter.publishing")


def _free_stamp(moment: datetime, report_dir: Path, providers: set[str]) -> str:
    """The timestamp in file names: ``20260222T101530Z``; of a second run in the same second, ``20260222T101530Z-2``."""
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    candidates = itertools.chain([stamp], (f"{stamp}-{count}" for count in itertools.count(2)))
    folders = [report_dir / kind / provider for kind in ("ns", "ew") for provider in providers]
    return next(name for name in candidates if not any(next(folder.glob(f"{name}[.-]*"), None) for folder in folders))


def _refuse_parallel(config: pytest.Config) -> None:
    """Raises pytest.UsageError under pytest-xdist: a measurement beside other tests is no measurement."""
    if getattr(config.option, "numprocesses", None) or getattr(config.option, "dist", "no") != "no":
        raise pytest.UsageError("ragmeter measures alone: leave out pytest-xdist's -n and --dist, or --provider")
