"""Finding the saved run that a new one is compared with."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from ragmeter.core.errors import ConfigError, RagmeterError
from ragmeter.core.run.plan import RunPlan
from ragmeter.core.run.saved import SavedRun
from ragmeter.run import store

LAST = "last"


MOST_SESSIONS = 20


class NoBaselineError(ConfigError):
    """There is nothing to compare with yet; what is there is not wrong. lacking: that, in a few words."""

    def __init__(self, message: str, *, lacking: str) -> None:
        super().__init__(message)
        self.lacking = lacking


def load_baselines(named: str, *, last_in: Path, provider: str, workload: str, origin: str) -> list[SavedRun]:
    """The raw record of a path; of a folder the newest complete runs of this workload on this provider, one a session;
    with ``last`` the newest in ``last_in``. Raises ConfigError, which begins with ``origin``, when there is none.
    """
    folder = last_in if named == LAST else Path(named)
    if named != LAST and folder.is_file():
        return [_load(folder, origin)]
    if named != LAST and not folder.is_dir():
        raise NoBaselineError(
            f"{origin}: {named!r} is no file and no folder; write a raw record, a folder or {LAST!r}",
            lacking=f"{named} is not there yet",
        )
    wanted = _newest(folder, lambda plan: (plan.provider, plan.workload.name) == (provider, workload))
    found = list(islice(wanted, 1 if named == LAST else MOST_SESSIONS))
    if not found:
        lacking = f"no complete run of {workload} @ {provider} in {folder}"
        raise NoBaselineError(f"{origin}: {lacking}", lacking=lacking)
    return found


def _load(path: Path, origin: str) -> SavedRun:
    if not path.name.endswith(store.suffix):
        raise ConfigError(f"{origin}: {path}: is no raw record, whose name ends in {store.suffix}")
    try:
        plan, samples, ending = store.read(path)
    except RagmeterError as error:
        raise ConfigError(f"{origin}: {error}") from error
    return SavedRun(path=str(path), plan=plan, samples=samples, ending=ending)


def _newest(folder: Path, wanted: Callable[[RunPlan], bool]) -> Iterator[SavedRun]:
    """The newest first; a copy of a run, or its second variant in the same session, is no further session. Plans are
    read first: they are one line each. A record that cannot be read is no run.
    """
    plans = [(path, plan) for path, plan in _plans(folder) if wanted(plan) and not plan.run_id.endswith("-aa")]
    found = {(plan.started_at, plan.run_id): path for path, plan in plans}
    for _, path in sorted(found.items(), reverse=True):
        plan, samples, ending = store.read(path)
        if ending.status == "complete":
            yield SavedRun(path=str(path), plan=plan, samples=samples, ending=ending)


def _plans(folder: Path) -> Iterator[tuple[Path, RunPlan]]:
    for path in folder.rglob(f"*{store.suffix}"):
        try:
            yield path, store.read_plan(path)
        except RagmeterError:
            continue
