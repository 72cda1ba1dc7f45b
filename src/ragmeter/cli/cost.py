"""``ragmeter cost``: what saved runs cost at their load, at a demand, and against an API."""

import argparse
import json
from pathlib import Path

from ragmeter.cli.pricing import add_terms, priced, terms_of
from ragmeter.cli.saved import load_raw
from ragmeter.cli.terminal import say
from ragmeter.core.codec import encode
from ragmeter.core.sides import measure_all
from ragmeter.report.economics_text import economics_lines


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "cost",
        help="price saved runs, with intervals",
        description="The price of tokens and requests at the load of each raw record, with the interval of its "
        "throughput; with a demand also the price of a month, and with the price of an API the load at which both "
        "cost the same. A run prices the load that it measured: use one at the highest load that meets the SLOs.",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a .raw.jsonl file of a run")
    parser.add_argument("--prices", metavar="PROVIDER", help="name or file of the provider whose prices are taken")
    add_terms(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    runs = [priced(load_raw(path), prices=options.prices, offer=options.offer) for path in options.runs]
    sides = [each.side for each in measure_all(runs, terms=terms_of(options))]
    if options.json:
        say(json.dumps({side.label: None if side.cost is None else encode(side.cost) for side in sides}, indent=2))
    else:
        say(*(line for side in sides for line in economics_lines(side.label, side.cost)))
    return 0
