"""Whether what will be measured is there, before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmeter.run.cluster.inside import check_place
from ragmeter.run.plan.target import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmeter._pytest.options.bench_options import BenchOptions
    from ragmeter.core.campaign.case import Case


def _asked(case: Case) -> tuple[str, str]:
    """Cases that are alike in it ask one service in one way."""
    described = case.workload.described
    return case.provider.name, case.workload.target if described is None else described.sha256


def reach_all(options: BenchOptions, cases: Sequence[Case]) -> None:
    """Raise TargetError unless every deployed service is ready, and ClusterError unless pods can be made beside it."""
    for case in {_asked(case): case for case in cases}.values():
        if options.in_cluster is not None:
            check_place(options.in_cluster.place(case.provider))
        if options.in_cluster is not None and not options.edge:
            continue
        if case.provider.local is None:
            reach(case.provider, case.workload)
