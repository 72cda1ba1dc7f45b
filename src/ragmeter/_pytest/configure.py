"""Start of a pytest run: markers, refusals, the measuring session, and where pytest's own reports go."""

from __future__ import annotations

import itertools
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragmeter._pytest.asked import BenchOptions, bench_options
from ragmeter._pytest.keys import session_key

if TYPE_CHECKING:
    from ragmeter._pytest.session import BenchSession

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

    Raises ConfigError or StorageError; pytest.UsageError under pytest-xdist.
    """
    for name, meaning in markers.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    # A project whose warnings are errors still decides by --bench-strict alone whether INCONCLUSIVE fails.
    config.addinivalue_line("filterwarnings", "default::ragmeter.core.errors.InconclusiveWarning")
    if getattr(config.option, "help", False) or getattr(config.option, "version", 0):
        return
    options = bench_options(config)
    if options.providers:
        _refuse_parallel(config)
        _start(config, options)


def _start(config: pytest.Config, options: BenchOptions) -> None:
    from ragmeter._pytest.around import Around
    from ragmeter._pytest.cases import cases_of, check_moment, providers_of
    from ragmeter._pytest.inside import check_inside
    from ragmeter._pytest.live import LiveHooks
    from ragmeter._pytest.probing import ProbeSession
    from ragmeter._pytest.progress import ProgressReporter
    from ragmeter._pytest.reports import place_reports
    from ragmeter._pytest.session import BenchSession
    from ragmeter._pytest.spending import meter_of
    from ragmeter._pytest.unfit import UnfitHooks
    from ragmeter.clients.clocks import clock_for

    clock_for(options.clock)  # refuses one that is not to be had
    providers = providers_of(options, os.environ)
    cases = cases_of(providers, options)
    check_inside(options, cases)
    stamp = _free_stamp(datetime.now(UTC), options.report_dir, {provider.name for provider in providers})
    progress = ProgressReporter(config, mode=options.progress, show_errors=options.show_errors)
    check_moment(options)
    probes = ProbeSession(
        providers=providers,
        stamp=stamp,
        folder=options.report_dir / "ew",
        say=progress.say,
        asked=options.netprobe_reference,
        load=options.ew,
        bandwidth_beside=any(setting.key == "netprobe.parts" for setting in options.netprobe),
    )
    session = BenchSession(
        config=config,
        options=options,
        cases=cases,
        stamp=stamp,
        progress=progress,
        probes=probes,
        around=Around(probes=probes, stamp=stamp),
        meter=meter_of(options, cases),
    )
    for provider in providers:
        session.probes.find(provider)  # refuses a file that is no probe of it
    config.stash[session_key] = session
    config.add_cleanup(session.close)
    config.pluginmanager.register(LiveHooks(session), "ragmeter.live")
    config.pluginmanager.register(UnfitHooks(), "ragmeter.unfit")
    if not config.option.collectonly:
        place_reports(config, session)
    if options.order is not None:
        _obey(config, session, options.order)
    if options.pushgateway is not None:
        _publish(config, session, options.pushgateway)


def _obey(config: pytest.Config, session: BenchSession, order: str) -> None:
    """Have the result left in the cluster at the end. Raises ConfigError."""
    from ragmeter._pytest.ordered import Ordered

    config.pluginmanager.register(Ordered(session, order), "ragmeter.ordered")


def _publish(config: pytest.Config, session: BenchSession, url: str) -> None:
    """Have the results pushed at the end. Raises ConfigError for half of a pair of credentials."""
    from ragmeter._pytest.publishing import Publishing
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
