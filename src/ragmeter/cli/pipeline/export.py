"""``ragmeter export``: requests as rows, figures as metrics."""

import argparse
import os
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from ragmeter.cli.saved import load_raw, result_from
from ragmeter.cli.terminal import say
from ragmeter.clients.files import write_atomically
from ragmeter.clients.pushgateway import pushgateway, run_group
from ragmeter.core.errors import ConfigError, StorageError
from ragmeter.core.result.result import RunResult
from ragmeter.report.prometheus.result import openmetrics_text, prometheus_text
from ragmeter.report.rows import Row, csv_text, jsonl_text, request_rows
from ragmeter.report.words.naming import provider_name, series_name


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "export",
        help="write the requests of saved runs as rows, or their figures as metrics",
        description="One row for each request of the RUNs, with every per-request metric; or the figures of each run "
        "as Prometheus or OpenMetrics text, to a file or to a Pushgateway.",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a .raw.jsonl file of a run")
    parser.add_argument("--csv", type=Path, metavar="FILE")
    parser.add_argument("--jsonl", type=Path, metavar="FILE")
    parser.add_argument("--parquet", type=Path, metavar="FILE", help="needs the package pyarrow")
    parser.add_argument("--prometheus", type=Path, metavar="FILE", help="figures as text format 0.0.4")
    parser.add_argument("--openmetrics", type=Path, metavar="FILE", help="figures as OpenMetrics text 1.0.0")
    parser.add_argument(
        "--pushgateway", metavar="URL", help="push the figures, one group for each provider and workload"
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    if not any(getattr(options, name) for name in (*_OF_REQUESTS, *_OF_RUNS)):
        asked = ", ".join(f"--{name}" for name in (*_OF_REQUESTS, *_OF_RUNS))
        raise ConfigError(f"export: nothing to write; give one or more of {asked}")
    saved = [load_raw(path) for path in options.runs]
    if any(getattr(options, name) for name in _OF_RUNS):
        _write_figures(options, [result_from(run) for run in saved])
    rows = [row for run in saved for row in request_rows(run.plan, run.samples)]
    if options.csv:
        write_atomically(options.csv, csv_text(rows))
    if options.jsonl:
        write_atomically(options.jsonl, jsonl_text(rows))
    if options.parquet:
        _write_parquet(options.parquet, rows)
    say(f"{len(rows)} requests of {len(saved)} run{'s' if len(saved) > 1 else ''}")
    return 0


_OF_REQUESTS = ("csv", "jsonl", "parquet")
_OF_RUNS = ("prometheus", "openmetrics", "pushgateway")


def _write_figures(options: argparse.Namespace, results: Sequence[RunResult]) -> None:
    if options.prometheus:
        write_atomically(options.prometheus, prometheus_text(results))
    if options.openmetrics:
        write_atomically(options.openmetrics, openmetrics_text(results))
    if options.pushgateway:
        with pushgateway(options.pushgateway, os.environ) as gateway:
            in_order = sorted(results, key=lambda at: at.started_at)
            groups = [(run_group(provider_name(at), series_name(at)), prometheus_text([at])) for at in in_order]
            gateway.publish(groups, time.time())


def _write_parquet(path: Path, rows: Sequence[Row]) -> None:
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigError(f"--parquet: needs the package pyarrow, which is not installed: {error}") from error
    try:
        parquet.write_table(arrow.Table.from_pylist([dict(row) for row in rows]), path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
