"""``ragmeter cost``: what saved runs cost at their load, at a demand, and against an API."""

import argparse
import json
from pathlib import Path

from ragmeter.cli.demo import DemoResult, load_demo
from ragmeter.cli.options.pricing import Prices, add_prices, add_terms, cost_of_document, priced, terms_of
from ragmeter.cli.saved import load_run
from ragmeter.cli.terminal import say, width
from ragmeter.core.codec import encode
from ragmeter.core.compare.measured import labels
from ragmeter.core.compare.sides import measure
from ragmeter.core.money.economics import Economics, Terms, economics
from ragmeter.core.result.documented import documented
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.saved import SavedRun
from ragmeter.report.text.economics_text import economics_lines
from ragmeter.report.words.naming import provider_name


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "cost",
        help="price saved runs, with intervals",
        description="The price of tokens and requests at the load of each run, with the interval of its "
        "throughput; what a demand or the hours of a month cost; with the prices of an API its bill, and the load at "
        "which both cost the same. A run prices the load that it measured: use one at the highest load that meets the "
        "SLOs.",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a .raw.jsonl or .json file of a run")
    add_prices(parser)
    add_terms(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.set_defaults(command=run)


Run = SavedRun | RunResult | DemoResult


def run(options: argparse.Namespace) -> int:
    terms, prices = terms_of(options), Prices.asked(options)
    loaded = [(path, _loaded(path)) for path in options.runs]
    named = labels([_provider(run) for _, run in loaded])
    costs = {
        label: _economics(run, path, label, prices, terms) for label, (path, run) in zip(named, loaded, strict=True)
    }
    if options.json:
        say(json.dumps({label: None if cost is None else encode(cost) for label, cost in costs.items()}, indent=2))
    else:
        say(*(line for label, cost in costs.items() for line in economics_lines(label, cost, width=width())))
    return 0


def _loaded(path: Path) -> Run:
    return load_demo(path) or load_run(path)


def _provider(run: Run) -> str:
    if isinstance(run, SavedRun):
        return run.plan.provider
    return run.provider if isinstance(run, DemoResult) else provider_name(run)


def _economics(run: Run, path: Path, label: str, prices: Prices, terms: Terms) -> Economics | None:
    if isinstance(run, SavedRun):
        return measure(priced(run, prices), label, terms=terms).side.cost
    if isinstance(run, DemoResult):
        return economics(run.cost(prices), run.figures, terms)
    cost, _ = cost_of_document(run, prices, str(path))
    return None if cost is None else economics(cost, documented(run), terms)
