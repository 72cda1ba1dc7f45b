"""``ragmeter run``: the suite as pytest runs it, from any folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ragmeter._pytest.options.table import OPTIONS
from ragmeter.cli import main


def ragmeter(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAGMETER_")}
    command = [sys.executable, "-c", "import sys; from ragmeter.cli import main; sys.exit(main())", "run", *arguments]
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=120)


def test_suite_is_listed_in_an_empty_folder(tmp_path: Path) -> None:
    done = ragmeter(tmp_path, "--collect-only", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stderr
    assert "test_contract.py::test_one_question_is_answered" in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_refusal_is_one_sentence_and_writes_nothing(tmp_path: Path) -> None:
    done = ragmeter(tmp_path, "--provider=akamai-lke")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    (sentence,) = done.stderr.split("\n\n")[0].splitlines()
    assert "the environment variable RAGMETER_AKAMAI_LKE_URL is not set" in sentence
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_option_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--help"]) == 0
    said = capsys.readouterr().out
    typed = [f"  {option.flag} {option.written}".rstrip() for option in OPTIONS.values()]
    assert [each for each in typed if each not in said] == []
    assert "ragmeter run --provider=local" in said


def test_it_is_listed_among_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "measure: the suite on a provider" in capsys.readouterr().out
