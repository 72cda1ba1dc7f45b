"""Results of another tool as trials: those of one load are trials of one run, those of several are steps of a sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ragmeter.core.compare.importers.offered import OfferedLoad
from ragmeter.core.compare.importers.reading import Importer, Reading
from ragmeter.core.errors import ConfigError
from ragmeter.core.run.identity import identity_diff


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One result. result: its place in a file that holds several, from 1; None in a file of one."""

    path: str
    sha256: str
    result: int | None
    reading: Reading

    @property
    def where(self) -> str:
        return self.path if self.result is None else f"{self.path}, result {self.result}"

    @property
    def load_identity(self) -> Mapping[str, Any]:
        return {"tool_definitions": self.reading.definition, **self.reading.load.identity()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Results of one load. load: what they have in common; means of what was measured."""

    load: OfferedLoad
    results: tuple[Taken, ...]


def once(taken: Sequence[Taken]) -> tuple[list[Taken], list[str]]:
    """Each measurement once, and a sentence on each that is left out: a copy of a result is no further trial."""
    kept: list[Taken] = []
    first: dict[object, Taken] = {}
    said = []
    for each in taken:
        at = each.reading
        figures = (*sorted(at.figures.items()), at.requests, at.errors, at.load)
        keys = [(each.sha256, each.result), *([figures] if at.figures else [])]
        same = next((first[key] for key in keys if key in first), None)
        if same is None:
            kept.append(each)
            first |= dict.fromkeys(keys, each)
        else:
            said.append(f"{each.where} is the same measurement as {same.where}: it counts once")
    return kept, said


def steps_of(taken: Sequence[Taken]) -> tuple[Step, ...]:
    """By load: offered rate, then users, then the order in which they are given."""
    groups: list[list[Taken]] = []
    for each in taken:
        mine = next((one for one in groups if not _differ(one[0], each)), None)
        if mine is None:
            groups.append([each])
        else:
            mine.append(each)
    found = [Step(load=_common(group), results=tuple(group)) for group in groups]
    return tuple(sorted(found, key=lambda step: (step.load.rate_per_s or 0.0, step.load.concurrency or 0)))


def identity_across(importer: Importer, results: Sequence[Taken], load: OfferedLoad) -> dict[str, Any]:
    """What the results of one load say of themselves alike. ConfigError where two differ: they are no trials of one
    run.
    """
    first = results[0]
    merged: dict[str, Any] = {}
    for each in results:
        for field, value in each.reading.identity.items():
            if merged.setdefault(field, value) != value:
                raise ConfigError(
                    f"{each.where}: {field} is {value!r}, and {merged[field]!r} in {first.where}: "
                    "these are not trials of one run"
                )
    versions = dict.fromkeys(each.reading.tool_version for each in results)
    definition = importer.definitions[first.reading.definition].versions
    told = {"tool_version": ", ".join(sorted(version for version in versions if version))} if any(versions) else {}
    return {**merged, "tool_definitions": definition, **told, **load.identity()}


def what_differs(steps: Sequence[Step]) -> str:
    """In what the loads of several steps differ, as ``rate_per_s 1, 6.5, 31.4``."""
    first = steps[0].results[0]
    fields = dict.fromkeys(
        each.field
        for step in steps[1:]
        for each in identity_diff(first.load_identity, step.results[0].load_identity).must_match
    )
    said = []
    for field in fields:
        values = dict.fromkeys(step.results[0].load_identity.get(field) for step in steps)
        said.append(f"{field} {', '.join(_shown(value) for value in values)}")
    return "; ".join(said)


def _shown(value: Any) -> str:
    return "not written" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _differ(a: Taken, b: Taken) -> bool:
    return bool(identity_diff(a.load_identity, b.load_identity).must_match)


def _common(group: Sequence[Taken]) -> OfferedLoad:
    loads = [each.reading.load for each in group]
    return replace(
        loads[0],
        input_tokens=_mean([load.input_tokens for load in loads]),
        duration_s=_mean([load.duration_s for load in loads]),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
