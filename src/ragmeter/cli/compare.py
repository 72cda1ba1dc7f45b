"""``ragmeter compare``: saved runs against each other."""

import argparse
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import ragmeter
from ragmeter.cli.saved import load_raw
from ragmeter.cli.terminal import colour, say, width
from ragmeter.clients.files import write_atomically
from ragmeter.core.codec import to_json
from ragmeter.core.compare import MIN_EFFECT_RATIO, compare
from ragmeter.core.errors import ConfigError
from ragmeter.core.identity import identity_diff, identity_of
from ragmeter.core.sides import SavedRun
from ragmeter.report.comparison_page import comparison_page
from ragmeter.report.comparison_text import comparison_lines


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "compare",
        help="compare saved runs, with intervals",
        description="Compare raw records, every pair of them: by what factor they differ, how sure that is, and how "
        "many more trials it takes where it cannot be decided.",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a .raw.jsonl file; two or more")
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
    parser.add_argument("--even-if-different", action="store_true", help="compare runs that did not measure the same")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a self-contained page")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the document comparison.v1")
    parser.set_defaults(command=run)


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and below 1")
    return value


def run(options: argparse.Namespace) -> int:
    if len(options.runs) < 2:
        raise ConfigError("compare: needs two runs or more")
    runs = [load_raw(path) for path in options.runs]
    same = [load_raw(path) for path in options.aa or ()]
    if not options.even_if_different:
        _refuse_different(runs)
    _refuse_different([*runs[:1], *same] if not options.even_if_different else same)
    found = compare(
        runs,
        aa=(same[0], same[1]) if same else None,
        min_effect_ratio=options.min_effect,
        ragmeter_version=ragmeter.__version__,
    )
    if options.json:
        write_atomically(options.json, f"{to_json(found, indent=2)}\n")
    if options.html:
        write_atomically(options.html, comparison_page(found))
    say(*comparison_lines(found, width=width(), colour=colour()))
    return 0


def _refuse_different(runs: Sequence[SavedRun]) -> None:
    for a, b in combinations(runs, 2):
        differing = identity_diff(identity_of(a.plan), identity_of(b.plan)).must_match
        if differing:
            first = differing[0]
            raise ConfigError(
                f"{b.path}: {first.field} is {first.b!r}, and {first.a!r} in {a.path}: the runs did not measure the "
                f"same ({', '.join(each.field for each in differing)}); --even-if-different compares them anyway"
            )
