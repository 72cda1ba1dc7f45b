"""The subpackages of the backend in their order, read from its imports: which part may know which."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[1] / "backend"

ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "strict_json": set(),
    "parsing": {"strict_json"},
    "environment": {"errors"},
    "settings": {"environment", "errors", "parsing"},
    "bodies": {"errors", "parsing"},
    "telemetry": {"errors", "settings"},
    "retrieval": {"errors", "parsing", "settings", "strict_json"},
    "llm": {"errors", "settings", "strict_json"},
    "ingest": {"errors", "parsing", "settings", "bodies", "retrieval"},
    "query": {"errors", "settings", "bodies", "telemetry", "retrieval", "llm"},
    "benchmarks": {"errors", "settings", "bodies"},
    "service": {"errors", "settings", "telemetry", "retrieval", "llm", "ingest", "query", "benchmarks"},
    "http": {
        "errors", "parsing", "settings", "bodies", "telemetry", "retrieval", "llm", "ingest", "query", "benchmarks",
        "service", "strict_json",
    },
    "__main__": {"errors", "settings", "telemetry", "service", "http"},
}  # fmt: skip
"""Part, a folder or a module beside the folders: the other parts that it may import."""

MAX_SIBLINGS = 20


def part_of(path: Path) -> str:
    return path.relative_to(BACKEND).with_suffix("").parts[0]


def modules() -> list[Path]:
    return sorted(path for path in BACKEND.rglob("*.py") if path != BACKEND / "__init__.py")


def imported_files(path: Path) -> Iterator[Path]:
    """Every module of the backend that a file imports anywhere, also within functions and for type checkers only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            yield from (_file(base / alias.name) or _file(base) or base for alias in node.names)


def _file(path: Path) -> Path | None:
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imported_parts(path: Path) -> set[str]:
    """The root itself holds the version and nothing else."""
    return {part_of(file) for file in imported_files(path)} - {part_of(path), "__init__"}


def test_every_part_has_its_place_in_the_order() -> None:
    assert {part_of(path) for path in modules()} == set(ALLOWED)


def test_the_order_of_the_parts_has_no_circle() -> None:
    assert len(tuple(TopologicalSorter(ALLOWED).static_order())) == len(ALLOWED)


@pytest.mark.parametrize("part", ALLOWED)
def test_part_imports_only_what_lies_below_and_no_less(part: str) -> None:
    imported = [imported_parts(path) for path in modules() if part_of(path) == part]
    assert set().union(*imported) == ALLOWED[part]


def test_no_two_modules_import_each_other() -> None:
    arrows = {path: set(imported_files(path)) for path in modules()}
    assert tuple(TopologicalSorter(arrows).static_order())


def test_no_folder_is_a_heap() -> None:
    for folder in {path.parent for path in modules()}:
        siblings = [entry for entry in folder.iterdir() if entry.name != "__pycache__"]
        assert len(siblings) <= MAX_SIBLINGS, folder


def test_spans_are_made_of_a_record_and_not_of_the_pipeline() -> None:
    assert "query" not in imported_parts(BACKEND / "telemetry" / "tracing.py")
