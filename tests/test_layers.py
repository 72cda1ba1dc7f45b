"""The layers of ARCHITECTURE.md, read from the imports: who may know whom."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "ragmeter"

ALLOWED = {
    "core": {"core"},
    "clients": {"clients", "core"},
    "run": {"run", "clients", "core"},
    "report": {"report", "core"},
    "testing": {"testing", "core"},
    "cli": {"cli", "run", "report", "clients", "core"},
    "_pytest": {"_pytest", "run", "report", "clients", "core"},
}
"""What a module of a layer may import of ragmeter. ``ragmeter`` itself holds the version and nothing else."""


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports anywhere, also within functions and for type checkers only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def layers_of(path: Path) -> set[str]:
    """The parts of ragmeter that a file imports: folders, and modules that stand beside them."""
    parts = [name.split(".") for name in imports(path) if name.startswith("ragmeter.")]
    return {part[1] for part in parts if part[1] != "__version__"}


def test_every_folder_is_a_layer() -> None:
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in modules(PACKAGE) if path.parent != PACKAGE}
    assert folders == set(ALLOWED)


@pytest.mark.parametrize("layer", ALLOWED)
def test_layer_imports_only_what_lies_below(layer: str) -> None:
    for path in modules(PACKAGE / layer):
        assert layers_of(path) <= ALLOWED[layer], path


@pytest.mark.parametrize("layer", ["core", "clients", "run", "report", "testing"])
def test_pytest_is_known_to_the_plugin_alone(layer: str) -> None:
    for path in modules(PACKAGE / layer):
        assert not [name for name in imports(path) if name.split(".")[0] in {"pytest", "_pytest"}], path


def test_core_has_no_clock_file_network_or_environment() -> None:
    outside = {"os", "time", "socket", "subprocess", "asyncio", "pathlib", "random", "httpx", "tempfile", "sys"}
    for path in modules(PACKAGE / "core"):
        assert not outside & {name.split(".")[0] for name in imports(path)}, path


def test_no_module_imports_relatively_in_the_library() -> None:
    for path in modules(PACKAGE):
        assert not [name for name in imports(path) if name.startswith(".")], path


def test_suite_knows_types_and_records_only() -> None:
    for path in modules(ROOT / "bench"):
        named = {name for name in imports(path) if name.startswith("ragmeter")}
        assert all(name.startswith(("ragmeter.typing", "ragmeter.core.records")) for name in named), path


def test_backend_shares_nothing_with_the_library_and_finds_itself_wherever_it_lies() -> None:
    for path in modules(ROOT / "backend"):
        roots = {name.split(".")[0] for name in imports(path)}
        assert not roots & {"ragmeter", "backend", "bench", "tests"}, path


def test_library_knows_neither_suite_nor_backend_nor_tests() -> None:
    for path in modules(PACKAGE):
        assert not {name.split(".")[0] for name in imports(path)} & {"backend", "bench", "tests"}, path


HEAVY = ("numpy", "jsonschema", "httpx", "pydantic", "kubernetes", "yaml", "prometheus_client", "uvloop", "httptools")


def test_start_of_pytest_imports_nothing_heavy(tmp_path: Path) -> None:
    """Every pytest run in an environment with ragmeter pays for it."""
    (tmp_path / "test_plain.py").write_text("def test_plain(): pass\n")
    program = (
        f"import sys; sys.path[:0] = [{str(PACKAGE.parent)!r}]; import pytest\n"
        "assert pytest.main(['-q', '-p', 'ragmeter.plugin']) == 0\n"
        f"sys.exit(repr([name for name in {HEAVY!r} if name in sys.modules]))\n"
    )
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-c", program]
    ended = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60
    )
    assert ended.stderr.strip().splitlines()[-1] == "[]", ended.stdout
