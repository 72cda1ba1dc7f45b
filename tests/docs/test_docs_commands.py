"""What the documentation tells a reader to type exists."""

import re
import shlex
import subprocess
import sys

import pytest

from ragmeter.cli import main
from ragmeter.core.slo import parse_slo
from ragmeter.run.catalog import known
from tests.docs.pages import ROOT, TEXTS, commands

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
OTHERS = {
    "--from-literal": "kubectl create secret",
    "--cluster": "kubectl config set-context",
    "--omit": "iperf3",
    "--duration": "kubectl create token",
    "--token": "kubectl config set-credentials",
    "--user": "kubectl config set-context",
    "--host": "python -m backend",
    "--port": "python -m backend",
    "--kept": "netprobe mesh",
    "--max-model-len": "vllm serve",
    "--otlp-traces-endpoint": "vllm serve",
    "--dist": "pytest-xdist",
    "--no-deps": "pip",
    "--require-hashes": "pip",
    "--check": "ruff format",
    "--aa": "ragmeter compare",
    "--api-price": "ragmeter cost",
    "--calibrate": "ragmeter load",
    "--csv": "ragmeter export",
    "--demand": "ragmeter cost",
    "--offer": "ragmeter cost",
    "--even-if-different": "ragmeter compare",
    "--interleaved": "ragmeter import",
    "--openmetrics": "ragmeter export",
    "--out": "ragmeter import",
    "--interval": "netprobe mesh",
    "--json": "ragmeter render",
    "--jsonl": "ragmeter export",
    "--metric": "ragmeter compare",
    "--min-effect": "ragmeter compare",
    "--of": "ragmeter load",
    "--output": "ragmeter load",
    "--parquet": "ragmeter export",
    "--parts": "netprobe mesh",
    "--phase-every": "ragmeter load",
    "--prices": "ragmeter judge",
    "--prometheus": "ragmeter render",
    "--pushgateway": "ragmeter export",
    "--reference": "ragmeter compare",
    "--save-result": "vllm bench serve",
    "--schema": "ragmeter validate",
    "--set": "ragmeter plan",
    "--shard": "ragmeter load",
    "--slo": "ragmeter judge",
    "--start-at": "ragmeter load",
    "--for": "kubectl wait",
    "--strict": "ragmeter judge",
}
"""Options of other programs, which this test knows and does not check."""


@pytest.fixture(scope="module")
def pytest_options() -> set[str]:
    command = [sys.executable, "-m", "pytest", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return set(OPTION.findall(done.stdout))


def test_every_option_that_is_named_exists(pytest_options: set[str]) -> None:
    for path in TEXTS:
        unknown = set(OPTION.findall(path.read_text(encoding="utf-8"))) - pytest_options - OTHERS.keys()
        assert not unknown, f"{path.relative_to(ROOT)}: {unknown}"


def test_every_ragmeter_command_has_the_options_that_are_typed(capsys: pytest.CaptureFixture[str]) -> None:
    typed = [shlex.split(command) for _, command in commands() if command.startswith("ragmeter ")]
    assert {words[1] for words in typed} >= {
        "compare",
        "cost",
        "export",
        "history",
        "import",
        "judge",
        "providers",
        "render",
        "validate",
        "workloads",
    }
    for words in typed:
        with pytest.raises(SystemExit, match="0"):
            main([words[1], "--help"])
        offered = capsys.readouterr().out
        assert all(word in offered for word in words if word.startswith("--")), words


def test_the_files_of_the_validate_example_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = [command for where, command in commands() if "cli.md" in where and " validate " in command]
    assert main(shlex.split(example)[1:]) == 0


def test_every_provider_and_workload_in_a_command_is_known_or_a_path() -> None:
    named = [
        (kind, name)
        for _, command in commands()
        for kind in ("provider", "workload")
        for name in re.findall(rf"--{kind}[= ](\S+)", command)
    ]
    assert {kind for kind, _ in named} == {"provider", "workload"}
    for kind, name in named:
        assert name in known(kind) or name.startswith("./"), f"--{kind}={name}"


def test_every_slo_in_a_command_can_be_judged() -> None:
    expressions = [found for _, command in commands() for found in re.findall(r"--bench-slo '([^']+)'", command)]
    assert expressions
    for expression in expressions:
        parse_slo(expression, "documentation")


def test_every_tox_environment_that_is_named_exists() -> None:
    settings = (ROOT / "tox.ini").read_text(encoding="utf-8")
    named = {found for path in TEXTS for found in re.findall(r"tox -e (\w+)", path.read_text(encoding="utf-8"))}
    assert named >= {"bench", "tests"}
    assert all(f"[testenv:{name}]" in settings for name in named), named
