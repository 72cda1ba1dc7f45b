"""``ragmeter validate``: files against their JSON Schemas."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragmeter.cli.terminal import say
from ragmeter.clients.files import known_schemas, read_document, schema
from ragmeter.core.errors import SchemaError
from ragmeter.core.inputs.targets.description import BUILT_IN, TARGET
from ragmeter.core.inputs.traces import plan_of
from ragmeter.core.inputs.unversioned import PROVIDER, WORKLOAD, kind_of
from ragmeter.core.money.api_prices import API_PRICES
from ragmeter.core.money.cost_config import is_cost_config, sheet_of
from ragmeter.core.schedule.design import design_of
from ragmeter.core.schema import check
from ragmeter.core.verdicts.slo import check_step, parse_goodput, parse_slo
from ragmeter.run.plan import catalog
from ragmeter.run.plan.cells import load_cells
from ragmeter.run.processes.streams import notice


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("validate", help="check a manifest, a provider file or a result against its schema")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="YAML or JSON")
    parser.add_argument("--schema", metavar="NAME", help="default: what the document says in its key 'schema'")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    for path in options.files:
        document = read_document(path)
        if is_cost_config(document) and not options.schema:
            say(f"{path}: a valid cost config of {', '.join(_priced_by(document, path))}")
            continue
        name = options.schema or _name_of(document, path)
        _check_document(document, str(name), path)
        say(f"{path}: a valid {name}")
    return 0


def _priced_by(document: Mapping[str, Any], path: Path) -> list[str]:
    """The providers of a cost config, each with a price sheet. Raises ConfigError."""
    providers = list(document["providers"]) if isinstance(document["providers"], dict) else [""]
    for provider in providers:
        sheet_of(document, provider, schema=schema(PROVIDER), where=str(path))
    return providers


def _name_of(document: Any, path: Path) -> str:
    """As the document says; of what people write without a key ``schema``, by its other keys. Raises SchemaError."""
    name = None
    if isinstance(document, dict):
        written = {name: schema(name) for name in (WORKLOAD, PROVIDER)}
        name = document["schema"] if "schema" in document else kind_of(document, written)
    if not name:
        raise SchemaError(f"{path}: has no key 'schema'; name one with --schema: {', '.join(known_schemas())}")
    return str(name)


def _check_document(document: Any, name: str, path: Path) -> None:
    """What people write is read as a run would read it: references, prompts and SLOs are checked, too."""
    if name == PROVIDER:
        provider = catalog.load_provider(str(path), environment=os.environ)
        notice(provider.notices)
        for expression in provider.slo:
            parse_slo(expression, str(path))
        if provider.target is not None and provider.target not in BUILT_IN:
            catalog.load_target(provider.target, where=str(path))
    elif name == WORKLOAD:
        workload = catalog.load_workload(str(path))
        notice(workload.notices)
        cells = load_cells(str(path), workload)
        if cells is not None and (design := design_of(workload.manifest, workload.path)) is not None:
            notice([f"{path}: {design.sentence}", *(f"{path}: {words}" for words in design.confusions)])
        if workload.trace:
            notice([f"{path}: replays {plan_of(workload.trace)}"])
        parse_goodput(workload.goodput, str(path))
        for expression in workload.slo:
            check_step(parse_slo(expression, str(path)), workload.rates_per_s)
    elif name == TARGET:
        catalog.load_target(document, where=str(path), at="$")
    elif name == API_PRICES:
        catalog.load_api_prices(str(path))
    else:
        check(document, schema(name), str(path))
