"""Every gate that a page or a shipped manifest shows can become green with the requests that it has."""

import functools
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from ragmeter.clients.files import read_yaml, schema
from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.setting import Setting
from ragmeter.core.verdicts.gates import could_pass, could_pass_in
from ragmeter.core.verdicts.slo import parse_slo
from ragmeter.run.plan.catalog import find, known, load_target, load_workload
from tests.docs.pages import DOCS, TEXTS, blocks, rows
from tests.docs.reader.checks import after
from tests.docs.reader.shell import program, simple_commands
from tests.docs.reader.steps import CommandStep, FileStep, steps_of

SETTINGS = {"--bench-requests": "benchmark.requests", "--bench-trials": "benchmark.trials"}


@dataclass(frozen=True, slots=True)
class Gate:
    where: str
    expression: str
    workload: Workload

    def __str__(self) -> str:
        return f"{self.where}: {self.expression}"


loaded = functools.cache(load_workload)
"""By their names alone: a shipped workload has 1,500 prompts, and most gates are on the same two."""


def of_document(document: dict[str, Any], where: str, settings: Sequence[Setting] = ()) -> Workload:
    prompts = prompts_of("A question?", path="questions.txt") if "prompts_file" in document else ()
    return workload_from(
        document, path=where, prompts=prompts, settings=settings, schema=schema("workload.v1"), find_target=load_target
    )


def of_manifests() -> Iterator[Gate]:
    """Shipped ones, and those of the pages."""
    for name in known("workload"):
        workload = loaded(name)
        yield from (Gate(f"workloads/{name}", expression, workload) for expression in workload.slo)
    for block in blocks("yaml"):
        document = yaml.safe_load(block.text)
        if document.get("schema") == "workload.v1" and document.get("load", {}).get("shape") != "trace":
            workload = of_document(document, block.id)
            yield from (Gate(block.id, expression, workload) for expression in workload.slo)


def of_providers() -> Iterator[Gate]:
    """On the workload that is theirs when a command names none."""
    documents = {block.id: yaml.safe_load(block.text) for block in blocks("yaml")}
    for name in known("provider"):
        documents[f"providers/{name}"] = read_yaml(find(name, "provider"))
    for where, document in documents.items():
        if document.get("schema") == "provider.v1":
            workload = loaded(document.get("workload", "standard"))
            yield from (Gate(where, expression, workload) for expression in document.get("slo", ()))


def of_settings() -> Iterator[Gate]:
    for block in blocks("toml"):
        options = tomllib.loads(block.text)["tool"]["pytest"]["ini_options"]
        setting = Setting(key="benchmark.requests", value=int(options["bench_requests"]), origin="bench_requests")
        workload = load_workload("standard", [setting])
        yield from (Gate(block.id, expression, workload) for expression in options["bench_slo"])


def of_commands() -> Iterator[Gate]:
    for path in TEXTS:
        steps = steps_of(path)
        files = {step.name: step.text for step in steps if isinstance(step, FileStep)}
        for step in steps:
            if isinstance(step, CommandStep):
                for words in simple_commands(step.command):
                    yield from _of_words(words, step, files)


def _of_words(words: Sequence[str], step: CommandStep, files: dict[str, str]) -> Iterator[Gate]:
    """Of a command that measures: what it names, and the SLOs of the manifest with the numbers of the command."""
    if program(list(words)) not in {"pytest", "ragmeter"} or words[1] in {"judge", "load"} or "ew_probe" in words:
        return
    for name in after(words, "--provider"):
        provider = _document(name, files, "provider")
        workload = _workload([*after(words, "--workload"), provider.get("workload", "standard")][0], words, files)
        declared = (*workload.slo, *provider.get("slo", ()), *after(words, "--bench-slo", "--slo"))
        yield from (Gate(f"{step.where}: {' '.join(words)}", expression, workload) for expression in declared)


def _document(name: str, files: dict[str, str], kind: str) -> dict[str, Any]:
    text = files.get(name.removeprefix("./"))
    document: dict[str, Any] = read_yaml(find(name, kind)) if text is None else yaml.safe_load(text)
    return document


def _workload(name: str, words: Sequence[str], files: dict[str, str]) -> Workload:
    pairs = [(SETTINGS[option], value) for option in SETTINGS for value in after(words, option)]
    pairs += [tuple(pair.split("=", 1)) for pair in after(words, "--set")]  # type: ignore[misc]
    settings = [Setting(key=key, value=yaml.safe_load(value), origin="the command") for key, value in pairs]
    text = files.get(name.removeprefix("./"))
    if text is None:
        return load_workload(name, settings) if settings else loaded(name)
    return of_document(yaml.safe_load(text), name, settings)


@pytest.mark.parametrize("gate", [*of_manifests(), *of_providers(), *of_settings()], ids=str)
def test_a_gate_of_a_file_can_become_green(gate: Gate) -> None:
    assert could_pass_in(parse_slo(gate.expression, gate.where), gate.workload)


def test_every_gate_of_a_command_can_become_green() -> None:
    gates = list(of_commands())
    assert len(gates) > 50
    red = [gate for gate in gates if not could_pass_in(parse_slo(gate.expression, gate.where), gate.workload)]
    assert not red, "\n".join(map(str, red))


def test_the_numbers_of_requests_that_gates_need_are_those_of_the_code() -> None:
    table = {row[0]: int(row[1]) for row in rows(DOCS / "howto-ci.md") if "=" in row[0]}
    assert len(table) == 8
    for expression, needed in table.items():
        slo = parse_slo(expression, "howto-ci.md")
        assert could_pass(slo, needed)
        assert needed == 1 or not could_pass(slo, needed - 1), expression
