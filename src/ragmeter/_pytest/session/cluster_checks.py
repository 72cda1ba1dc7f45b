"""What a load that pods send cannot be, found before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmeter.clients.plugins.registry import known
from ragmeter.core.errors import ConfigError
from ragmeter.core.schedule.vantage import PAIR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmeter._pytest.options.bench_options import BenchOptions
    from ragmeter.core.campaign.case import Case


def check_in_cluster(options: BenchOptions, cases: Sequence[Case]) -> None:
    """Raise ConfigError for what pods cannot do, before anything is made."""
    providers = dict.fromkeys(case.provider.name for case in cases)
    if options.in_cluster is not None and (len(providers) > 1 or options.aa):
        asked = "--bench-aa" if options.aa else f"--provider={', '.join(providers)}"
        raise ConfigError(
            f"{asked}: not with --bench-in-cluster: pods of several runs do not take turns trial by trial, so that a "
            "drift would pass for a difference; measure each by itself and give the raw records to 'ragmeter compare'"
        )
    if options.otlp is not None and (options.in_cluster is not None or options.order is not None):
        raise ConfigError(
            f"--bench-otlp {options.otlp}: not with a load that pods send: spans are received beside the load, on the "
            "machine that sends it; leave it out, or send the load from here"
        )
    if options.in_cluster is not None:
        _check_files(cases)
        check_steering(cases, shards=options.in_cluster.pods + options.edge)
        for case in cases if options.edge else ():
            _check_edge(case, options.in_cluster.pods)


def _check_files(cases: Sequence[Case]) -> None:
    """Raise ConfigError for what pods would need and do not get: a large file, a class of the user's own folder."""
    named = {each.name for each in known()}
    for case in cases:
        described = case.workload.described
        if described is not None and described.plugin in named:
            raise ConfigError(
                f"{case.workload.path}: $.target.plugin: {described.plugin!r} is named by a hook, which pods do not "
                "have: not with --bench-in-cluster, unless its package is installed in the image of the suite and "
                "names it as an entry point of the group ragmeter.targets"
            )
        if case.workload.tokenizer is not None:
            raise ConfigError(
                f"{case.workload.path}: $.model.tokenizer: not with --bench-in-cluster: pods do not get the file; "
                "leave it out, or run the suite in a pod that has it"
            )


def check_steering(cases: Sequence[Case], *, shards: int) -> None:
    """Raise ConfigError for a load that depends on what was measured, and that is sent from several places."""
    for case in cases if shards > 1 else ():
        steered = "until" if case.workload.until else "load.search" if case.workload.search else None
        if steered:
            raise ConfigError(
                f"{case.workload.path}: $.{steered}: not with a load in {shards} shards: none of them sees the figures "
                "of all while the load goes on; leave it out, or ask for one pod alone"
            )


def _check_edge(case: Case, pods: int) -> None:
    """Raise ConfigError when one of the two vantage points would have nothing to send, or nowhere to send it to."""
    if case.workload.sessions is not None:
        raise ConfigError(f"{case.workload.path}: $.sessions: not with --bench-edge: both sides ask the same questions")
    slots = case.workload.concurrency
    if slots is not None and slots // PAIR < pods:
        raise ConfigError(
            f"{case.workload.path}: $.benchmark.concurrency: {slots}: --bench-edge sends half of it from each side, so "
            f"it takes {PAIR * pods} or more with {pods} pod{'s' if pods > 1 else ''}"
        )
    if slots is not None and slots % PAIR:
        raise ConfigError(
            f"{case.workload.path}: $.benchmark.concurrency: {slots}: --bench-edge divides the slots evenly between "
            "both sides, as the larger burst waits longer in the service; take an even number"
        )
    if case.provider.local is not None:
        raise ConfigError(f"{case.provider.path}: $.local: --bench-edge: a service on this machine has no edge")
