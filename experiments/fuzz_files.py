"""Damaged files of other people, given to every reader: a value or a sentence, and how long the slowest took.

    python -m experiments.fuzz_files [--seed N] [--count N]

Each file is cut, doubled, swapped in places or filled with what breaks parsers. What a reader raises beside its own
errors is printed with the seed that shows it, and the exit status is 1; so it is when memory grew beyond a limit.
"""

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.errors import ServiceError
from backend.ingest.loaders import FileLimits, load
from ragmeter.cli.dataset import read_set
from ragmeter.clients.files import read_document
from ragmeter.core.compare.importers.known import importer_of, readings_of
from ragmeter.core.errors import RagmeterError
from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.core.inputs.traces import trace_of
from ragmeter.run.plan import catalog
from tests.backend.documents import make_pdf
from tests.clients.answers.golden import NAMES, STREAMS, dialect_of, expectation, sample_of

ROOT = Path(__file__).parents[1]
FOREIGN = ROOT / "tests" / "core" / "compare" / "foreign"
MEMORY_MIB = 256
"""By which the peak may grow while every reader has its files."""
LIMITS = FileLimits(pages=200, unpacked_bytes=1 << 24)
POISON = (
    *(
        b"NaN",
        b"1e999",
        b"-1",
        b"0",
        b"null",
        b"{}",
        b"[]",
        b'""',
        b"9" * 400,
        b"[" * 300,
        b"{" * 300,
        b"\x00",
        b"\xff",
    ),
    *(
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"&a *a",
        b"<<: *a",
        b"010",
        b"1:30",
        b"!!bool x",
        b"\n---\n",
        b"\t",
        b"```",
        b"<td>",
    ),
)


@dataclass(frozen=True, slots=True)
class Reader:
    """name: of the file, whose suffix says what it is. read: raises RagmeterError, ServiceError, or ValueError where a
    sentence is made of it.
    """

    kind: str
    name: str
    whole: bytes
    read: Callable[[Path], object]


def readers() -> Iterator[Reader]:
    """One for each file that the repository has of a kind."""
    for path in sorted(FOREIGN.iterdir()):
        if path.suffix in (".json", ".jsonl") and path.name != "sources.json":
            yield Reader("result", path.name, path.read_bytes(), _result)
    for path in sorted((ROOT / "workloads").glob("*.yaml")):
        yield Reader("manifest", path.name, path.read_bytes(), lambda at: catalog.load_workload(str(at)))
    for path in sorted((ROOT / "fixtures" / "providers").glob("*.yaml")):
        whole = path.read_bytes()
        yield Reader("provider", path.name, whole, lambda at: catalog.load_provider(str(at), environment={}))
    trace = b"".join(b'{"timestamp": %d, "input_length": 52, "output_length": 13}\n' % (at * 61) for at in range(40))
    yield Reader("trace", "t.jsonl", trace, lambda at: trace_of(_text(at), path=str(at)))
    table = b"TIMESTAMP,ContextTokens,GeneratedTokens\n" + b"2023-11-16 18:17:03.9799600,4808,10\n" * 20
    yield Reader("trace", "t.csv", table, lambda at: trace_of(_text(at), path=str(at)))
    questions = (ROOT / "fixtures" / "docsets" / "default" / "questions.jsonl").read_bytes()[:20_000]
    yield Reader("questions", "q.jsonl", questions, lambda at: prompts_of(_text(at), path=str(at)))
    squad = {"data": [{"title": "T", "paragraphs": [{"context": "c", "qas": [{"question": "Q?", "id": "1"}] * 9}]}]}
    yield Reader("set", "s.json", json.dumps(squad).encode(), read_set)
    yield Reader("set", "s.csv", b'question,answer\n"a, b",c\n' * 20, read_set)
    page = b"<main><h1>T</h1><table><tr><td>a</td><td>b</td></tr></table><p>text</p></main>" * 20
    documents = {
        "d.html": page,
        "d.md": (ROOT / "README.md").read_bytes(),
        "d.docx": _docx(),
        "d.pdf": make_pdf("Text"),
    }
    for name, whole in documents.items():
        yield Reader("document", name, whole, lambda at: load(at.name, at.read_bytes(), LIMITS))
    for name in NAMES:
        yield Reader("stream", f"{name}.sse", (STREAMS / f"{name}.sse").read_bytes(), _stream)


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """The file after one to six accidents."""
    found = bytearray(whole)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(found) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            del found[at:]
        elif kind == 1:
            del found[at : at + chance.randint(1, 40)]
        elif kind == 2:
            found[at:at] = found[at : at + chance.randint(1, 400)] * chance.randint(1, 5)
        elif kind == 3 and at < len(found):
            found[at] = chance.randrange(256)
        else:
            found[at : at + chance.randint(0, 8)] = chance.choice(POISON)
    return bytes(found)


def tried(reader: Reader, seed: int, count: int, folder: Path) -> tuple[list[str], float]:
    """What it raised that it must not, and the most seconds that it took for a file."""
    chance = random.Random(f"{seed} {reader.name}")
    faults, slowest = [], 0.0
    path = folder / reader.name
    for number in range(count):
        path.write_bytes(damaged(reader.whole, chance))
        started = time.perf_counter()
        try:
            reader.read(path)
        except (RagmeterError, ServiceError):
            pass
        except Exception as error:
            faults.append(f"{reader.kind} {reader.name}, seed {seed}, file {number}: {type(error).__name__}: {error}")
        slowest = max(slowest, time.perf_counter() - started)
    return faults, slowest


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300, help="files of each reader (default %(default)s)")
    options = parser.parse_args(arguments)
    faults, before_mib = [], _peak_mib()
    with tempfile.TemporaryDirectory() as folder:
        for reader in readers():
            found, slowest = tried(reader, options.seed, options.count, Path(folder))
            faults += found
            sys.stdout.write(
                f"{reader.kind:10} {reader.name:44} {len(reader.whole):7} bytes, slowest {slowest * 1e3:6.0f} ms, "
                f"{len(found)} faults\n"
            )
    peak_mib = _peak_mib()
    if peak_mib - before_mib > MEMORY_MIB:
        faults.append(f"memory grew by {peak_mib - before_mib:.0f} MiB, more than {MEMORY_MIB} MiB")
    sys.stdout.writelines(f"{line}\n" for line in [*faults[:20], f"{len(faults)} faults, peak {peak_mib:.0f} MiB"])
    return int(bool(faults))


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _result(path: Path) -> object:
    """As `ragmeter import`, which makes a sentence of a ValueError."""
    document = read_document(path, infinite=True)
    importer = importer_of(document)
    try:
        return readings_of(importer, document) if importer is not None else None
    except ValueError as error:
        return str(error)


def _stream(path: Path) -> object:
    """As the client reads an answer, in small pieces."""
    return sample_of(path.read_bytes(), dialect_of(expectation(path.stem)["dialect"]), size=64)


def _text(path: Path) -> str:
    from ragmeter.clients.files import read_text

    return read_text(path)


def _docx() -> bytes:
    import io

    import docx

    document, packed = docx.Document(), io.BytesIO()
    document.add_heading("Title", 1)
    document.add_paragraph("Text")
    document.add_table(2, 2).cell(0, 0).text = "cell"
    document.save(packed)
    return packed.getvalue()


if __name__ == "__main__":
    sys.exit(main())
