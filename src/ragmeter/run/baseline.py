"""Finding the saved run that a new one is compared with."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ragmeter.core.errors import ConfigError, RagmeterError
from ragmeter.core.run import RunPlan
from ragmeter.core.sides import SavedRun
from ragmeter.run import store

LAST = "last"


def load_baseline(named: str, *, last_in: Path, provider: str, workload: str, origin: str) -> SavedRun:
    """The raw record of a path; of a folder, or ``last_in`` with ``last``, the newest complete run of this workload on
    this provider. Raises ConfigError, which begins with ``origin``, when there is none.
    """
    folder = last_in if named == LAST else Path(named)
    if named != LAST and folder.is_file():
        return _load(folder, origin)
    if named != LAST and not folder.is_dir():
        raise ConfigError(f"{origin}: {named!r} is no file and no folder; write a raw record, a folder or {LAST!r}")
    found = _newest(folder, lambda plan: (plan.provider, plan.workload.name) == (provider, workload))
    if found is None:
        raise ConfigError(f"{origin}: no complete run of {workload} @ {provider} in {folder}")
    return found


def _load(path: Path, origin: str) -> SavedRun:
    if not path.name.endswith(store.suffix):
        raise ConfigError(f"{origin}: {path}: is no raw record, whose name ends in {store.suffix}")
    try:
        plan, samples, ending = store.read(path)
    except RagmeterError as error:
        raise ConfigError(f"{origin}: {error}") from error
    return SavedRun(path=str(path), plan=plan, samples=samples, ending=ending)


def _newest(folder: Path, wanted: Callable[[RunPlan], bool]) -> SavedRun | None:
    """Plans are read first: they are one line each. A record that cannot be read is no run."""
    found = sorted(((plan.started_at, path) for path, plan in _plans(folder) if wanted(plan)), reverse=True)
    for _, path in found:
        plan, samples, ending = store.read(path)
        if ending.status == "complete":
            return SavedRun(path=str(path), plan=plan, samples=samples, ending=ending)
    return None


def _plans(folder: Path) -> Iterator[tuple[Path, RunPlan]]:
    for path in folder.rglob(f"*{store.suffix}"):
        try:
            yield path, store.read_plan(path)
        except RagmeterError:
            continue
