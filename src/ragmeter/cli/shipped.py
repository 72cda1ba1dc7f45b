"""``ragmeter files``: a copy of a folder that is shipped, to deploy it, to read it or to change it. ``ragmeter
providers``, ``workloads``, ``targets`` and ``price-lists`` list what is known by name, there and here; ``ragmeter
metrics`` lists what is measured.
"""

import argparse
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ragmeter.cli.terminal import say
from ragmeter.clients.files import data_dir, read_document
from ragmeter.core.errors import ConfigError, StorageError
from ragmeter.core.requests.metrics import METRICS
from ragmeter.run.plan import catalog

_OWN: Final = ("__pycache__", ".terraform", "*.tfstate*", "*.tfvars", "monitoring.env")
"""What users and programs leave in a checkout; passwords may be in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """folder: its path below the data. without: patterns of what only a checkout has: the code that wrote the rest."""

    folder: Path
    without: tuple[str, ...] = ()


SHIPPED: Final[Mapping[str, Shipped]] = {
    "grafana": Shipped(folder=Path("grafana"), without=("*.py", "boards", "queries")),
    "k8s": Shipped(folder=Path("k8s")),
    "providers": Shipped(folder=Path("fixtures", "providers")),
    "targets": Shipped(folder=Path("targets")),
    "workloads": Shipped(folder=Path("workloads")),
}


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "files", help="copy manifests, dashboards, provider files, workloads or targets that are shipped"
    )
    parser.add_argument("name", choices=[*SHIPPED], metavar="NAME", help=f"one of {', '.join(SHIPPED)}")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to: a folder that is new or empty")
    parser.set_defaults(command=run)
    for kind in catalog.folders:
        listing = commands.add_parser(f"{kind.replace(' ', '-')}s", help=f"list the known {kind}s")
        listing.set_defaults(command=list_known, kind=kind)
    metrics = commands.add_parser("metrics", help="list the metrics that an SLO may name")
    metrics.set_defaults(command=list_metrics)


def list_known(options: argparse.Namespace) -> int:
    known = catalog.known(options.kind)
    wide = max(16, *map(len, known))
    for name, path in known.items():
        say(f"{name:{wide}} {read_document(path).get('description', '').partition('. ')[0]}")
    return 0


def list_metrics(_options: argparse.Namespace) -> int:
    wide = max(map(len, METRICS))
    for name, metric in METRICS.items():
        say(f"{name:{wide}} {metric.definition.partition('. ')[0].removesuffix('.')}")
    return 0


def run(options: argparse.Namespace) -> int:
    shipped, folder = SHIPPED[options.name], options.folder
    source = data_dir(shipped.folder.parts[0]).joinpath(*shipped.folder.parts[1:])
    _check_free(folder, source)
    try:
        shutil.copytree(
            source,
            folder,
            ignore=shutil.ignore_patterns(*_OWN, *shipped.without),
            copy_function=shutil.copy,
            dirs_exist_ok=True,
        )
    except OSError as error:
        raise StorageError(f"{folder}: {options.name} could not be copied there: {error}") from error
    count = sum(path.is_file() for path in folder.rglob("*"))
    say(f"{folder}: {count} files of {options.name}")
    return 0


def _check_free(folder: Path, source: Path) -> None:
    if folder.resolve().is_relative_to(source.resolve()):
        raise ConfigError(f"{folder}: lies in the folder that is copied, {source}; name another")
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ConfigError(f"{folder}: exists, and nothing is written over; name a folder that is new or empty")
