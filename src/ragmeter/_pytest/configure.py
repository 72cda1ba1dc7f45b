"""Start of a pytest run: markers, refusals, the measuring session, and where pytest's own reports go."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ragmeter._pytest.keys import session_key, stamp_key
from ragmeter._pytest.options import BenchOptions, bench_options

markers = {
    "north_south": "measures a deployed service from the client's side",
    "ew_probe": "measures the network inside the cluster",
    "contract": "checks that the service speaks the API, with single requests and no load",
    "retrieval": "checks the quality of what is retrieved, under load",
    "cost": "checks what the run cost",
    "smoke": "quick: a few requests",
}


def configure(config: pytest.Config) -> None:
    """Declare the markers and, if a provider was named, send pytest's HTML and JUnit reports beside the results."""
    for name, meaning in markers.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    # A project whose warnings are errors still decides by --bench-strict alone whether INCONCLUSIVE fails.
    config.addinivalue_line("filterwarnings", "default::ragmeter.core.errors.InconclusiveWarning")
    options = bench_options(config)
    if options.providers and not config.option.collectonly:
        _place_reports(config, options, stamp_of(datetime.now(UTC)))


def stamp_of(moment: datetime) -> str:
    """The timestamp in file names: ``20260222T101530Z``."""
    return moment.strftime("%Y%m%dT%H%M%SZ")


def start_session(config: pytest.Config) -> None:
    """Read and check everything that will be measured. Raises ConfigError."""
    options = bench_options(config)
    if not options.providers:
        return
    from ragmeter._pytest.cases import cases_of
    from ragmeter._pytest.progress import ProgressReporter
    from ragmeter._pytest.session import BenchSession

    config.stash[session_key] = BenchSession(
        config=config,
        options=options,
        cases=cases_of(options, os.environ),
        stamp=config.stash.get(stamp_key, None) or stamp_of(datetime.now(UTC)),
        progress=ProgressReporter(config, mode=options.progress),
    )


def refuse_parallel(config: pytest.Config) -> None:
    """Raises pytest.UsageError under pytest-xdist: a measurement beside other tests is no measurement."""
    if getattr(config.option, "numprocesses", None) or getattr(config.option, "dist", "no") != "no":
        raise pytest.UsageError("ragmeter measures alone: leave out pytest-xdist's -n and --dist, or --provider")


def _place_reports(config: pytest.Config, options: BenchOptions, stamp: str) -> None:
    config.stash[stamp_key] = stamp
    stems = [Path(name).stem for name in options.providers]
    folder = options.report_dir / "ns" / "+".join(stems)
    if getattr(config.option, "htmlpath", None) is None:
        config.option.htmlpath = str(folder / f"{stamp}.html")
        config.option.self_contained_html = True
    if config.option.xmlpath is None:
        config.option.xmlpath = str(folder / f"{stamp}.xml")
