"""What the engine has to know of what was asked for."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ragmeter.clients.http.clocks import AUTO
from ragmeter.core.campaign.case import Case
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.metadata import Source
from ragmeter.run.plan.target import metadata_sources


def _ask_everyone(provider: Provider, workload: Workload) -> Sequence[Source]:
    return metadata_sources(provider, workload, environment=os.environ)


def _as_computed(result: RunResult) -> RunResult:
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """stamp: in the names of runs and files; no other session of the folder has it.

    raw_path: where the raw record of a case goes; there must not be one. clock: one of `clients.http.clocks.CLOCKS`.
    calibrate: whether the client is measured before it measures. metadata: what is known of a service, the most
    trustworthy source first. amended: the result that is told instead of one that was computed.
    """

    stamp: str
    raw_path: Callable[[Case], Path]
    clock: str = AUTO
    calibrate: bool = True
    metadata: Callable[[Provider, Workload], Sequence[Source]] = _ask_everyone
    amended: Callable[[RunResult], RunResult] = _as_computed
