"""``ragmeter``: works on saved runs and on files, without pytest and without a service."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ragmeter
from ragmeter.clients.files import known_schemas, read_document, read_text, schema, write_atomically
from ragmeter.core.errors import ConfigError, RagmeterError, SchemaError
from ragmeter.core.result import RunResult
from ragmeter.core.schema import check
from ragmeter.core.slo import parse_goodput, parse_slo
from ragmeter.report.document import result_of
from ragmeter.report.html import page_html
from ragmeter.report.jsonfile import load_result, result_json
from ragmeter.report.prometheus import prometheus_text
from ragmeter.report.terminal import summary_lines
from ragmeter.run import catalog, store

EXIT_ERROR = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command: 0 when it did what it says, 2 with one sentence on standard error when it could not."""
    options = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], None] = options.command
    try:
        command(options)
    except RagmeterError as error:
        print(f"ragmeter: {error}", file=sys.stderr)
        return EXIT_ERROR
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ragmeter", description=__doc__)
    parser.add_argument("--version", action="version", version=f"ragmeter {ragmeter.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_render(commands)
    validate = commands.add_parser("validate", help="check a manifest, a provider file or a result against its schema")
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE", help="YAML or JSON")
    validate.add_argument("--schema", metavar="NAME", help="default: what the document says in its key 'schema'")
    validate.set_defaults(command=_validate)
    for kind in catalog.folders:
        listing = commands.add_parser(f"{kind}s", help=f"list the known {kind}s")
        listing.set_defaults(command=_list, kind=kind)
    return parser


def _add_render(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    render = commands.add_parser(
        "render",
        help="make the reports of saved runs again",
        description="Print the summary of saved runs and write their reports. A raw record (.raw.jsonl) is computed "
        "again from its samples, also when the run was killed; a result (.json) is shown as it is.",
    )
    render.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a .raw.jsonl or .json file of a run")
    render.add_argument("--html", type=Path, metavar="FILE", help="write one self-contained page for all RUNs")
    render.add_argument("--json", type=Path, metavar="FILE", help="write the result document of a single RUN")
    render.add_argument("--prometheus", type=Path, metavar="FILE", help="write Prometheus text for all RUNs")
    render.set_defaults(command=_render)


def _render(options: argparse.Namespace) -> None:
    if options.json and len(options.runs) > 1:
        raise ConfigError(f"--json: one document holds one run, not {len(options.runs)}")
    results = [_load(path) for path in options.runs]
    if options.json:
        write_atomically(options.json, result_json(results[0]))
    if options.html:
        write_atomically(options.html, page_html(results))
    if options.prometheus:
        write_atomically(options.prometheus, prometheus_text(results))
    width = shutil.get_terminal_size().columns
    for result in results:
        print("\n".join(summary_lines(result, width=width, colour=sys.stdout.isatty())), end="\n\n")


def _load(path: Path) -> RunResult:
    if path.name.endswith(store.suffix):
        plan, samples, ending = store.read(path)
        return result_of(plan, samples, ending, raw_samples_path=str(path))
    return load_result(read_text(path), where=str(path))


def _validate(options: argparse.Namespace) -> None:
    for path in options.files:
        document = read_document(path)
        name = options.schema or (document.get("schema") if isinstance(document, dict) else None)
        if not name:
            raise SchemaError(f"{path}: has no key 'schema'; name one with --schema: {', '.join(known_schemas())}")
        _check_document(document, str(name), path)
        print(f"{path}: a valid {name}")


def _check_document(document: Any, name: str, path: Path) -> None:
    """What people write is read as a run would read it: references, prompts and SLOs are checked, too."""
    if name == "provider.v1":
        catalog.load_provider(str(path), environment=os.environ)
    elif name == "workload.v1":
        workload = catalog.load_workload(str(path))
        parse_goodput(workload.goodput, str(path))
        for expression in workload.slo:
            parse_slo(expression, str(path))
    else:
        check(document, schema(name), str(path))


def _list(options: argparse.Namespace) -> None:
    for name, path in catalog.known(options.kind).items():
        print(f"{name:16} {read_document(path).get('description', '').partition('. ')[0]}")
