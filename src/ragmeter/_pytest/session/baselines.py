"""What a case is judged against: saved runs that asked the same; or that this run is to become the first of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ragmeter._pytest.options.bench_options import BenchOptions
from ragmeter.core.inputs.cache import state_of
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.metrics import DEFINITIONS_VERSION
from ragmeter.core.run.identity import MANIFEST, differing, identity_of
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.stats.sessions import MIN_SESSIONS
from ragmeter.core.verdicts.records import Outcome
from ragmeter.run.plan.accepted import accept, copy_record
from ragmeter.run.plan.baseline import LAST, NoBaselineError, load_baselines
from ragmeter.run.plan.catalog import shown
from ragmeter.run.store import suffix

if TYPE_CHECKING:
    from ragmeter._pytest.session.finished import Finished

RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """runs: the newest first. recorded: why this run is recorded as a baseline and not judged against one; None where
    it is judged, or where nobody asked for a baseline.
    """

    runs: Sequence[SavedRun] = ()
    recorded: str | None = None


def baseline_of(provider: Provider, workload: Workload, options: BenchOptions) -> Baseline:
    """Raises ConfigError when none of the saved runs asked the same; what the service says of itself is checked when it
    is asked. With ``--bench-baseline-missing=record`` that is no error, nor are too few sessions to judge by.
    """
    named = options.baseline
    if named is None:
        return Baseline()
    try:
        runs = _same(provider, workload, options)
    except NoBaselineError as error:
        if options.baseline_missing != RECORD:
            raise
        return Baseline(recorded=error.lacking)
    if options.baseline_missing == RECORD and _is_folder(named.value) and len(runs) < MIN_SESSIONS:
        return Baseline(recorded=f"{len(runs)} of the {MIN_SESSIONS} sessions that a gate needs are in {named.value}")
    return Baseline(runs=runs)


def _is_folder(named: str) -> bool:
    return named != LAST and not named.endswith(suffix)


def _same(provider: Provider, workload: Workload, options: BenchOptions) -> list[SavedRun]:
    """The newest first. Raises ConfigError when none of them asked the same; what the service says of itself is checked
    when it is asked.
    """
    named = options.baseline
    if named is None:
        return []
    found = load_baselines(
        named.value,
        last_in=options.report_dir / "ns" / provider.name,
        provider=provider.name,
        workload=workload.name,
        origin=named.origin,
    )
    now = {
        "workload_hash": workload.sha256,
        MANIFEST: workload.manifest,
        "cache_state": state_of(workload.caches),
        "seed": workload.seed,
        "definitions_version": DEFINITIONS_VERSION,
        "k": workload.k,
        "max_output_tokens": workload.max_output_tokens,
        "vantage_points": 2 if options.edge and options.order is None else 1,
    }
    same = [run for run in found if not differing(identity_of(run.plan), now)]
    if not same:
        difference = differing(identity_of(found[0].plan), now)
        lacking = f"{found[0].path} did not measure the same: {difference}"
        raise NoBaselineError(f"{named.origin}: {lacking}", lacking=lacking)
    return same


_GOOD = frozenset({Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.NOT_JUDGED})
"""Of runs that may become a baseline: what was measured is the service, and nothing of it was missed."""


def record(finished: "Finished", options: BenchOptions) -> str | None:
    """Keep the run as a baseline, where it is to be one; returns what to say of it. Raises StorageError."""
    why, named, result = finished.case.recorded, options.baseline, finished.result
    if why is None or named is None or finished.case.repeat:
        return None
    about = f"baseline: {why}; {finished.case.id} is not judged against one"
    if result.status != "complete" or result.outcome not in _GOOD:
        was = "interrupted" if result.status != "complete" else result.outcome.value.replace("_", " ")
        return f"{about}, and not recorded as one, as it is {was}"
    path = Path(finished.run.path)
    if named.value == LAST:
        return f"{about}: it is the first, and the next one is judged against it"
    if _is_folder(named.value):
        kept = accept(path, finished.run.plan, Path(named.value))
    else:
        kept = Path(named.value)
        copy_record(path, kept)
    return f"{about}: it was recorded as {shown(kept)}"


def notices(recorded: Sequence[tuple[str, str]]) -> list[str]:
    """Before the load. recorded: ids of cases, and why each is recorded."""
    return [f"baseline of {name}: {why}: this run is recorded and not judged against one" for name, why in recorded]
