"""Saved runs: raw records and results."""

from pathlib import Path
from typing import Final

from ragmeter.clients.files import read_document, read_text, schema, sha256_of
from ragmeter.core.codec import decode
from ragmeter.core.compare.imported import ImportedTrials
from ragmeter.core.compare.importers.known import importer_of
from ragmeter.core.compare.sides import ImportedRun
from ragmeter.core.errors import ConfigError
from ragmeter.core.result.build import result_of
from ragmeter.core.result.rejudged import audited
from ragmeter.core.result.result import RunResult
from ragmeter.core.result.tested import tested
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schema import check
from ragmeter.report.jsonfile import load_result
from ragmeter.report.words.naming import run_name
from ragmeter.run import store

TRIALS_SUFFIX = ".trials.json"
_MADE_OF_A_RUN: Final = {".html": "a page", ".xml": "a JUnit report", ".md": "a summary", ".prom": "a set of figures"}


def load_raw(path: Path) -> SavedRun:
    """Raises ConfigError for a result: it has no requests to compute from."""
    _refuse_imported(path)
    _refuse_page(path)
    if not path.name.endswith(store.suffix):
        _refuse_foreign(path)
        raise ConfigError(f"{path}: needs the requests of a run: name its raw record, a file ending in {store.suffix}")
    plan, samples, ending = store.read(path)
    return SavedRun(path=str(path), plan=plan, samples=samples, ending=ending, sha256=sha256_of(path))


def _refuse_imported(path: Path) -> None:
    if path.name.endswith(TRIALS_SUFFIX):
        raise ConfigError(f"{path}: is of `ragmeter import`: only `ragmeter compare` reads it")


def _refuse_page(path: Path) -> None:
    """Raises ConfigError for what was made of a run, and names what it was made of where that lies beside it."""
    if path.suffix not in _MADE_OF_A_RUN:
        return
    raw = path.with_suffix(store.suffix)
    made_of = (
        f"name its raw record, {raw}" if raw.is_file() else f"name its raw record, a file ending in {store.suffix}"
    )
    raise ConfigError(f"{path}: is {_MADE_OF_A_RUN[path.suffix]} that was made of a run; {made_of}")


def _refuse_foreign(path: Path) -> None:
    """Raises ConfigError for a result of another tool, and says what takes it over."""
    importer = importer_of(read_document(path, infinite=True)) if path.suffix == ".json" and path.is_file() else None
    if importer is not None:
        raise ConfigError(
            f"{path}: is a result of {importer.tool}; for a comparison `ragmeter import {path} --provider=NAME "
            f"--out=NAME{TRIALS_SUFFIX}` takes it over"
        )


def load_side(path: Path) -> SavedRun | ImportedRun:
    """What can be compared: a raw record, or results of another tool that were imported."""
    if not path.name.endswith(TRIALS_SUFFIX):
        return load_raw(path)
    document = read_document(path)
    check(document, schema("trials.v1"), str(path))
    return ImportedRun(path=str(path), trials=decode(ImportedTrials, document, where=str(path)))


def result_from(run: SavedRun, *, is_rejudged: bool = False) -> RunResult:
    """With the tests of its session that failed. is_rejudged: by other SLOs, which the session had no tests of."""
    failed = store.read_tests(Path(run.path))
    if is_rejudged and failed is not None:
        failed = tuple(test for test in failed if not test.of_slo)
    return tested(result_of(run.plan, run.samples, run.ending, raw_samples_path=run.path), failed)


def load(path: Path) -> RunResult:
    """A raw record is computed again from its samples, a result is taken as it is: see `audited`."""
    if path.name.endswith(store.suffix):
        return result_from(load_raw(path))
    _refuse_imported(path)
    _refuse_page(path)
    _refuse_foreign(path)
    result = load_result(read_text(path), where=str(path))
    return audited(result, label=run_name(result))


def load_run(path: Path) -> SavedRun | RunResult:
    """A raw record, or a result whose requests are not there."""
    return load_raw(path) if path.name.endswith(store.suffix) else load(path)
