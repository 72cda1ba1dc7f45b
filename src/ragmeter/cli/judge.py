"""``ragmeter judge``: other SLOs and other prices for a run that was measured already."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ragmeter.cli.saved import load_raw, result_from
from ragmeter.cli.terminal import colour, say, width
from ragmeter.clients.files import read_yaml, schema, write_atomically
from ragmeter.core.errors import ConfigError
from ragmeter.core.result import Outcome
from ragmeter.core.run import DeclaredSlo
from ragmeter.core.schema import check
from ragmeter.core.slo import parse_slo
from ragmeter.report.jsonfile import result_json
from ragmeter.report.terminal import summary_lines
from ragmeter.run import catalog

MISSED = frozenset({Outcome.FAIL, Outcome.NO_DATA, Outcome.INVALID})


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "judge",
        help="judge and price a saved run again",
        description="Judge a raw record by other SLOs and price it by another price sheet; nothing is measured. "
        "Exit status 1 when an SLO is missed or cannot be judged (FAIL, NO_DATA, INVALID), and with --strict also "
        "when it is INCONCLUSIVE.",
    )
    parser.add_argument("raw", type=Path, metavar="RAW", help="a .raw.jsonl file of a run")
    parser.add_argument(
        "--slo", action="extend", nargs="+", metavar="EXPR", help="judge by these instead of the run's own SLOs"
    )
    parser.add_argument("--prices", metavar="PROVIDER", help="name or file of the provider whose prices are taken")
    parser.add_argument("--strict", action="store_true", help="INCONCLUSIVE is a miss")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result document")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    saved = load_raw(options.raw)
    plan = saved.plan
    if options.slo:
        asked = [parse_slo(expression, "--slo").expression for expression in options.slo]
        plan = replace(plan, slos=tuple(DeclaredSlo(expression=e, origin="--slo") for e in dict.fromkeys(asked)))
    if options.prices:
        path = catalog.find(options.prices, "provider")
        plan = replace(plan, cost=_prices(path), provider_path=catalog.shown(path))
    result = result_from(replace(saved, plan=plan))
    if options.json:
        write_atomically(options.json, result_json(result))
    say(*summary_lines(result, width=width(), colour=colour()))
    missed = MISSED | {Outcome.INCONCLUSIVE} if options.strict else MISSED
    return int(any(verdict.outcome in missed for verdict in result.verdicts))


def _prices(path: Path) -> Mapping[str, Any]:
    """The price sheet of a provider file. Its references to the environment, such as the URL, need not be set."""
    document = read_yaml(path)
    check(document, schema("provider.v1"), str(path))
    prices: Mapping[str, Any] | None = document.get("cost")
    if prices is None:
        raise ConfigError(f"{path}: $.cost: missing; there are no prices in this provider file")
    return prices
