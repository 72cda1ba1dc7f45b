"""What a power cut may leave on a disk, at every moment of what a program writes.

The operations of this process below a folder are recorded; after each of them every state is made that a file system
may come back with: what was not fsynced is there or is not, entry by entry of a folder, and the content of a file may
be whole, cut or gone. A file's content counts as kept once the file is fsynced, a name once its folder is.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_LOOSE = 5
"""Entries of one folder of which every subset is tried; of more, all, none, and each one alone."""
Tree = dict[str, "bytes | Tree"]


@dataclass(slots=True, eq=False)
class _Node:
    """A file, or a folder with its entries; what of it is on the disk for certain."""

    is_folder: bool
    content: bytes = b""
    kept_content: bytes = b""
    entries: dict[str, _Node] = field(default_factory=dict)
    kept_entries: dict[str, _Node] = field(default_factory=dict)


class Disk:
    """The files below `root`, from now on. `states` grows with each operation."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._top = _read(root)
        self.operations: list[str] = []
        self.states: dict[str, Tree] = {}

    def done(self, operation: str, apply: Callable[[], None] = lambda: None) -> None:
        """Look at what the operation before has left, and take note of one that follows now."""
        _refresh(self._top, self._root)
        for tree in _trees(self._top):
            self.states.setdefault(repr(tree), tree)
        self.operations.append(operation)
        apply()

    def node(self, path: Path) -> _Node | None:
        node: _Node | None = self._top
        for part in path.relative_to(self._root).parts:
            node = node.entries.get(part) if node is not None else None
        return node

    def holds(self, path: Path) -> bool:
        return path.is_relative_to(self._root)

    def create(self, path: Path, *, is_folder: bool = False) -> None:
        parent = self.node(path.parent)
        if parent is not None and path.name not in parent.entries:
            parent.entries[path.name] = _Node(is_folder)

    def rename(self, source: Path, target: Path) -> None:
        left, right = self.node(source.parent), self.node(target.parent)
        if left is not None and right is not None:
            right.entries[target.name] = left.entries.pop(source.name)

    def remove(self, path: Path) -> None:
        parent = self.node(path.parent)
        if parent is not None:
            parent.entries.pop(path.name, None)

    def keep(self, path: Path) -> None:
        """It was fsynced."""
        node = self.node(path)
        if node is None:
            return
        _refresh(self._top, self._root)
        node.kept_content, node.kept_entries = node.content, dict(node.entries)


def _read(path: Path) -> _Node:
    if not path.is_dir():
        return _Node(False, path.read_bytes(), path.read_bytes())
    entries = {child.name: _read(child) for child in path.iterdir()}
    return _Node(True, entries=entries, kept_entries=dict(entries))


def _refresh(node: _Node, path: Path) -> None:
    if node.is_folder:
        for name, child in node.entries.items():
            _refresh(child, path / name)
    elif path.is_file():
        node.content = path.read_bytes()


def _trees(node: _Node) -> Iterator[Tree]:
    """Every folder that this one may be after a power cut."""
    for entries in _choices(node):
        names = [*entries]
        for inside in itertools.product(*(_contents(entries[name]) for name in names)):
            yield dict(zip(names, inside, strict=True))


def _contents(node: _Node) -> list[bytes | Tree]:
    if node.is_folder:
        return [*_trees(node)]
    if node.content == node.kept_content:
        return [node.content]
    return [node.content, node.kept_content, node.content[: len(node.content) // 2]]


def _choices(node: _Node) -> Iterator[dict[str, _Node]]:
    now, kept = node.entries, node.kept_entries
    loose = [name for name in {**kept, **now} if now.get(name) is not kept.get(name)]
    sizes = range(len(loose) + 1) if len(loose) <= MOST_LOOSE else (0, 1, len(loose))
    for chosen in itertools.chain.from_iterable(itertools.combinations(loose, size) for size in sizes):
        picked = {name: (now if name in chosen or name not in loose else kept).get(name) for name in {**kept, **now}}
        yield {name: child for name, child in picked.items() if child is not None}


def put(tree: Tree, folder: Path) -> None:
    """Make a state on a real disk."""
    folder.mkdir()
    for name, inside in tree.items():
        if isinstance(inside, bytes):
            (folder / name).write_bytes(inside)
        else:
            put(inside, folder / name)


_watched: list[Disk] = []
_installed: list[bool] = []


@contextmanager
def recorded(root: Path) -> Iterator[Disk]:
    """Within, what this process does below the folder is recorded; fsync, too."""
    if not _installed:
        sys.addaudithook(_hook)  # it cannot be taken away
        _installed.append(True)
    disk, fsync = Disk(root), os.fsync

    def keeping(fd: Any) -> None:
        path = Path(f"/proc/self/fd/{fd}").readlink()
        fsync(fd)
        if disk.holds(path):
            disk.done(f"fsync {path.relative_to(root)}", lambda: disk.keep(path))

    os.fsync = keeping
    _watched.append(disk)
    try:
        yield disk
    finally:
        _watched.remove(disk)
        os.fsync = fsync
        disk.done("the end")


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for disk in _watched:
        _note(disk, event, arguments)


def _note(disk: Disk, event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str) and arguments[2] & os.O_CREAT:
        _tell(disk, "create", Path(arguments[0]), disk.create)
    elif event == "os.mkdir":
        _tell(disk, "mkdir", Path(arguments[0]), lambda path: disk.create(path, is_folder=True))
    elif event == "os.rename":
        source = Path(arguments[0])
        _tell(disk, f"rename {source.name} to", Path(arguments[1]), lambda path: disk.rename(source, path))
    elif event in {"os.remove", "os.rmdir"}:
        at = arguments[1]
        parent = Path(f"/proc/self/fd/{at}").readlink() if at not in {-1, None} else Path()
        _tell(disk, event, parent / arguments[0], disk.remove)


def _tell(disk: Disk, what: str, path: Path, apply: Callable[[Path], None]) -> None:
    if disk.holds(path):
        disk.done(f"{what} {path}", lambda: apply(path))
