"""The raw record of a run: one JSON object a line, written as the samples come.

The first line is the plan, then one line a request, one for each reading of a server's metrics, and one for each part
of the run as it ends; the last line says how the run ended. An east-west probe that was made after the plan has a line
of its own, too, and so have the tests of the session that failed on the run, when it has ended. A run that was killed
has no ending and still has every finished request.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Self, TypeVar

from ragmeter.core.codec import decode, to_json
from ragmeter.core.errors import SchemaError, StorageError
from ragmeter.core.figures.observe.records import Reading
from ragmeter.core.netprobe.document import ProbeReference
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.result.failures import FailedTest
from ragmeter.core.run.plan import Part, RunEnding, RunPlan
from ragmeter.core.run.probes import with_probe

suffix = ".raw.jsonl"
R = TypeVar("R")


class SampleLog:
    """Appends to a raw record. A failed write never loses a sample: see `close`. A context manager that closes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._failure: OSError | None = None
        self._lines: list[str] = []
        self._stream: IO[str] | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("x", encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{path}: cannot keep samples there: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def failure(self) -> str | None:
        """Why writing stopped, if it did."""
        return None if self._failure is None else self._failure.strerror or str(self._failure)

    def plan(self, plan: RunPlan) -> None:
        """Write the first line."""
        self._append(f'{{"plan":{to_json(plan)}}}\n')

    def sample(self, sample: RequestSample) -> None:
        """Write one request. After it returns, the death of this process does not lose it."""
        self._append(f'{{"sample":{to_json(sample)}}}\n')

    def part(self, part: Part) -> None:
        """Write that a part of the run has ended."""
        self._append(f'{{"part":{to_json(part)}}}\n')

    def ending(self, ending: RunEnding) -> None:
        """Write how the run ended. Its readings have lines of their own."""
        self._append(f'{{"ending":{to_json(replace(ending, readings=()))}}}\n')

    def reading(self, reading: Reading) -> None:
        """Write one reading of a server's metrics."""
        self._append(f'{{"reading":{to_json(reading)}}}\n')

    def probe(self, reference: ProbeReference) -> None:
        """Write which east-west probe the run refers to, instead of the one of its plan."""
        self._append(f'{{"probe":{to_json(reference)}}}\n')

    def run(self, plan: RunPlan, samples: Sequence[RequestSample], ending: RunEnding) -> None:
        """Write a whole run that was recorded elsewhere."""
        self.plan(plan)
        for sample in samples:
            self.sample(sample)
        for reading in ending.readings:
            self.reading(reading)
        self.ending(ending)

    def _append(self, line: str) -> None:
        self._lines.append(line)
        if self._stream is None or self._failure is not None:
            return
        try:
            self._stream.write(line)
            self._stream.flush()
        except OSError as error:
            self._failure = error

    def close(self) -> Path:
        """Where the whole record is.

        When a write failed, all lines are written to a new folder for temporary files. Raises StorageError when that
        fails, too.
        """
        if self._stream is not None:
            try:
                self._stream.close()
            except OSError as error:
                self._failure = self._failure or error
            self._stream = None
        if self._failure is None:
            return self.path
        try:
            rescued = Path(tempfile.mkdtemp(prefix="ragmeter-rescued-")) / self.path.name
            rescued.write_text("".join(self._lines), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{self.path}: {self.failure}; and no temporary file either: {error}") from error
        self.path = rescued
        return rescued


def note_tests(path: Path, failed: Sequence[FailedTest]) -> None:
    """Write at the end of a raw record which tests of its session have failed on it. Raises StorageError."""
    line = f'{{"failed_tests":[{",".join(map(to_json, failed))}]}}\n'
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(line)
    except OSError as error:
        raise StorageError(f"{path}: cannot keep which tests failed: {error.strerror or error}") from error


def read_tests(path: Path) -> tuple[FailedTest, ...] | None:
    """The tests that have failed on the run of a raw record; None where it does not say: it was written before this was
    kept, its session has not ended, or it has none. Raises StorageError or SchemaError.
    """
    found = _last(_documents(_text(path), str(path)), "failed_tests")
    if found is None:
        return None
    tests = found if isinstance(found, list) else [found]
    return tuple(decode(FailedTest, test, where=f"{path}: failed_tests") for test in tests)


def without_samples(plan: RunPlan) -> str:
    """The record of a run of which only the plan counts."""
    return f'{{"plan":{to_json(plan)}}}\n{{"ending":{to_json(RunEnding(status="complete"))}}}\n'


def read(path: Path) -> tuple[RunPlan, tuple[RequestSample, ...], RunEnding]:
    """A raw record. A last line that was cut by a crash is left out; so is a missing ending, which means interrupted.

    Raises StorageError if the file cannot be read and SchemaError if it is not a raw record.
    """
    return parsed(_text(path), str(path))


def parsed(text: str, where: str) -> tuple[RunPlan, tuple[RequestSample, ...], RunEnding]:
    """As `read`, of the text of a raw record that is called `where`."""
    documents = _documents(text, where)
    plan = _probed(_plan(documents[0], where), documents, where)
    return plan, _all(RequestSample, "sample", documents, where), _ending(documents, where)


def read_plan(path: Path) -> RunPlan:
    """The plan of a raw record alone. Raises StorageError or SchemaError."""
    try:
        with path.open(encoding="utf-8") as stream:
            return _plan(_document(stream.readline(), f"{path}:1", last=True), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path}: {_reason(error)}") from error


def _documents(text: str, where: str) -> list[dict[str, object] | None]:
    """Of each line; None for a last one that was cut."""
    lines = text.removesuffix("\n").split("\n")
    return [_document(line, f"{where}:{i}", last=i == len(lines)) for i, line in enumerate(lines, start=1)]


def _plan(first: dict[str, object] | None, where: str) -> RunPlan:
    if not first or "plan" not in first:
        raise SchemaError(f"{where}: is not a raw record of a run: its first line has no plan")
    return decode(RunPlan, first["plan"], where=f"{where}:1")


def _probed(plan: RunPlan, documents: Sequence[dict[str, object] | None], where: str) -> RunPlan:
    found = _last(documents, "probe")
    return plan if found is None else with_probe(plan, decode(ProbeReference, found, where=f"{where}: probe"))


def _last(documents: Sequence[dict[str, object] | None], kind: str) -> object | None:
    return next((document[kind] for document in reversed(documents) if document and kind in document), None)


def _document(line: str, where: str, *, last: bool) -> dict[str, object] | None:
    try:
        document = json.loads(line)
    except ValueError as error:
        if last:
            return None
        raise SchemaError(f"{where}: not JSON: {error}") from error
    if not isinstance(document, dict):
        raise SchemaError(f"{where}: not a JSON object")
    return document


def _ending(documents: Sequence[dict[str, object] | None], where: str) -> RunEnding:
    readings = _all(Reading, "reading", documents, where)
    said = _last(documents, "ending")
    if said is not None:
        return replace(decode(RunEnding, said, where=f"{where}: ending"), readings=readings)
    parts = _all(Part, "part", documents, where)
    reason = "the run ended without a word: its process was killed"
    return RunEnding(status="interrupted", reason=reason, parts=parts, readings=readings)


def _all(record: type[R], kind: str, documents: Sequence[dict[str, object] | None], where: str) -> tuple[R, ...]:
    """The records of every line of this kind."""
    return tuple(
        decode(record, document[kind], where=f"{where}:{i}")
        for i, document in enumerate(documents, start=1)
        if document and kind in document
    )
