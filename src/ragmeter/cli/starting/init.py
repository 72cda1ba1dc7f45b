"""``ragmeter init``: the files that measure a service, by options or by questions on a terminal."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

from ragmeter.cli.starting.files import CI, COMMAND, check_free, files_of, write
from ragmeter.cli.starting.service import add_service, model_of, provider_of, starter_of, target_of
from ragmeter.cli.terminal import answer_to, say
from ragmeter.core.errors import ConfigError, TargetError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.starter import Starter
from ragmeter.core.verdicts.slo import parse_slo
from ragmeter.run.plan.recognition import Found, named, recognized

Ask: TypeAlias = Callable[[str, str], str]
"""Takes a question and what is meant by no answer."""
SLO: Final = "p90(ttft_ms) <= 2000"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "init",
        help="write provider file, workload and CI file of a service",
        description="Write provider.yaml, workload.yaml and a CI file, by the options; on a terminal, what is missing "
        "is asked for. Without --target, the service is asked what it is, by requests that change nothing. No load is "
        "sent, and nothing is written over without --force.",
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="default: this folder")
    parser.add_argument("--url", metavar="URL", help="base URL of the service")
    parser.add_argument("--name", metavar="NAME", help="of the provider in reports; default: its host")
    add_service(parser)
    parser.add_argument("--slo", action="append", default=[], metavar="EXPR", help=f"a promise; default: {SLO}")
    parser.add_argument("--ci", choices=[*CI, "none"], help="whose CI file; default: github")
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Raises ConfigError for what is wrong or missing, StorageError for what cannot be written."""
    ask = answer_to if sys.stdin.isatty() and sys.stdout.isatty() else _unasked
    url = options.url or ask("URL of the service", "")
    starter = starter_of(options, url, "--url")
    slo = tuple(options.slo or [ask("What is promised", SLO)])
    for expression in slo:
        parse_slo(expression, "--slo")
    name = options.name or ask("Its name in reports", starter.name)
    starter = _with_target(replace(starter, slo=slo, name=name), options, ask)
    ci = options.ci or _chosen(ask("CI: github, gitlab or none", "github"))
    files = files_of(starter, ci, options.questions)
    check_free(options.folder, files, force=options.force)
    write(options.folder, files)
    say(f"{options.folder}: {', '.join(map(str, files))}", f"  cd {options.folder} && {COMMAND}")
    for variable in starter.variables:
        say(f"  needs the variable {variable} in the environment")
    return 0


def _unasked(_question: str, default: str) -> str:
    return default


def _chosen(ci: str) -> str:
    if ci not in {*CI, "none"}:
        raise ConfigError(f"--ci: {ci!r} is not one of {', '.join(CI)}, none")
    return ci


def _with_target(starter: Starter, options: argparse.Namespace, ask: Ask) -> Starter:
    found = _found(provider_of(starter), options.target, ask)
    model = options.model
    if found.known.asks and not found.models:
        model = model or ask("Model that is asked for", "")
    return replace(starter, target=target_of(options, found), model=model_of(model, found))


def _found(provider: Provider, name: str | None, ask: Ask) -> Found:
    """Found out, or as named: a service that is named need not run yet."""
    try:
        return recognized(provider, name)
    except TargetError as error:
        name = name or ask(f"{error}\nTarget", "")
        if not name:
            raise
        return named(name)
