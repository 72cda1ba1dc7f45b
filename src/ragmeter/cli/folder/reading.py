"""What lies in a folder: runs, trials of other tools, comparisons, and files that cannot be read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ragmeter.cli.saved import TRIALS_SUFFIX, load, load_side
from ragmeter.clients.files import read_document, schema
from ragmeter.core.codec import decode
from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.compare.imported import ImportedTrials
from ragmeter.core.compare.sides import ImportedRun
from ragmeter.core.errors import ConfigError, RagmeterError
from ragmeter.core.result.result import RunResult
from ragmeter.core.schema import check
from ragmeter.report.words.markup import clean
from ragmeter.run import store

HEAD_CHARS = 200


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder and everything below it. damaged: what could not be read so far, with the reason. Raises ConfigError for
    what is no folder.
    """

    path: Path
    damaged: dict[Path, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.path.is_dir():
            raise ConfigError(f"{self.path}: is not a folder")

    def runs(self) -> Iterator[tuple[Path, RunResult]]:
        """Each run once: from its result, and from its raw record where it has no result that can be read."""
        results = set()
        for path in self._documents("benchmark-output.v1"):
            try:
                yield path, load(path)
                results.add(path)
            except RagmeterError as error:
                self.leave_out(path, error)
        for path in sorted(self.path.rglob(f"*{store.suffix}")):
            if result_beside(path) in results:
                continue
            try:
                yield path, load(path)
            except RagmeterError as error:
                self.leave_out(path, error)

    def trials(self) -> Iterator[tuple[Path, ImportedTrials]]:
        """Results of other tools that `ragmeter import` took over: only a comparison reads them."""
        for path in sorted(self.path.rglob(f"*{TRIALS_SUFFIX}")):
            try:
                side = load_side(path)
            except RagmeterError as error:
                self.leave_out(path, error)
                continue
            if isinstance(side, ImportedRun):
                yield path, side.trials

    def comparisons(self) -> Iterator[tuple[Path, Comparison]]:
        for path in self._documents("comparison.v1"):
            try:
                document = read_document(path)
                check(document, schema("comparison.v1"), str(path))
                yield path, decode(Comparison, document, where=str(path))
            except RagmeterError as error:
                self.leave_out(path, error)

    def within(self, path: Path) -> str:
        """How a file below the folder is called."""
        return path.relative_to(self.path).as_posix()

    def leave_out(self, path: Path, error: RagmeterError) -> None:
        """Note that a file could not be read."""
        self.damaged[path] = clean(str(error) if str(path) in str(error) else f"{path}: {error}")

    def _documents(self, kind: str) -> Iterator[Path]:
        """By the first of its keys. A file that is empty or cannot be opened may be one: its reader says why not."""
        for path in sorted(self.path.rglob("*.json")):
            if path.name.endswith(TRIALS_SUFFIX) or path in self.damaged:
                continue
            try:
                with path.open(encoding="utf-8", errors="replace") as stream:
                    head = stream.read(HEAD_CHARS)
            except OSError:
                head = ""
            if not head.strip() or f'"{kind}"' in head:
                yield path


def result_beside(raw: Path) -> Path:
    """Where the result of a raw record lies."""
    return raw.with_name(f"{raw.name.removesuffix(store.suffix)}.json")


def raw_beside(path: Path) -> Path:
    """The raw record of a run that was read from its result, or from the record itself."""
    return path if path.name.endswith(store.suffix) else path.with_name(f"{path.stem}{store.suffix}")
