"""``ragmeter factors``."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ragmeter.cli import main
from ragmeter.clients.files import schema
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schema import check
from tests.report.factors import half_of_three, manifest, of_cell
from tests.saved import saved_run, write_raw

Change = Callable[[SavedRun], SavedRun]


def cell(folder: Path, number: int, change: Change = lambda run: run, name: str = "") -> str:
    """The raw record of a cell, as a session leaves it."""
    run = of_cell(half_of_three().cells[number - 1])
    workload = replace(run.plan.workload, manifest=manifest())
    plan = replace(run.plan, workload=workload, interleaving="knobs-1")
    return str(write_raw(folder, change(replace(run, path=f"{name or number}.raw.jsonl", plan=plan))))


def changed(**plan: Any) -> Change:
    return lambda run: replace(run, plan=replace(run.plan, **plan))


def test_the_effects_are_computed_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [cell(tmp_path, number) for number in (1, 2, 3, 4)]
    out = {name: tmp_path / f"factors.{name}" for name in ("json", "html")}
    assert main(["factors", *runs, *(part for name, path in out.items() for part in (f"--{name}", str(path)))]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "k=5 slower by" in said
    assert "the effect of k cannot be distinguished from mode x max_output_tokens" in said
    document = json.loads(out["json"].read_text(encoding="utf-8"))
    check(document, schema("factors.v1"), "factors.json")
    assert [each["raw_samples_path"] for each in document["cells"]] == runs
    assert "What k, mode and max_output_tokens cost" in out["html"].read_text(encoding="utf-8")


def test_a_cell_that_is_not_named_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["factors", *(cell(tmp_path, number) for number in (1, 2, 4))]) == 0
    assert "left out: it was not measured" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed(interleaving="knobs-2"), "its trials are in no block with those of"),
        (changed(interleaving=None), "its trials are in no block with those of"),
        (changed(provider="other"), "is of other, and"),
        (changed(variant="k=9"), "is no cell of the plan: k=2 mode=dense max_output_tokens=64"),
        (lambda run: run, "is cell 2, and so is"),
    ],
)
def test_what_is_not_of_the_plan_is_one_sentence(
    change: Change, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [cell(tmp_path, 1), cell(tmp_path, 2), cell(tmp_path, 2, change, "other")]
    assert main(["factors", *runs]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"ragmeter: {runs[2]}: ")
    assert words in said
    assert said.count("\n") == 1


def test_a_run_of_a_workload_that_varies_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write_raw(tmp_path, saved_run("mine", [1.0])))
    assert main(["factors", path]) == 2
    assert "it has no section 'factors'" in capsys.readouterr().err
