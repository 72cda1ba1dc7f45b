"""``ragmeter import``: results of other tools, for a comparison."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import ragmeter
from ragmeter.cli.saved import TRIALS_SUFFIX
from ragmeter.cli.terminal import say
from ragmeter.clients.files import read_document, sha256_of, write_atomically
from ragmeter.core.codec import to_json
from ragmeter.core.compare.imported import ImportedTrial, ImportedTrials
from ragmeter.core.compare.importers.known import IMPORTERS, importer_of
from ragmeter.core.compare.importers.reading import Importer, Reading
from ragmeter.core.errors import ConfigError


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    tools = ", ".join(importer.tool for importer in IMPORTERS)
    parser = commands.add_parser(
        "import",
        help="take over results of another tool",
        description="Make a run of several trials from results of another tool, for `ragmeter compare`. Each RESULT "
        f"is one trial, in the order that is given. Known tools: {tools}. Only figures whose definition is comparable "
        "are taken over; where it differs is said in every comparison.",
    )
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULT", help="a JSON file that the tool wrote")
    parser.add_argument("--provider", required=True, metavar="NAME", help="whose results these are")
    parser.add_argument("--workload", metavar="NAME", help="what was asked, for the report")
    parser.add_argument(
        "--interleaved",
        metavar="NAME",
        help="trial i ran in one block with trial i of every other import of this name: they are compared in pairs",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help=f"where to, ending in {TRIALS_SUFFIX}")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    if not options.out.name.endswith(TRIALS_SUFFIX):
        raise ConfigError(f"--out: {options.out} does not end in {TRIALS_SUFFIX}, by which compare knows such a file")
    importer = _importer(options.results)
    readings = [_read(importer, path) for path in options.results]
    imported = ImportedTrials(
        ragmeter_version=ragmeter.__version__,
        tool=importer.tool,
        provider=options.provider,
        workload=options.workload,
        interleaving=options.interleaved,
        identity=_common(readings, options.results),
        trials=tuple(_trial(path, at) for path, at in zip(options.results, readings, strict=True)),
        notes=importer.notes,
    )
    write_atomically(options.out, f"{to_json(imported, indent=2)}\n")
    names = ", ".join(dict.fromkeys(name for at in readings for name in at.figures))
    say(f"{len(readings)} trials of {importer.tool}: {names}", *importer.notes)
    return 0


def _importer(paths: Sequence[Path]) -> Importer:
    found = {path: importer_of(read_document(path)) for path in paths}
    for path, importer in found.items():
        if importer is None:
            tools = ", ".join(each.tool for each in IMPORTERS)
            raise ConfigError(f"{path}: is not a result of a known tool: {tools}")
    first, *others = {id(importer): importer for importer in found.values() if importer is not None}.values()
    if others:
        raise ConfigError(f"import: results of different tools: {first.tool}, {', '.join(o.tool for o in others)}")
    return first


def _read(importer: Importer, path: Path) -> Reading:
    try:
        return importer.read(read_document(path))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ConfigError(f"{path}: is not as {importer.tool} writes it: {type(error).__name__}: {error}") from error


def _common(readings: Sequence[Reading], paths: Sequence[Path]) -> dict[str, object]:
    """What all trials say of themselves alike. ConfigError where two differ: they are not trials of one run."""
    first, *others = readings
    for path, other in zip(paths[1:], others, strict=True):
        for field, value in other.identity.items():
            if first.identity.get(field, value) != value:
                raise ConfigError(
                    f"{path}: {field} is {value!r}, and {first.identity[field]!r} in {paths[0]}: "
                    "these are not trials of one run"
                )
    return dict(first.identity)


def _trial(path: Path, at: Reading) -> ImportedTrial:
    return ImportedTrial(
        path=str(path),
        sha256=sha256_of(path),
        started_at=at.started_at,
        requests=at.requests,
        errors=at.errors,
        figures=dict(at.figures),
        mean_output_tokens=at.mean_output_tokens,
    )
