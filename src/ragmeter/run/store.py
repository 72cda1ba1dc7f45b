"""The raw record of a run: one JSON object a line, written as the samples come.

The first line is the plan, then one line a request, one for each reading of a server's metrics, one for the spans of
each request, and one for each part of the run as it ends; the last line says how the run ended. An east-west probe that
was made after the plan has a line of its own, too, and so have the tests of the session that failed on the run, when it
has ended. A run that was killed has no ending and still has every finished request.
"""

import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Self, TypeAlias, TypeVar

from ragmeter.core.codec import decode, decode_json, to_json
from ragmeter.core.errors import SchemaError, StorageError
from ragmeter.core.figures.observe.records import Reading
from ragmeter.core.figures.spans.joined import with_spans
from ragmeter.core.figures.spans.records import Trace
from ragmeter.core.netprobe.document import ProbeReference
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.result.failures import FailedTest
from ragmeter.core.run.plan import Part, RunEnding, RunPlan
from ragmeter.core.run.probes import with_probe

suffix = ".raw.jsonl"
_SAMPLE: Final = b'{"sample":'
"""How the line of a request begins, as it is written."""
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
        """Write how the run ended. Its readings and traces have lines of their own."""
        self._append(f'{{"ending":{to_json(replace(ending, readings=(), traces=()))}}}\n')

    def reading(self, reading: Reading) -> None:
        """Write one reading of a server's metrics."""
        self._append(f'{{"reading":{to_json(reading)}}}\n')

    def trace(self, trace: Trace) -> None:
        """Write the spans of one request."""
        self._append(f'{{"trace":{to_json(trace)}}}\n')

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
        for trace in ending.traces:
            self.trace(trace)
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
    with _opened(path) as lines:
        others = [line for line in _numbered(lines) if not line.text.startswith(_SAMPLE)]
        found = _last([(line.number, _document(line, str(path))) for line in others], "failed_tests")
    if found is None:
        return None
    tests = found if isinstance(found, list) else [found]
    return tuple(decode(FailedTest, test, where=f"{path}: failed_tests") for test in tests)


def without_samples(plan: RunPlan) -> str:
    """The record of a run of which only the plan counts."""
    return f'{{"plan":{to_json(plan)}}}\n{{"ending":{to_json(RunEnding(status="complete"))}}}\n'


def read(path: Path) -> tuple[RunPlan, tuple[RequestSample, ...], RunEnding]:
    """A raw record, its requests with what their spans tell. A last line that was cut by a crash is left out; so is a
    missing ending, which means interrupted.

    Raises StorageError if the file cannot be read and SchemaError if it is not a raw record.
    """
    with _opened(path) as lines:
        return _parsed(lines, str(path))


def parsed(text: str, where: str) -> tuple[RunPlan, tuple[RequestSample, ...], RunEnding]:
    """As `read`, of the text of a raw record that is called `where`."""
    return _parsed(io.BytesIO(text.encode()), where)


def read_plan(path: Path) -> RunPlan:
    """The plan of a raw record alone. Raises StorageError or SchemaError."""
    with _opened(path) as lines:
        return _plan(_document(_Line(1, lines.readline(), is_last=True), str(path)), str(path))


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Raises StorageError for a file that cannot be read, and for one whose lines turn out to be no text."""
    try:
        with path.open("rb") as lines:
            yield lines
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


class _Line(NamedTuple):
    number: int
    text: bytes
    is_last: bool


def _numbered(lines: Iterable[bytes]) -> Iterator[_Line]:
    number, held = 0, None
    for number, text in enumerate(lines, start=1):
        if held is not None:
            yield _Line(number - 1, held, is_last=False)
        held = text
    if held is not None:
        yield _Line(number, held, is_last=True)


_Documents: TypeAlias = Sequence[tuple[int, Mapping[str, Any] | None]]
"""What is not of a request, each with the number of its line; None for a last line that was cut."""


def _parsed(lines: Iterable[bytes], where: str) -> tuple[RunPlan, tuple[RequestSample, ...], RunEnding]:
    rest = _numbered(lines)
    first = next(rest, None)
    plan = _plan(None if first is None else _document(first, where), where)
    samples: list[RequestSample] = []
    documents: list[tuple[int, Mapping[str, Any] | None]] = []
    for line in rest:
        sample = _whole_sample(line.text)
        if sample is None:
            document = _document(line, where)
            if document and "sample" in document:
                sample = decode(RequestSample, document["sample"], where=f"{where}:{line.number}")
            else:
                documents.append((line.number, document))
        if sample is not None:
            samples.append(sample)
    ending = _ending(documents, where)
    return _probed(plan, documents, where), with_spans(samples, ending.traces), ending


def _whole_sample(text: bytes) -> RequestSample | None:
    """Straight from the bytes, as most lines are; None for any other line, and for one that has a fault."""
    whole = text.rstrip()
    if not (whole.startswith(_SAMPLE) and whole.endswith(b"}")):
        return None
    try:
        return decode_json(RequestSample, whole[len(_SAMPLE) : -1])
    except ValueError:
        return None


def _plan(first: Mapping[str, Any] | None, where: str) -> RunPlan:
    if not first or "plan" not in first:
        raise SchemaError(f"{where}: is not a raw record of a run: its first line has no plan")
    return decode(RunPlan, first["plan"], where=f"{where}:1")


def _probed(plan: RunPlan, documents: _Documents, where: str) -> RunPlan:
    found = _last(documents, "probe")
    return plan if found is None else with_probe(plan, decode(ProbeReference, found, where=f"{where}: probe"))


def _last(documents: _Documents, kind: str) -> Any:
    return next((document[kind] for _, document in reversed(documents) if document and kind in document), None)


def _document(line: _Line, where: str) -> Mapping[str, Any] | None:
    try:
        document = json.loads(line.text.decode())
    except UnicodeDecodeError:
        raise
    except ValueError as error:
        if line.is_last:
            return None
        raise SchemaError(f"{where}:{line.number}: not JSON: {error}") from error
    if not isinstance(document, dict):
        raise SchemaError(f"{where}:{line.number}: not a JSON object")
    return document


def _ending(documents: _Documents, where: str) -> RunEnding:
    readings, traces = _all(Reading, "reading", documents, where), _all(Trace, "trace", documents, where)
    said = _last(documents, "ending")
    if said is not None:
        return replace(decode(RunEnding, said, where=f"{where}: ending"), readings=readings, traces=traces)
    parts = _all(Part, "part", documents, where)
    reason = "the run ended without a word: its process was killed"
    return RunEnding(status="interrupted", reason=reason, parts=parts, readings=readings, traces=traces)


def _all(record: type[R], kind: str, documents: _Documents, where: str) -> tuple[R, ...]:
    """The records of every line of this kind."""
    return tuple(
        decode(record, document[kind], where=f"{where}:{number}")
        for number, document in documents
        if document and kind in document
    )
