"""Saved runs: raw records and results."""

from pathlib import Path

from ragmeter.clients.files import read_document, read_text, schema, sha256_of
from ragmeter.core.codec import decode
from ragmeter.core.errors import ConfigError
from ragmeter.core.imported import ImportedTrials
from ragmeter.core.result import RunResult
from ragmeter.core.schema import check
from ragmeter.core.sides import ImportedRun, SavedRun
from ragmeter.report.document import result_of
from ragmeter.report.jsonfile import load_result
from ragmeter.run import store

TRIALS_SUFFIX = ".trials.json"


def load_raw(path: Path) -> SavedRun:
    """Raises ConfigError for a result: it has no requests to compute from."""
    if not path.name.endswith(store.suffix):
        raise ConfigError(f"{path}: needs the requests of a run: name its raw record, a file ending in {store.suffix}")
    plan, samples, ending = store.read(path)
    return SavedRun(path=str(path), plan=plan, samples=samples, ending=ending, sha256=sha256_of(path))


def load_side(path: Path) -> SavedRun | ImportedRun:
    """What can be compared: a raw record, or results of another tool that were imported."""
    if not path.name.endswith(TRIALS_SUFFIX):
        return load_raw(path)
    document = read_document(path)
    check(document, schema("trials.v1"), str(path))
    return ImportedRun(path=str(path), trials=decode(ImportedTrials, document, where=str(path)))


def result_from(run: SavedRun) -> RunResult:
    return result_of(run.plan, run.samples, run.ending, raw_samples_path=run.path)


def load(path: Path) -> RunResult:
    """A raw record is computed again from its samples, a result is taken as it is."""
    if path.name.endswith(store.suffix):
        return result_from(load_raw(path))
    return load_result(read_text(path), where=str(path))
