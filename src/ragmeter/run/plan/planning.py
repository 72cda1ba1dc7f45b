"""What a run will be: everything about one workload on one provider that is fixed before the first request."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import ragmeter
from ragmeter.clients.files import schema
from ragmeter.clients.http.clocks import AUTO
from ragmeter.clients.plugins.registry import clock_of
from ragmeter.core.codec import encode
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.metrics import DEFINITIONS_VERSION
from ragmeter.core.run.metadata import Source, merge
from ragmeter.core.run.plan import DeclaredSlo, RunPlan
from ragmeter.core.schema import check
from ragmeter.core.verdicts.error_budget import with_budget
from ragmeter.core.verdicts.slo import check_step, parse_goodput, parse_slo
from ragmeter.run.plan.labels import gone_labels
from ragmeter.run.plan.marking import marking_of
from ragmeter.run.plan.target import check_identity, metadata_sources, reach


def asked_plan(
    provider: Provider,
    workload: Workload,
    slos: Sequence[DeclaredSlo],
    *,
    environment: Mapping[str, str],
    now: datetime,
) -> RunPlan:
    """The plan of a run after asking the service what it is: what `ragmeter plan` writes.

    Raises TargetError when the service cannot be reached or is another one than the workload demands.
    """
    reach(provider, workload)
    gone = gone_labels(provider, workload)
    sources = metadata_sources(provider, workload, environment=environment)
    return run_plan(provider, workload, slos, sources, stamp=now.strftime("%Y%m%dT%H%M%SZ"), started_at=now, gone=gone)


def run_plan(
    provider: Provider,
    workload: Workload,
    slos: Sequence[DeclaredSlo],
    sources: Sequence[Source],
    *,
    stamp: str,
    started_at: datetime,
    clock: str = AUTO,
    apart: bool = False,
    gone: Sequence[str] = (),
) -> RunPlan:
    """The plan of a run, with a name made of provider, workload and ``stamp``.

    sources: who says what of the metadata, the most trustworthy first. clock: one of `clients.http.clocks.CLOCKS`.
    apart: whether its requests are to meet no others in a cache: see `marking_of`. gone: labels without a document.
    Raises TargetError when the service runs another model than the workload demands, ConfigError for a clock that is
    not available.
    """
    metadata, origins, warnings = merge(sources)
    check_identity(workload, metadata, provider)
    metadata = replace(metadata, timestamp=started_at.isoformat())
    check(encode(metadata), schema("run-metadata.v1"), "run metadata")
    return RunPlan(
        run_id=run_id(provider, workload, stamp),
        ragmeter_version=ragmeter.__version__,
        definitions_version=DEFINITIONS_VERSION,
        provider=provider.name,
        provider_path=provider.path,
        workload=workload,
        slos=tuple(slos),
        cost=provider.cost,
        metadata=encode(metadata),
        metadata_origins={**origins, "timestamp": "this run"},
        started_at=started_at.isoformat(),
        clock=clock_of(workload.described, clock),
        warnings=warnings,
        trace_url=provider.trace_url,
        marking=marking_of(workload, metadata, sources, apart=apart),
        gone_labels=tuple(gone),
    )


def run_id(provider: Provider, workload: Workload, stamp: str) -> str:
    return f"{provider.name}-{workload.name}-{stamp}"


def declared_slos(
    provider: Provider, workload: Workload, others: Sequence[tuple[str, str]] = ()
) -> tuple[DeclaredSlo, ...]:
    """Those of manifest, provider file and ``others``, which are (expression, origin); each expression once, and the
    default error budget where none of them is one.

    Raises ConfigError for an SLO or a goodput bound that cannot be.
    """
    parse_goodput(workload.goodput, f"{workload.path}: $.goodput")
    declared = [
        *(DeclaredSlo(expression=e, origin=workload.path) for e in workload.slo),
        *(DeclaredSlo(expression=e, origin=provider.path) for e in provider.slo),
        *(DeclaredSlo(expression=e, origin=origin) for e, origin in others),
    ]
    parsed = [(parse_slo(slo.expression, slo.origin), slo) for slo in declared]
    for slo, _ in parsed:
        check_step(slo, workload.rates_per_s)
    return with_budget(tuple({slo.expression: each for slo, each in parsed}.values()), workload.rates_per_s)
