"""The page for users of the RAG demo: its commands run, and its table of flags is that of the code."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ragmeter._pytest.options.table import NAMES_OF_THE_PREDECESSOR
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.docs.pages import DOCS, ROOT, commands, rows
from tests.programs import AS_A_USER

PAGE = DOCS / "migrating.md"
COMMANDS = [shlex.split(command) for where, command in commands() if "migrating.md" in where]


def test_every_flag_of_the_code_has_its_row() -> None:
    table = {old.strip("`"): row[1] for row in rows(PAGE) for old in row[0].split(", ") if old.startswith(("-", "`-"))}
    assert {flag: table[flag] for flag in NAMES_OF_THE_PREDECESSOR} == {
        flag: option.flag for flag, option in NAMES_OF_THE_PREDECESSOR.items()
    }


def test_the_first_command_measures_a_backend_of_the_demo_as_it_stands(tmp_path: Path) -> None:
    """To the letter but for the address."""
    (command,) = [words for words in COMMANDS if "--url" in words]
    demo = StreamScript(ttft_ms=60, itl_ms=20, tokens=16, oddity="predecessor")
    with GroundTruthServer(demo, process=True) as server:
        url = f"{server.base_url}/query/stream"
        assert command[:2] == ["pytest", "bench"]
        typed = [url if word.startswith("http") else word for word in command[1:]]
        more = [f"--bench-report-dir={tmp_path}", "--json-out", str(tmp_path / "result.json"), "-p", "no:cacheprovider"]
        more += AS_A_USER
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *typed, *more],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stdout
    assert "is read as" in done.stdout
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert (result["requests"], result["concurrency"], result["warmup_requests"]) == (500, 50, 20)
    assert (result["total_tokens"], result["token_source"]) == (16 * 500, "deltas")
    assert result["tpot_p50_ms"] == pytest.approx(20.0, rel=0.1)
    assert result["cost"]["usd_per_1m_tokens"] > 0
