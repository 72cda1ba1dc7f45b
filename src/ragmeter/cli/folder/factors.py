"""``ragmeter factors``: what the saved cells of a plan say together, again."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import ragmeter
from ragmeter.cli.options.amounts import share
from ragmeter.cli.saved import load_raw
from ragmeter.cli.terminal import say, width
from ragmeter.clients.files import write_atomically
from ragmeter.core.codec import to_json
from ragmeter.core.compare.compare import MIN_EFFECT_RATIO
from ragmeter.core.compare.factors.build import factors_found
from ragmeter.core.errors import ConfigError
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.design import Design, design_of
from ragmeter.report.html.factors.page import factors_page
from ragmeter.report.text.factors_text import factors_lines


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "factors",
        help="say what each factor of a workload costs, from the saved runs of its cells",
        description="Compute the effects of the factors of a workload again, from the raw records of the cells that "
        "one session measured. A cell whose record is missing is marked.",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="the .raw.jsonl file of a cell")
    parser.add_argument(
        "--min-effect",
        type=share,
        default=MIN_EFFECT_RATIO,
        metavar="RATIO",
        help=f"the smallest relative change of a time or a price that matters (default {MIN_EFFECT_RATIO})",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a self-contained page")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the document factors.v1")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    runs = [load_raw(path) for path in options.runs]
    design = _design(runs)
    found = factors_found(
        design,
        _by_number(runs, design),
        min_effect_ratio=options.min_effect,
        ragmeter_version=ragmeter.__version__,
    )
    if options.json:
        write_atomically(options.json, f"{to_json(found, indent=2)}\n")
    if options.html:
        write_atomically(options.html, factors_page(found))
    say(*factors_lines(found, width=width()))
    return 0


def _design(runs: Sequence[SavedRun]) -> Design:
    """Raises ConfigError for a run that is no cell of a plan, or for runs that are not of one."""
    first = runs[0].plan
    design = design_of(first.workload.manifest, runs[0].path)
    if design is None:
        raise ConfigError(f"{runs[0].path}: its workload varies nothing: it has no section 'factors'")
    for each in runs:
        if each.plan.interleaving is None or each.plan.interleaving != first.interleaving:
            raise ConfigError(f"{each.path}: its trials are in no block with those of {runs[0].path}")
        deployed = any(factor.deployed for factor in design.factors)
        if not deployed and each.plan.provider != first.provider:
            raise ConfigError(
                f"{each.path}: is of {each.plan.provider}, and {runs[0].path} of {first.provider}: the plan is of one "
                "provider"
            )
    return design


def _by_number(runs: Sequence[SavedRun], design: Design) -> dict[int, SavedRun]:
    """Raises ConfigError for a cell that is named twice, and for a run that is none."""
    numbers = {cell.label: cell.number for cell in design.cells}
    found: dict[int, SavedRun] = {}
    for each in runs:
        number = numbers.get(each.plan.variant or "")
        if number is None:
            raise ConfigError(f"{each.path}: is no cell of the plan: {', '.join(numbers)}")
        if number in found:
            raise ConfigError(f"{each.path}: is cell {number}, and so is {found[number].path}")
        found[number] = each
    return found
