"""``ragmeter compare``: saved runs against each other."""

import argparse
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import ragmeter
from ragmeter.cli.pricing import add_terms, priced, terms_of
from ragmeter.cli.saved import load_side
from ragmeter.cli.terminal import colour, say, width
from ragmeter.clients.files import write_atomically
from ragmeter.core.codec import to_json
from ragmeter.core.compare import MIN_EFFECT_RATIO, compare_measured
from ragmeter.core.errors import ConfigError
from ragmeter.core.identity import identity_diff
from ragmeter.core.measured import DECLARED, Key, MeasuredRun, written
from ragmeter.core.sides import ImportedRun, SavedRun, measure_all
from ragmeter.core.slo import parse_subject
from ragmeter.report.comparison_page import comparison_page
from ragmeter.report.comparison_text import comparison_lines
from ragmeter.run.linked_probes import linked_probes


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
        type=_share,
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
        f"(default {', '.join(written(key) for key in DECLARED)})",
    )
    parser.add_argument(
        "--reference", metavar="LABEL", help="compare each run with this one only, by its label in the report"
    )
    add_terms(parser)
    parser.add_argument("--even-if-different", action="store_true", help="compare runs that did not measure the same")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a self-contained page")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the document comparison.v1")
    parser.set_defaults(command=run)


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and below 1")
    return value


def _key(text: str) -> Key:
    try:
        metric, statistic = parse_subject(text, "--metric")
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if metric.better is None:
        raise argparse.ArgumentTypeError(f"{metric.name}: neither direction is better, so no side can be")
    return metric.name, statistic


def run(options: argparse.Namespace) -> int:
    if len(options.runs) < 2:
        raise ConfigError("compare: needs two runs or more")
    declared = tuple(dict.fromkeys(options.metric or DECLARED))
    runs = [_priced(load_side(path), options.offer) for path in options.runs]
    measured = measure_all(runs, declared, terms_of(options))
    same = measure_all([load_side(path) for path in options.aa or ()], declared)
    _check_reference(options.reference, measured)
    if not options.even_if_different:
        _refuse_different(measured)
    _refuse_different([*measured[:1], *same] if not options.even_if_different else same)
    found = compare_measured(
        measured,
        aa=[(same[0], same[1])] if same else [],
        declared=declared,
        reference=options.reference,
        min_effect_ratio=options.min_effect,
        ragmeter_version=ragmeter.__version__,
    )
    if options.json:
        write_atomically(options.json, f"{to_json(found, indent=2)}\n")
    if options.html:
        write_atomically(options.html, comparison_page(found, linked_probes(found)))
    say(*comparison_lines(found, width=width(), colour=colour()))
    return 0


def _priced(run: SavedRun | ImportedRun, offer: str | None) -> SavedRun | ImportedRun:
    return priced(run, prices=None, offer=offer) if isinstance(run, SavedRun) and offer else run


def _check_reference(reference: str | None, measured: Sequence[MeasuredRun]) -> None:
    known = [each.side.label for each in measured]
    if reference is not None and reference not in known:
        raise ConfigError(f"--reference: {reference!r} is not one of {', '.join(known)}")


def _refuse_different(runs: Sequence[MeasuredRun]) -> None:
    for a, b in combinations(runs, 2):
        differing = identity_diff(a.identity, b.identity).must_match
        if differing:
            first = differing[0]
            raise ConfigError(
                f"{b.side.raw_samples_path}: {first.field} is {first.b!r}, and {first.a!r} in "
                f"{a.side.raw_samples_path}: the runs did not measure the same "
                f"({', '.join(each.field for each in differing)}); --even-if-different compares them anyway"
            )
