"""What the documentation names exists: options, environments of tox, commands. test_docs_typed types the commands."""

import argparse
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.__main__ import _parser as backend_parser
from netprobe.__main__ import _parser as netprobe_parser
from ragmeter.cli import _parser
from tests.docs.pages import DOCS, ROOT, TEXTS, commands, rows
from tests.docs.reader.shell import simple_commands
from tests.programs import AS_A_USER

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
OURS = ("ragmeter", "pytest")
OTHERS = {
    "--enable-prompt-tokens-details": "vllm serve",
    "--max-model-len": "vllm serve",
    "--minutes": "experiments.soak",
    "--omit": "iperf3",
    "--otlp-traces-endpoint": "vllm serve",
    "--repo": "gh attestation verify",
    "--save-result": "vllm bench serve",
    "--with": "uvx",
}
"""Options of programs that no page types in a command of its own."""


def options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Those of its commands, too."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from options_of(command)


@pytest.fixture(scope="module")
def existing() -> set[str]:
    """Options of pytest, of our own programs and of the RAG demo, and what pages type after other programs."""
    command = [sys.executable, "-m", "pytest", "--help", *AS_A_USER]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    build = runpy.run_path(str(ROOT / "k8s" / "images" / "build.py"))["_parser"]
    ours = {option for parser in (_parser, backend_parser, netprobe_parser, build) for option in options_of(parser())}
    demo = {option for row in rows(DOCS / "migrating.md") for option in OPTION.findall(row[0])}
    lines = [words for _, line in commands() for words in simple_commands(line)]
    typed = {option for words in lines if words[0] not in OURS for option in OPTION.findall(" ".join(words))}
    return {*OPTION.findall(done.stdout), *ours, *demo, *typed, *OTHERS}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_option_that_is_named_exists(existing: set[str], path: Path) -> None:
    assert sorted(set(OPTION.findall(path.read_text(encoding="utf-8"))) - existing) == []


def test_no_option_is_excepted_that_need_not_be() -> None:
    named = {option for path in TEXTS for option in OPTION.findall(path.read_text(encoding="utf-8"))}
    assert set(OTHERS) <= named
    assert not set(OTHERS) & set(options_of(_parser()))


def test_every_command_of_ragmeter_is_shown() -> None:
    offered = {action.dest for action in subcommands()}
    typed = {words[1] for _, line in commands() for words in simple_commands(line) if words[0] == "ragmeter"}
    assert offered <= typed


def subcommands() -> "list[argparse.Action]":
    (found,) = [each for each in _parser()._actions if isinstance(each, argparse._SubParsersAction)]
    return list(found._choices_actions)


def test_every_tox_environment_that_is_named_exists() -> None:
    settings = (ROOT / "tox.ini").read_text(encoding="utf-8")
    named = {found for path in TEXTS for found in re.findall(r"tox -e (\w+)", path.read_text(encoding="utf-8"))}
    assert named >= {"bench", "tests"}
    assert all(f"[testenv:{name}]" in settings for name in named), named
