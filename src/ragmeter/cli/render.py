"""``ragmeter render``: the reports of saved runs again."""

import argparse
from pathlib import Path

from ragmeter.cli.saved import load
from ragmeter.cli.terminal import colour, say, width
from ragmeter.clients.files import write_atomically
from ragmeter.core.errors import ConfigError
from ragmeter.report.html.scorecard_page import page_html
from ragmeter.report.jsonfile import result_json
from ragmeter.report.prometheus.result import prometheus_text
from ragmeter.report.text.terminal import summary_lines


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "render",
        help="make the reports of saved runs again",
        description="Print the summary of saved runs and write their reports. A raw record (.raw.jsonl) is computed "
        "again from its samples, also when the run was killed; a result (.json) is shown as it is.",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a .raw.jsonl or .json file of a run")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one self-contained page for all RUNs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result document of a single RUN")
    parser.add_argument("--prometheus", type=Path, metavar="FILE", help="write Prometheus text for all RUNs")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    if options.json and len(options.runs) > 1:
        raise ConfigError(f"--json: one document holds one run, not {len(options.runs)}")
    results = [load(path) for path in options.runs]
    if options.json:
        write_atomically(options.json, result_json(results[0]))
    if options.html:
        write_atomically(options.html, page_html(results))
    if options.prometheus:
        write_atomically(options.prometheus, prometheus_text(results))
    for result in results:
        say(*summary_lines(result, width=width(), colour=colour()), "")
    return 0
