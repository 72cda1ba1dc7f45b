"""``ragmeter judge``: other SLOs and other prices for a run that was measured already."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ragmeter.cli.options.pricing import Prices, add_prices, cost_of_document, priced
from ragmeter.cli.saved import load_run, result_from
from ragmeter.cli.terminal import colour, say, width
from ragmeter.clients.files import write_atomically
from ragmeter.core.errors import ConfigError
from ragmeter.core.result.documented import steps_of
from ragmeter.core.result.rejudged import rejudged
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.plan import DeclaredSlo
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.verdicts.error_budget import with_budget
from ragmeter.core.verdicts.records import Outcome
from ragmeter.core.verdicts.slo import Slo, check_step, parse_slo
from ragmeter.report.jsonfile import result_json
from ragmeter.report.text.terminal import summary_lines
from ragmeter.report.words.naming import run_name

MISSED = frozenset({Outcome.FAIL, Outcome.NO_DATA, Outcome.INVALID})


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "judge",
        help="judge and price a saved run again",
        description="Judge a run by other SLOs and price it by another price sheet; nothing is measured. A raw record "
        "can be judged by anything, a result by the figures that stand in it; what needs the raw record is NO_DATA. "
        "Exit status 1 when an SLO is missed or cannot be judged (FAIL, NO_DATA, INVALID), and with --strict also "
        "when it is INCONCLUSIVE.",
    )
    parser.add_argument("run", nargs="?", type=Path, metavar="RUN", help="a .raw.jsonl or .json file of a run")
    parser.add_argument(
        "--slo", action="extend", nargs="+", metavar="EXPR", help="judge by these instead of the run's own SLOs"
    )
    add_prices(parser)
    parser.add_argument("--strict", action="store_true", help="INCONCLUSIVE is a miss")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result document")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    options.run = options.run or _behind_the_slos(options)
    saved = load_run(options.run)
    result = _of_record(saved, options) if isinstance(saved, SavedRun) else _of_document(saved, options)
    if options.json:
        write_atomically(options.json, result_json(result))
    say(*summary_lines(result, width=width(), colour=colour()))
    missed = MISSED | {Outcome.INCONCLUSIVE} if options.strict else MISSED
    return int(any(verdict.outcome in missed for verdict in result.verdicts))


def _behind_the_slos(options: argparse.Namespace) -> Path:
    """RUN of ``--slo EXPR RUN``, which is read as one more expression. Raises ConfigError."""
    if len(options.slo or ()) < 2:
        raise ConfigError("RUN is missing: ragmeter judge RUN [--slo EXPR]")
    return Path(options.slo.pop())


def _of_record(saved: SavedRun, options: argparse.Namespace) -> RunResult:
    plan = saved.plan
    if options.slo:
        asked = _asked(options, plan.workload.rates_per_s)
        plan = replace(plan, slos=tuple(_declared(each) for each in asked))
    return result_from(priced(replace(saved, plan=plan), Prices.asked(options)), is_rejudged=bool(options.slo))


def _of_document(saved: RunResult, options: argparse.Namespace) -> RunResult:
    own = [DeclaredSlo(expression=verdict.slo, origin=verdict.origin) for verdict in saved.verdicts]
    declared = [_declared(slo) for slo in _asked(options, steps_of(saved))] if options.slo else own
    slos = [parse_slo(at.expression, at.origin) for at in with_budget(declared, steps_of(saved))]
    cost, reference = cost_of_document(saved, Prices.asked(options), str(options.run))
    return rejudged(saved, label=run_name(saved), slos=slos, cost=cost, cost_reference=reference)


def _declared(slo: Slo) -> DeclaredSlo:
    return DeclaredSlo(expression=slo.expression, origin=slo.origin)


def _asked(options: argparse.Namespace, rates_per_s: Sequence[float]) -> list[Slo]:
    """Each once. Raises ConfigError."""
    slos = [parse_slo(expression, "--slo") for expression in options.slo]
    for slo in slos:
        check_step(slo, rates_per_s)
    return list({slo.expression: slo for slo in slos}.values())
