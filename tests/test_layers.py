"""The layers of ARCHITECTURE.md, read from the imports: who may know whom."""

import ast
import importlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "ragmeter"

ALLOWED = {
    "jobs": {"jobs"},
    "core": {"core", "jobs"},
    "clients": {"clients", "core", "jobs"},
    "run": {"run", "clients", "core", "jobs"},
    "report": {"report", "core"},
    "testing": {"testing", "core"},
    "cli": {"cli", "_pytest", "run", "report", "clients", "core"},  # `ragmeter run --help` shows the plugin's options
    "_pytest": {"_pytest", "run", "report", "clients", "core", "jobs"},
}
"""What a module of a layer may import of ragmeter. ``ragmeter`` itself holds the version and nothing else."""

FLOORS: dict[str, tuple[str, ...]] = {
    "core": (
        "errors setting codec formatting schema urls",
        "stats requests",
        "inputs figures",
        "schedule netprobe money client",
        "run",
        "verdicts cluster",
        "compare",
        "result campaign",
    ),
    "clients": (
        "connection files notation polling tokenizer",
        "tokens",
        "links answers observe kube pushgateway forge chat",
        "capture",
        "http",
        "plugins",
    ),
    "run": ("plan store load", "processes", "local session questions", "cluster", "engine"),
    "report": ("words", "text html markdown prometheus rows tables jsonfile"),
    "_pytest": ("options", "session", "measuring", "hooks"),
}
"""The parts of each layer, from the ground up: a part imports of its layer what stands on its own floor or below."""

MOST_SIBLINGS, MOST_LINES = 20, 400


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


def test_the_page_shows_the_floors() -> None:
    shown: dict[str, list[set[str]]] = {layer: [] for layer in FLOORS}
    for layer, floor, parts in rows_of_three(ROOT / "ARCHITECTURE.md"):
        shown[layer].append(set(re.sub(r" \([^)]*\)", "", parts).split(", ")))
        assert int(floor) == len(shown[layer])
    assert shown == {layer: [set(floor.split()) for floor in floors] for layer, floors in FLOORS.items()}


def rows_of_three(path: Path) -> list[tuple[str, str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [match.groups() for line in lines if (match := re.fullmatch(r"\| `(\w+)` \| (\d) \| (.+) \|", line))]  # type: ignore[misc]


def part_of(name: str) -> str:
    """``ragmeter.core.stats.estimate`` is of the part ``stats``."""
    return [*name.split("."), "", ""][2]


def arrows(layer: str) -> set[tuple[str, str]]:
    """(part, part that it imports), within a layer."""
    found = set()
    for path in modules(PACKAGE / layer):
        mine = path.relative_to(PACKAGE / layer).with_suffix("").parts[0]
        named = (part_of(name) for name in imports(path) if name.startswith(f"ragmeter.{layer}."))
        found |= {(mine, part) for part in named if part != mine}
    return found


@pytest.mark.parametrize("layer", FLOORS)
def test_each_part_of_a_layer_stands_on_its_floor(layer: str) -> None:
    floor = {part: number for number, parts in enumerate(FLOORS[layer]) for part in parts.split()}
    there = {path.relative_to(PACKAGE / layer).with_suffix("").parts[0] for path in modules(PACKAGE / layer)}
    assert there - {"__init__"} == set(floor)
    assert not {(a, b) for a, b in arrows(layer) if floor[b] > floor[a]}


@pytest.mark.parametrize("layer", FLOORS)
def test_parts_have_no_circle(layer: str) -> None:
    below = {part: {b for a, b in arrows(layer) if a == part} for part in " ".join(FLOORS[layer]).split()}
    while free := {part for part, others in below.items() if not others & set(below)}:
        below = {part: others for part, others in below.items() if part not in free}
    assert not below


@pytest.mark.parametrize(
    "folder", [PACKAGE, ROOT / "backend", ROOT / "bench", ROOT / "netprobe"], ids=lambda at: at.name
)
def test_folders_can_be_looked_over(folder: Path) -> None:
    for at in {path.parent for path in modules(folder)}:
        siblings = [path for path in at.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
        assert len(siblings) <= MOST_SIBLINGS + 1, at
    for path in modules(folder):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES, path


def test_folders_of_tests_can_be_looked_over() -> None:
    """A folder for each part is what the tests have of the library, so files alone are counted."""
    files = modules(ROOT / "tests")
    for at in {path.parent for path in files}:
        assert len([*at.glob("*.py")]) <= MOST_SIBLINGS, at
    for path in files:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES, path
    stems = Counter(path.stem for path in files if path.stem.startswith(("test_", "with_")))
    assert [stem for stem, times in stems.items() if times > 1] == []


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
        assert all(name.startswith(("ragmeter.typing", "ragmeter.core.requests.records")) for name in named), path


def test_backend_shares_jobs_and_version_with_the_library_and_finds_itself_wherever_it_lies() -> None:
    for path in modules(ROOT / "backend"):
        assert not {name.split(".")[0] for name in imports(path)} & {"backend", "bench", "tests"}, path
        assert layers_of(path) <= {"jobs"}, path


def test_library_knows_neither_suite_nor_backend_nor_tests() -> None:
    for path in modules(PACKAGE):
        assert not {name.split(".")[0] for name in imports(path)} & {"backend", "bench", "tests"}, path


MENTIONED = re.compile(r"`(?:ragmeter\.)?((?:_pytest|cli|clients|core|report|run|testing)(?:\.\w+)+)`")
"""A name of ours in a docstring or a comment."""


@pytest.mark.parametrize("layer", ALLOWED)
def test_what_a_docstring_refers_to_is_there(layer: str) -> None:
    """A module that moves takes the references to it along."""
    texts = {path: path.read_text(encoding="utf-8") for path in modules(PACKAGE / layer)}
    assert not [(path, name) for path, text in texts.items() for name in MENTIONED.findall(text) if not is_there(name)]


def is_there(name: str) -> bool:
    """Whether ``core.stats.estimate.Estimate`` is a module, or something that one has."""
    parts = ["ragmeter", *name.split(".")]
    for length in range(len(parts), 1, -1):
        with suppress(ImportError):
            found = importlib.import_module(".".join(parts[:length]))
            return all(hasattr(found, part) for part in parts[length : length + 1])
    return False


HEAVY = (
    "numpy", "jmespath", "jsonschema", "httpx", "pydantic", "kubernetes", "yaml", "prometheus_client", "uvloop",
    "httptools",
)  # fmt: skip


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
