"""What is going to be measured: every provider with every workload, read and checked before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ragmeter._pytest.options.bench_options import BenchOptions
from ragmeter._pytest.session.baselines import baseline_of
from ragmeter.clients.files import check_writable
from ragmeter.core.campaign.case import Case
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.cache import CacheState
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.schedule.design import design_of
from ragmeter.core.setting import Setting
from ragmeter.core.verdicts.error_budget import DEFAULT
from ragmeter.core.verdicts.precision import watched
from ragmeter.run.local.folder import files_of
from ragmeter.run.plan.catalog import load_provider, load_workload
from ragmeter.run.plan.cells import cache_in, load_cells
from ragmeter.run.plan.planning import declared_slos


def providers_of(options: BenchOptions, environment: Mapping[str, str]) -> tuple[Provider, ...]:
    """Raises ConfigError for whatever is unknown or impossible in a provider file or in an option that replaces it."""
    if options.base_url and len(options.providers) > 1:
        raise ConfigError(
            f"{options.base_url.origin}: {options.base_url.value!r} needs a single --provider, not "
            f"{', '.join(options.providers)}: several providers cannot share one URL"
        )
    providers = tuple(
        load_provider(
            name,
            environment=environment,
            base_url=options.base_url,
            netprobe=options.netprobe,
            probe_only=options.probe_only,
        )
        for name in options.providers
    )
    _check_distinct([provider.name for provider in providers], "provider")
    return providers if options.docs is None else tuple(_with_docs(provider, options.docs) for provider in providers)


def _with_docs(provider: Provider, folder: Path) -> Provider:
    if provider.local is None:
        raise ConfigError(f"--bench-docs: {provider.path}: only the embedded service takes documents: --provider=local")
    files_of(folder, "--bench-docs")
    return replace(provider, local=replace(provider.local, docs=str(folder)))


def check_moment(options: BenchOptions) -> None:
    """Raises ConfigError for a probe beside a load that takes turns with another, or that is sent from elsewhere, and
    for one that no result would refer to.
    """
    if options.ew == "during" and (len(options.providers) > 1 or options.aa):
        raise ConfigError("--bench-ew: 'during' needs a single provider without --bench-aa: several loads take turns")
    if options.ew == "during" and options.in_cluster is not None:
        raise ConfigError(
            "--bench-ew: 'during' needs a load from here: with --bench-in-cluster probe before or after it"
        )
    if options.ew != "none" and options.netprobe_reference not in (None, "latest"):
        raise ConfigError(
            f"--bench-netprobe: {options.netprobe_reference!r}: with --bench-ew results refer to its probe"
        )


def check_result_file(options: BenchOptions, cases: Sequence[Case]) -> None:
    """Raises ConfigError for a file that cannot hold what will be measured, StorageError for one that cannot be."""
    for flag, asked in (("--bench-summary", options.summary_file), ("--bench-metrics", options.metrics_file)):
        if asked is not None:
            _check_file(flag, asked)
    path = options.result_file
    if path is None:
        return
    if len(cases) != 1:
        named = f": {', '.join(case.id for case in cases)}" if cases else ", as only the network is probed"
        raise ConfigError(f"--bench-json: {path.name}: one document holds one run, and there are {len(cases)}{named}")
    _check_file("--bench-json", path)


def _check_file(flag: str, path: Path) -> None:
    if path.is_dir():
        raise ConfigError(f"{flag}: {path}: is a folder; name a file in it")
    check_writable(path.parent)


def cases_of(providers: Sequence[Provider], options: BenchOptions) -> tuple[Case, ...]:
    """None where only clusters are probed. Raises ConfigError for what is impossible in a manifest, option or SLO."""
    probed = options.probe_only
    return () if probed else tuple(case for provider in providers for case in _cases_of(provider, options))


def _cases_of(provider: Provider, options: BenchOptions) -> list[Case]:
    names = options.workloads or (provider.workload,)
    if options.cache_matrix:
        return [case for name in names for case in _in_each_state(provider, name, options)]
    workloads = [load_workload(name, options.settings, provider) for name in names]
    _check_distinct([workload.name for workload in workloads], "workload")
    return [
        case for name, workload in zip(names, workloads, strict=True) for case in _of(provider, name, workload, options)
    ]


def _of(provider: Provider, name: str, workload: Workload, options: BenchOptions) -> list[Case]:
    """One, or one for each cell of the plan that it has."""
    cells = load_cells(name, workload, options.settings, provider)
    if cells is None:
        return [_case(provider, workload, options)]
    check_no_others(options, f"{workload.path}: $.factors")
    return [replace(_case(provider, own, options), cell=cell) for cell, own in cells]


def _in_each_state(provider: Provider, name: str, options: BenchOptions) -> list[Case]:
    """The workload in each cache state, to be measured in blocks."""
    written = load_workload(name, options.settings, provider)
    if "factors" in written.manifest:
        check_no_others(options, f"{written.path}: $.factors")
    origin = "--bench-cache-matrix"
    found = {
        state: load_workload(
            name,
            (*options.settings, Setting(key="cache", value=cache_in(state.value, written), origin=origin)),
            provider,
        )
        for state in CacheState
    }
    return [replace(_case(provider, workload, options), cache_state=state) for state, workload in found.items()]


def check_matrix(options: BenchOptions) -> None:
    """Raises ConfigError for what a cache matrix has no place for: it is three runs from here, compared with each
    other.
    """
    declared = next((each.value for each in options.settings if each.key == "cache.kv"), None)
    found = _other({"--bench-cache-kv": declared, **_other_designs(options)})
    if options.cache_matrix and found is not None:
        raise ConfigError(
            f"{found} has no meaning with --bench-cache-matrix, which measures each workload cold, warm "
            "and natural from here"
        )


def check_no_others(options: BenchOptions, where: str) -> None:
    """Raises ConfigError for what cells of a plan have no place for: they are runs from here, in their own blocks."""
    found = _other({"--bench-cache-matrix": options.cache_matrix or None, **_other_designs(options)})
    if found is not None:
        raise ConfigError(f"{found} has no meaning with {where}, whose cells are measured from here, in blocks")


def check_deployed(cases: Sequence[Case]) -> None:
    """Raises ConfigError for a plan of which not every deployment is measured in this session, or one of others too."""
    for workload in {case.workload.path: case.workload for case in cases if case.cell is not None}.values():
        design = design_of(workload.manifest, workload.path)
        own = [case for case in cases if case.workload.path == workload.path]
        needed = {cell.provider for cell in design.cells if cell.provider is not None} if design is not None else set()
        measured = {case.provider.name for case in own}
        if needed - measured:
            raise ConfigError(
                f"{workload.path}: $.factors.deployed: {', '.join(sorted(needed - measured))} is not measured; name "
                f"them all: {' '.join(f'--provider={name}' for name in sorted(needed))}"
            )


def _other_designs(options: BenchOptions) -> dict[str, object]:
    return {
        "--bench-baseline": options.baseline and options.baseline.value,
        "--bench-reference": options.reference and options.reference.value,
        "--bench-aa": options.aa or None,
        "--bench-in-cluster": options.in_cluster and True,
        "--bench-order": options.order,
    }


def _other(asked: Mapping[str, object]) -> str | None:
    return next((f"{name}: {value!r}" for name, value in asked.items() if value is not None), None)


def _case(provider: Provider, workload: Workload, options: BenchOptions) -> Case:
    slos = declared_slos(provider, workload, options.slos)
    found = baseline_of(provider, workload, options)
    declared = [(slo.expression, slo.origin) for slo in slos if slo != DEFAULT]
    return Case(
        provider=provider,
        workload=workload,
        slos=slos,
        watched=watched(workload.until, declared, workload.path) if workload.until else (),
        baseline=found.runs[0] if found.runs else None,
        earlier=tuple(found.runs[1:]),
        recorded=found.recorded,
    )


def _check_distinct(names: list[str], kind: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two {kind} files have the name {name!r}: results would be indistinguishable")
