"""``ragmeter providers`` and ``ragmeter workloads``: what is known by name."""

import argparse

from ragmeter.cli.terminal import say
from ragmeter.clients.files import read_document
from ragmeter.run import catalog


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for kind in catalog.folders:
        parser = commands.add_parser(f"{kind}s", help=f"list the known {kind}s")
        parser.set_defaults(command=run, kind=kind)


def run(options: argparse.Namespace) -> int:
    for name, path in catalog.known(options.kind).items():
        say(f"{name:16} {read_document(path).get('description', '').partition('. ')[0]}")
    return 0
