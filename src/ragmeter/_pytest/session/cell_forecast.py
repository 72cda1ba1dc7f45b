"""What a plan of factors measures, what it cannot distinguish, how long it takes and what it costs, before its first
request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmeter.core.campaign.case import campaigns
from ragmeter.core.errors import RagmeterError
from ragmeter.core.schedule.design import design_of
from ragmeter.run.plan.baseline import LAST, load_baselines
from ragmeter.run.session.forecast import expected_takes, least_s, takes_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmeter._pytest.options.bench_options import BenchOptions
    from ragmeter.core.campaign.case import Case
    from ragmeter.core.run.saved import SavedRun
    from ragmeter.run.session.meter import Meter


def cell_forecasts(options: BenchOptions, cases: Sequence[Case], meter: Meter) -> list[str]:
    """Sentences on each plan; none without one."""
    plans = [together for together in campaigns(cases) if together[0].cell is not None]
    return [words for together in plans for words in _of_plan(options, together, meter)]


def _of_plan(options: BenchOptions, cases: Sequence[Case], meter: Meter) -> list[str]:
    workload = cases[0].workload
    where, design = f"{workload.path}: $.factors", design_of(workload.manifest, workload.path)
    if design is None:
        return []
    paces = {name: _pace(options, name, workload.name) for name in {case.provider.name for case in cases}}
    takes = expected_takes(workload, [paces[case.provider.name] for case in cases])
    most = "" if workload.until is None else "at most "
    blocks = f"{most}{workload.trials} block{'' if workload.trials == 1 else 's'} of {len(cases)} trials in drawn order"
    said = takes_words(takes, least_s(workload, len(cases)), meter)
    return [f"{where}: {design.sentence}; {blocks}; {said}", *(f"{where}: {words}" for words in design.confusions)]


def _pace(options: BenchOptions, provider: str, workload: str) -> tuple[SavedRun, ...]:
    """The last saved run of the workload there, whatever its levels: it stands for the speed of every cell."""
    try:
        (last,) = load_baselines(
            LAST, last_in=options.report_dir / "ns" / provider, provider=provider, workload=workload, origin=LAST
        )
    except RagmeterError:
        return ()
    return (last,)
