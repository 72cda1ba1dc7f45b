"""``ragmeter compare``: saved runs against each other."""

import argparse
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import ragmeter
from ragmeter.cli.judge import MISSED
from ragmeter.cli.options.amounts import share
from ragmeter.cli.options.pricing import Prices, add_prices, add_terms, priced, terms_of
from ragmeter.cli.saved import load_side
from ragmeter.cli.terminal import colour, say, width
from ragmeter.clients.files import write_atomically
from ragmeter.core.codec import to_json
from ragmeter.core.compare.compare import MIN_EFFECT_RATIO, compare_measured
from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.compare.measured import DECLARED, GATED, MeasuredRun
from ragmeter.core.compare.regression import gates_of_reference
from ragmeter.core.compare.sides import ImportedRun, measure_all
from ragmeter.core.errors import ConfigError
from ragmeter.core.requests.figure import Figure, parse_figure
from ragmeter.core.requests.metric import OF_SERVERS
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.run.identity import identity_diff, in_manifest
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.html.comparison_page import comparison_page
from ragmeter.report.text.comparison_text import comparison_lines
from ragmeter.report.text.fitting import verdict_lines
from ragmeter.run.plan.linked_files import linked_files
from ragmeter.run.plan.linked_probes import linked_probes


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "compare",
        help="compare saved runs, with intervals",
        description="Compare raw records, every pair of them: by what factor they differ, how sure that is, and how "
        "many more trials it takes where it cannot be decided.",
    )
    parser.add_argument(
        "runs",
        nargs="+",
        type=Path,
        metavar="RUN",
        help="a .raw.jsonl file, or a .trials.json file of `ragmeter import`; two or more",
    )
    parser.add_argument(
        "--aa", nargs=2, type=Path, metavar="RUN", help="two runs of one and the same system, for the noise band"
    )
    parser.add_argument(
        "--min-effect",
        type=share,
        default=MIN_EFFECT_RATIO,
        metavar="RATIO",
        help="the smallest relative difference that matters, above 0 and below 1 (default %(default)s)",
    )
    parser.add_argument(
        "--metric",
        action="append",
        type=_key,
        metavar="SUBJECT",
        help="compare this instead, such as 'p95(ttft_ms)'; may be repeated "
        f"(default {', '.join(str(key) for key in DECLARED)})",
    )
    parser.add_argument(
        "--reference", metavar="LABEL", help="compare each run with this one only, by its label in the report"
    )
    parser.add_argument(
        "--gate",
        action="store_true",
        help="judge each run against the reference (of two runs, the first), by the blocks of their session: exit "
        "status 1 when a figure is worse by more than --min-effect, or cannot be judged",
    )
    parser.add_argument("--strict", action="store_true", help="with --gate: INCONCLUSIVE is a miss")
    add_prices(parser)
    add_terms(parser)
    parser.add_argument("--even-if-different", action="store_true", help="compare runs that did not measure the same")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a self-contained page")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the document comparison.v1")
    parser.set_defaults(command=run)


def _key(text: str) -> Figure:
    try:
        found = parse_figure(text, "--metric")
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if METRICS[found.metric].kind in OF_SERVERS:
        raise argparse.ArgumentTypeError(
            f"{found}: is told by the servers and not by each request, so it is not compared: see the page of each run"
        )
    if METRICS[found.metric].better is None:
        raise argparse.ArgumentTypeError(f"{found.metric}: neither direction is better, so no side can be")
    return found


def run(options: argparse.Namespace) -> int:
    if len(options.runs) < 2:
        raise ConfigError("compare: needs two runs or more")
    declared = tuple(dict.fromkeys(options.metric or DECLARED))
    runs = [_priced(load_side(path), Prices.asked(options)) for path in options.runs]
    _refuse_twice(runs)
    measured = measure_all(runs, declared, terms_of(options))
    same = measure_all([load_side(path) for path in options.aa or ()], declared)
    reference = _reference(options, measured)
    if not options.even_if_different:
        _refuse_different(measured)
    _refuse_different([*measured[:1], *same] if not options.even_if_different else same)
    found = compare_measured(
        measured,
        aa=[(same[0], same[1])] if same else [],
        declared=declared,
        reference=reference,
        min_effect_ratio=options.min_effect,
        ragmeter_version=ragmeter.__version__,
    )
    if options.json:
        write_atomically(options.json, f"{to_json(found, indent=2)}\n")
    if options.html:
        write_atomically(options.html, comparison_page(found, linked_probes(found), linked_files(found, options.html)))
    say(*comparison_lines(found, width=width(), colour=colour()))
    return _gated(found, options) if options.gate else 0


def _gated(found: Comparison, options: argparse.Namespace) -> int:
    for pair in found.pairs:
        if not pair.blocks:
            raise ConfigError(
                f"--gate: {pair.a} and {pair.b} are no interleaved trials of one session: what changed in between "
                "would be in the difference; measure them in one session"
            )
    gates = gates_of_reference(found, found.sides[0].workload, tuple(dict.fromkeys(options.metric or GATED)))
    verdicts = [verdict for gate in gates.values() for verdict in gate.values()]
    say("", *verdict_lines([(at.outcome, at.sentence) for at in verdicts], width=width(), colour=colour()))
    missed = MISSED | {Outcome.INCONCLUSIVE} if options.strict else MISSED
    return int(any(at.outcome in missed for at in verdicts))


def _priced(run: SavedRun | ImportedRun, prices: Prices) -> SavedRun | ImportedRun:
    return priced(run, prices) if isinstance(run, SavedRun) else run


def _reference(options: argparse.Namespace, measured: Sequence[MeasuredRun]) -> str | None:
    """Raises ConfigError for one that is not there, or that a gate lacks."""
    known, named = [each.side.label for each in measured], options.reference
    if named is not None and named not in known:
        raise ConfigError(f"--reference: {named!r} is not one of {', '.join(known)}")
    if options.gate and named is None and len(known) > 2:
        raise ConfigError(f"--gate: needs --reference, one of {', '.join(known)}")
    return known[0] if options.gate and named is None else named


def _refuse_twice(runs: Sequence[SavedRun | ImportedRun]) -> None:
    """Raises ConfigError where one result of another tool stands on two sides: it is compared with itself."""
    seen: dict[tuple[str, int], ImportedRun] = {}
    for run in [run for run in runs if isinstance(run, ImportedRun)]:
        for trial in run.trials.trials:
            other = seen.setdefault(trial.source, run)
            if other is not run:
                raise ConfigError(
                    f"{run.path}: {trial.path} stands in {other.path}, too: one measurement is not compared with itself"
                )


def _refuse_different(runs: Sequence[MeasuredRun]) -> None:
    for a, b in combinations(runs, 2):
        differing = identity_diff(a.identity, b.identity).must_match
        if differing:
            first = in_manifest(differing[0], a.identity, b.identity)
            raise ConfigError(
                f"{b.side.raw_samples_path}: {first.field} is {first.b!r}, and {first.a!r} in "
                f"{a.side.raw_samples_path}: the runs did not measure the same "
                f"({', '.join(each.field for each in differing)}); --even-if-different compares them anyway"
            )
