"""The composite action: its inputs are checked, reach ragmeter through the environment, and are part of no script."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ragmeter._pytest.options.table import OPTIONS

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
CHECKED = {"COMMENT": "true", "COMMENT_KEY": "summary", "STRICT": "true", "RETENTION_DAYS": "30", "ARTIFACT": "reports"}
HOSTILE = ("$(touch made)", "`touch made`", "; touch made", "a\nb", "", "' || true", "../x", "x" * 200)


def test_no_expression_is_part_of_a_script() -> None:
    scripts = [step["run"] for step in STEPS if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_every_input_is_used_and_every_one_that_is_used_is_declared() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    used = {part.partition(" ")[0].rstrip("}").strip() for part in text.split("inputs.")[1:]}
    assert used == set(ACTION["inputs"])


def test_what_the_suite_is_given_are_options_of_ours() -> None:
    (measure,) = [step for step in STEPS if step.get("id") == "measure"]
    assert set(measure["env"]) <= {option.variable for option in OPTIONS.values()}


def test_reports_are_kept_and_said_when_the_gate_fails() -> None:
    after = STEPS[[step.get("id") for step in STEPS].index("measure") + 1 :]
    assert len(after) == 2
    assert all(step["if"].startswith("always()") for step in after)


def check(folder: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    (script,) = [step["run"] for step in STEPS if step.get("id") == "names"]
    output = folder / "output"
    output.write_text("", encoding="utf-8")
    environment = {**os.environ, **CHECKED, "RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(output), **changed}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_good_inputs_are_taken(tmp_path: Path) -> None:
    done = check(tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"summary={tmp_path}/ragmeter/summary.md\n"


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("name", CHECKED)
def test_bad_inputs_are_refused_with_their_name_and_run_nothing(tmp_path: Path, name: str, words: str) -> None:
    done = check(tmp_path, **{name: words})
    assert done.returncode == 4, done.stdout
    assert done.stdout.startswith(f"::error title=ragmeter::input {name.lower().replace('_', '-')} is n")
    assert not (tmp_path / "made").exists()
