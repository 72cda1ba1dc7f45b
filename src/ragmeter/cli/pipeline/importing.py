"""``ragmeter import``: results of other tools, for a comparison."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import ragmeter
from ragmeter.cli.saved import TRIALS_SUFFIX
from ragmeter.cli.terminal import say
from ragmeter.clients.files import read_document, sha256_of, write_atomically
from ragmeter.core.codec import to_json
from ragmeter.core.compare.imported import ImportedTrial, ImportedTrials
from ragmeter.core.compare.importers.known import IMPORTERS, importer_of, readings_of
from ragmeter.core.compare.importers.reading import Importer
from ragmeter.core.compare.importers.steps import Step, Taken, identity_across, once, steps_of, what_differs
from ragmeter.core.errors import ConfigError
from ragmeter.core.verdicts.error_budget import budgets_at, overspent
from ragmeter.report.text.sweep_table import sweep_table
from ragmeter.run.processes.streams import notice


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    tools = ", ".join(importer.tool for importer in IMPORTERS)
    parser = commands.add_parser(
        "import",
        help="take over results of another tool",
        description="Make a run of several trials from results of another tool, for `ragmeter compare`. Each result "
        f"is one trial, in the order that is given. Known tools: {tools}. Only figures whose definition is comparable "
        "are taken over; where it differs is said in every comparison. Results of different loads are a sweep: one of "
        "its steps is chosen, or each is written.",
    )
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULT", help="a JSON file that the tool wrote")
    parser.add_argument("--provider", metavar="NAME", help="whose results these are (default: as the files say)")
    parser.add_argument("--workload", metavar="NAME", help="what was asked, for the report")
    parser.add_argument(
        "--interleaved",
        metavar="NAME",
        help="trial i ran in one block with trial i of every other import of this name: they are compared in pairs",
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--step", type=_number, metavar="N", help="of a sweep, take its N-th load, from 1")
    chosen.add_argument("--rate", type=_rate, metavar="R", help="of a sweep, take the load of R requests/s")
    chosen.add_argument("--concurrency", type=_number, metavar="N", help="of a sweep, take the load of N at once")
    chosen.add_argument(
        "--sweep", action="store_true", help="write each load of a sweep, to FILE with `.step-N` in its name"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help=f"where to, ending in {TRIALS_SUFFIX}")
    parser.set_defaults(command=run)


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def run(options: argparse.Namespace) -> int:
    if not options.out.name.endswith(TRIALS_SUFFIX):
        raise ConfigError(f"--out: {options.out} does not end in {TRIALS_SUFFIX}, by which compare knows such a file")
    importer, results = _results(options.results)
    kept, copies = once(results)
    notice(copies)
    steps = steps_of(kept)
    if options.sweep:
        say(*sweep_table(importer.tool, steps), "")
        for number, step in enumerate(steps, start=1):
            _write(importer, step, _numbered(options.out, number), options)
    else:
        _write(importer, _chosen(steps, options), options.out, options)
    return 0


def _results(paths: Sequence[Path]) -> tuple[Importer, list[Taken]]:
    documents = {path: read_document(path, infinite=True) for path in paths}
    importer = _importer({path: importer_of(document) for path, document in documents.items()})
    taken = []
    for path in paths:
        try:
            readings = readings_of(importer, documents[path])
        except ValueError as error:
            raise ConfigError(f"{path}: is not as {importer.tool} writes it: {error}") from error
        several = len(readings) > 1
        taken += [
            Taken(path=str(path), sha256=sha256_of(path), result=number if several else None, reading=at)
            for number, at in enumerate(readings, start=1)
        ]
    return importer, taken


def _importer(found: dict[Path, Importer | None]) -> Importer:
    for path, importer in found.items():
        if importer is None:
            tools = ", ".join(each.tool for each in IMPORTERS)
            raise ConfigError(f"{path}: is not a result of a known tool: {tools}")
    first, *others = {id(importer): importer for importer in found.values() if importer is not None}.values()
    if others:
        raise ConfigError(f"import: results of different tools: {first.tool}, {', '.join(o.tool for o in others)}")
    return first


def _chosen(steps: Sequence[Step], options: argparse.Namespace) -> Step:
    """The one load of the results, or the one that is asked for."""
    known = "; ".join(f"{number}: {step.load}" for number, step in enumerate(steps, start=1))
    if options.step is not None:
        if options.step > len(steps):
            raise ConfigError(f"--step: {options.step} is not one of the {len(steps)} loads: {known}")
        at: Step = steps[options.step - 1]
        return at
    found = list(steps)
    if options.rate is not None:
        found = [
            at for at in steps if at.load.rate_per_s and math.isclose(at.load.rate_per_s, options.rate, rel_tol=0.01)
        ]
    if options.concurrency is not None:
        found = [at for at in steps if at.load.concurrency == options.concurrency]
    if not found:
        raise ConfigError(f"import: no result has this load; there are {known}")
    if len(found) > 1:
        raise ConfigError(
            f"import: the loads of these results differ ({what_differs(found)}): they are steps of a sweep and no "
            f"trials of one run; --step, --rate or --concurrency takes one, and --sweep writes each: {known}"
        )
    return found[0]


def _write(importer: Importer, step: Step, path: Path, options: argparse.Namespace) -> None:
    readings = [each.reading for each in step.results]
    notes = (
        *importer.definitions[readings[0].definition].notes,
        *dict.fromkeys(note for at in readings for note in at.notes),
    )
    imported = ImportedTrials(
        ragmeter_version=ragmeter.__version__,
        tool=importer.tool,
        provider=_provider(step.results, options.provider),
        workload=options.workload,
        interleaving=options.interleaved,
        identity=identity_across(importer, step.results, step.load),
        trials=tuple(_trial(each) for each in step.results),
        notes=notes,
        load=step.load,
    )
    write_atomically(path, f"{to_json(imported, indent=2)}\n")
    names = ", ".join(dict.fromkeys(name for at in readings for name in at.figures)) or "no figure"
    count = f"{len(readings)} trial{'s' if len(readings) > 1 else ''}"
    say(f"{path}: {count} of {importer.tool}: {names}", f"load: {step.load}", *notes)
    spent = overspent(
        budgets_at(()), errors=sum(at.errors for at in readings), sent=sum(at.requests for at in readings)
    )
    notice([spent] if spent else [])


def _provider(results: Sequence[Taken], asked: str | None) -> str:
    """Whose results these are. ConfigError where their files name several, or none is named."""
    named = dict.fromkeys(each.reading.provider for each in results if each.reading.provider)
    if len(named) > 1:
        raise ConfigError(f"import: the results are of several providers: {', '.join(named)}")
    said = next(iter(named), None)
    if asked is None and said is None:
        raise ConfigError("import: the files do not say whose results these are: name it with --provider")
    if asked is not None and said not in (None, asked):
        notice([f"the files name the provider {said}, and --provider {asked}"])
    return asked or str(said)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name.removesuffix(TRIALS_SUFFIX)}.step-{number}{TRIALS_SUFFIX}")


def _trial(each: Taken) -> ImportedTrial:
    at = each.reading
    return ImportedTrial(
        path=each.path,
        sha256=each.sha256,
        started_at=at.started_at,
        requests=at.requests,
        errors=at.errors,
        figures=dict(at.figures),
        mean_output_tokens=at.mean_output_tokens,
        result=each.result,
        tool_version=at.tool_version,
        load=at.load,
    )
