"""``ragmeter judge``: other SLOs and other prices for a run that was measured already."""

import argparse
from dataclasses import replace
from pathlib import Path

from ragmeter.cli.pricing import add_offer, priced
from ragmeter.cli.saved import load_raw, result_from
from ragmeter.cli.terminal import colour, say, width
from ragmeter.clients.files import write_atomically
from ragmeter.core.result import Outcome
from ragmeter.core.run import DeclaredSlo
from ragmeter.core.slo import check_step, parse_slo
from ragmeter.report.jsonfile import result_json
from ragmeter.report.terminal import summary_lines

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
    add_offer(parser)
    parser.add_argument("--strict", action="store_true", help="INCONCLUSIVE is a miss")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result document")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    saved = load_raw(options.raw)
    plan = saved.plan
    if options.slo:
        asked = [parse_slo(expression, "--slo") for expression in options.slo]
        for slo in asked:
            check_step(slo, plan.workload.rates_per_s)
        expressions = dict.fromkeys(slo.expression for slo in asked)
        plan = replace(plan, slos=tuple(DeclaredSlo(expression=e, origin="--slo") for e in expressions))
    result = result_from(priced(replace(saved, plan=plan), prices=options.prices, offer=options.offer))
    if options.json:
        write_atomically(options.json, result_json(result))
    say(*summary_lines(result, width=width(), colour=colour()))
    missed = MISSED | {Outcome.INCONCLUSIVE} if options.strict else MISSED
    return int(any(verdict.outcome in missed for verdict in result.verdicts))
