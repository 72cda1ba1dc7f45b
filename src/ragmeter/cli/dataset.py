"""``ragmeter dataset import``: published sets of questions as a prompts_file and a folder of documents."""

import argparse
import csv
import io
from importlib import import_module
from pathlib import Path
from typing import Any

from ragmeter.cli.terminal import say
from ragmeter.clients.files import read_document, read_text, write_atomically
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.question_sets import QuestionSet, beir, set_of

PROMPTS, DOCUMENTS = "questions.jsonl", "documents"
TABLES = {".csv": ",", ".tsv": "\t"}
QRELS = ("qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv", "qrels.tsv")
"""Where BEIR sets have their judgements, the first that is there."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("dataset", help="questions and documents of published sets")
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    taken = actions.add_parser(
        "import",
        help="make a prompts_file and documents of a published set",
        description=f"Write {PROMPTS}, a prompts_file with labels, and the folder {DOCUMENTS}, for the service to "
        "ingest. Read are a folder of BEIR, the JSON of SQuAD, HotpotQA and ShareGPT, and tables of questions as CSV, "
        "TSV, JSON, JSON lines or Parquet.",
    )
    taken.add_argument("source", type=Path, metavar="SET", help="a file, or the folder of a BEIR set")
    taken.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder that is new or empty")
    taken.add_argument("--questions", type=int, metavar="N", help="the first N questions alone; all documents are kept")
    taken.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    if options.questions is not None and options.questions < 1:
        raise ConfigError(f"--questions: {options.questions} is not at least 1")
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        raise ConfigError(f"{options.out}: exists, and nothing is written over; name a folder that is new or empty")
    found = read_set(options.source)
    kept = found.questions[: options.questions]
    for name, text in found.documents.items():
        write_atomically(options.out / DOCUMENTS / name, text)
    write_atomically(options.out / PROMPTS, "".join(f"{each.line()}\n" for each in kept))
    labelled = sum(bool(each.relevant) for each in kept)
    say(
        f"{options.out}: {len(kept)} questions of {found.format}, {labelled} labelled, {len(found.documents)} documents"
    )
    return 0


def read_set(path: Path) -> QuestionSet:
    """Raises ConfigError for what is of no known format."""
    if path.is_dir():
        return _beir(path)
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return set_of(_parquet(path), str(path))
    if suffix in TABLES:
        return set_of(_rows(path, TABLES[suffix]), str(path))
    document: Any = read_document(path, infinite=True)
    return set_of(document, str(path))


def _rows(path: Path, delimiter: str) -> list[dict[str, str]]:
    """A table without a head is that of MS MARCO: an id and a question."""
    text = read_text(path)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ConfigError(f"{path}: not a table: {error}") from error
    if delimiter == "\t" and rows and all(len(row) == 2 and row[0].isdecimal() for row in rows if row):
        return [{"query": row[1]} for row in rows if row]
    return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]] if rows else []


def _parquet(path: Path) -> list[dict[str, Any]]:
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigError(f"{path}: needs the package pyarrow: pip install 'ragmeter[parquet]'") from error
    try:
        rows: list[dict[str, Any]] = parquet.ParquetFile(path).read().to_pylist()
    except (OSError, ValueError, NotImplementedError) as error:  # pyarrow's own errors are of these classes
        raise ConfigError(f"{path}: is not a Parquet file that can be read: {error}") from error
    return rows


def _beir(folder: Path) -> QuestionSet:
    judged = next((folder / name for name in QRELS if (folder / name).is_file()), None)
    missing = [name for name in ("corpus.jsonl", "queries.jsonl") if not (folder / name).is_file()]
    if judged is None or missing:
        wanted = [*missing, *([] if judged else [QRELS[0]])]
        raise ConfigError(f"{folder}: is no BEIR set: it has no {', '.join(wanted)}")
    try:
        return beir(
            read_document(folder / "corpus.jsonl"),
            read_document(folder / "queries.jsonl"),
            read_text(judged),
            str(folder),
        )
    except (LookupError, TypeError, AttributeError) as error:
        raise ConfigError(f"{folder}: is not as BEIR is written: {type(error).__name__}: {error}") from error
