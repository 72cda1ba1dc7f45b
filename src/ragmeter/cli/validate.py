"""``ragmeter validate``: files against their JSON Schemas."""

import argparse
import os
from pathlib import Path
from typing import Any

from ragmeter.cli.terminal import say
from ragmeter.clients.files import known_schemas, read_document, schema
from ragmeter.core.errors import SchemaError
from ragmeter.core.schema import check
from ragmeter.core.slo import check_step, parse_goodput, parse_slo
from ragmeter.run import catalog


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("validate", help="check a manifest, a provider file or a result against its schema")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="YAML or JSON")
    parser.add_argument("--schema", metavar="NAME", help="default: what the document says in its key 'schema'")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    for path in options.files:
        document = read_document(path)
        name = options.schema or (document.get("schema") if isinstance(document, dict) else None)
        if not name:
            raise SchemaError(f"{path}: has no key 'schema'; name one with --schema: {', '.join(known_schemas())}")
        _check_document(document, str(name), path)
        say(f"{path}: a valid {name}")
    return 0


def _check_document(document: Any, name: str, path: Path) -> None:
    """What people write is read as a run would read it: references, prompts and SLOs are checked, too."""
    if name == "provider.v1":
        catalog.load_provider(str(path), environment=os.environ)
    elif name == "workload.v1":
        workload = catalog.load_workload(str(path))
        parse_goodput(workload.goodput, str(path))
        for expression in workload.slo:
            check_step(parse_slo(expression, str(path)), workload.rates_per_s)
    else:
        check(document, schema(name), str(path))
