"""What a reader of a page does, in its order: save the files that it shows, type its commands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.docs.pages import Block, blocks_of, prose

NAMED = re.compile(r"# ([\w./-]+\.(?:py|ya?ml|toml|txt))\b")
"""The first line of a block that is a file; what follows the name is a remark."""
PLACE = re.compile(r"\b(?:run|works?)\b[^.:]{0,40}?\bin (a checkout|any folder)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileStep:
    """A block that is saved. ``more``: at the end of the file, as a page shows a program or a test in pieces."""

    where: str
    name: str
    text: str
    more: bool


@dataclass(frozen=True, slots=True)
class CommandStep:
    """A command and the output shown below it. may_fail: its status is what the next command shows. elsewhere: typed
    after `ssh`, on the other machine.
    """

    where: str
    command: str
    output: tuple[str, ...] = ()
    may_fail: bool = False
    elsewhere: bool = False


Step = FileStep | CommandStep


def place_of(path: Path) -> str | None:
    """Where the page says that its commands are typed: ``a checkout`` or ``any folder``; None when it does not say."""
    found = PLACE.search(" ".join(prose(path).split()))
    return found[1] if found else None


def steps_of(path: Path) -> list[Step]:
    """The files of the page first: what is shown below a command may be what it reads."""
    steps = [step for block in blocks_of(path) for step in _steps(block)]
    return sorted(steps, key=lambda step: isinstance(step, CommandStep))


def _steps(block: Block) -> Iterator[Step]:
    if block.language == "console":
        yield from _typed(block)
    elif named := NAMED.match(block.text):
        yield FileStep(block.id, named[1], block.text, more=named[1].endswith(".py"))
    elif block.language == "yaml":
        yield from _pipeline(block)


def _typed(block: Block) -> Iterator[CommandStep]:
    """The commands of a console block."""
    lines = block.text.replace("\\\n", " ").splitlines()
    begins = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    elsewhere = False
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        shown = tuple(line for line in lines[begin + 1 : end] if line.strip())
        asked = end < len(lines) and lines[end] == "$ echo $?"
        command = lines[begin].removeprefix("$ ")
        yield CommandStep(block.id, command, shown, may_fail=asked, elsewhere=elsewhere)
        elsewhere = elsewhere or command.startswith("ssh ")


def _pipeline(block: Block) -> Iterator[CommandStep]:
    """The scripts of a pipeline of GitHub or GitLab, each with the variables that it is given."""
    document = yaml.safe_load(block.text)
    for job in document.get("jobs", {}).values():
        for step in job["steps"]:
            if "run" in step:
                yield CommandStep(block.id, _with(step.get("env", {}), step["run"]))
    for job in [job for job in document.values() if isinstance(job, dict) and "script" in job]:
        for line in [*job.get("before_script", ()), *job["script"]]:
            yield CommandStep(block.id, _with(job.get("variables", {}), line))


def _with(variables: dict[str, Any], command: str) -> str:
    return " ".join([*(f"{name}='{value}'" for name, value in variables.items()), command])
