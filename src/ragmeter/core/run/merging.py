"""The record of a whole run from the records of its shards: from every request, never from percentiles."""

from collections.abc import Sequence
from dataclasses import replace

from ragmeter.core.client.floor import Calibration
from ragmeter.core.errors import ConfigError
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.run.plan import RunEnding, RunPlan, joined
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.plan import Shard
from ragmeter.core.schedule.vantage import vantages_of


def merged(records: Sequence[SavedRun]) -> tuple[RunPlan, tuple[RequestSample, ...], RunEnding]:
    """Plan, samples and ending of the run.

    The times of each shard stay as its own clock had them, counted from the common start, under a ``clock_id`` of its
    own: the clocks of two machines are not brought together. A shard that is missing or ended early makes the run
    interrupted and not fit, by name. Raises ConfigError when the records are not shards of one run.
    """
    shards = {_shard_of(record).number: record for record in records}
    first = records[0]
    for record in records:
        _check_same_run(first, record)
        if shards[_shard_of(record).number] is not record:
            raise ConfigError(f"{record.path}: is shard {_name(record)}, and so is another of these records")
    samples = [replace(s, clock_id=number) for number, record in shards.items() for s in record.samples]
    samples.sort(key=lambda sample: (sample.phase is Phase.MEASURED, sample.trial, sample.step, sample.index))
    plan = replace(
        first.plan,
        shard=None,
        vantages=() if _shard_of(first).vantage is None else vantages_of(_shard_of(first).count - 1),
        calibration=_worst([record.plan.calibration for record in records]),
        warnings=tuple(dict.fromkeys(warning for record in records for warning in record.plan.warnings)),
    )
    return plan, tuple(samples), joined([_ending(record) for record in records] + _missing(first, shards))


def _worst(calibrations: Sequence[Calibration | None]) -> Calibration | None:
    """That of the machine whose client is furthest off in the time to first token; None when a machine has none."""
    known = [each for each in calibrations if each is not None]
    return max(known, key=_median_error_ms) if len(known) == len(calibrations) else None


def _median_error_ms(calibration: Calibration) -> float:
    return calibration.floors["ttft_ms"].p50.value or 0.0


def _shard_of(record: SavedRun) -> Shard:
    if record.plan.shard is None:
        raise ConfigError(f"{record.path}: is the record of a whole run; only records of shards are merged")
    return record.plan.shard


def _name(record: SavedRun) -> str:
    shard = _shard_of(record)
    return f"{shard.number} of {shard.count}"


def _check_same_run(first: SavedRun, other: SavedRun) -> None:
    for field, one, two in (
        ("run", first.plan.run_id, other.plan.run_id),
        ("workload hash", first.plan.workload.sha256, other.plan.workload.sha256),
        ("seed", first.plan.workload.seed, other.plan.workload.seed),
        ("number of shards", _shard_of(first).count, _shard_of(other).count),
        ("common start", first.plan.started_at, other.plan.started_at),
        ("clock", first.plan.clock, other.plan.clock),
    ):
        if one != two:
            raise ConfigError(f"{other.path}: its {field} is {two}, that of {first.path} is {one}: not one run")


def _ending(record: SavedRun) -> RunEnding:
    ending = record.ending
    if ending.status == "complete":
        return ending
    reason = f"load shard {_name(record)} ended early: {ending.reason}"
    return replace(ending, reason=reason, not_fit=(*ending.not_fit, reason))


def _missing(first: SavedRun, shards: dict[int, SavedRun]) -> list[RunEnding]:
    count = _shard_of(first).count
    reasons = [f"load shard {number} of {count} left no record" for number in range(count) if number not in shards]
    return [RunEnding(status="interrupted", reason=reason, not_fit=(reason,)) for reason in reasons]
