"""What is going to be measured: every provider with every workload, read and checked before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ragmeter._pytest.options.asked import BenchOptions
from ragmeter._pytest.session.baselines import baseline_of
from ragmeter.clients.files import check_writable
from ragmeter.core.campaign.case import Case
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.cache import CacheState
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.setting import Setting
from ragmeter.core.verdicts.error_budget import DEFAULT
from ragmeter.core.verdicts.precision import watched
from ragmeter.run.local.folder import files_of
from ragmeter.run.plan.catalog import load_provider, load_workload
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
    return [_case(provider, workload, options) for workload in workloads]


def _in_each_state(provider: Provider, name: str, options: BenchOptions) -> list[Case]:
    """The workload in each cache state, to be measured in blocks."""
    written = load_workload(name, options.settings, provider).manifest.get("cache", {})
    by = {"by": written["by"]} if "by" in written else {}
    caches = {state: {"kv": state.value, **(by if state is CacheState.COLD else {})} for state in CacheState}
    found = {
        state: load_workload(
            name, (*options.settings, Setting(key="cache", value=cache, origin="--bench-cache-matrix")), provider
        )
        for state, cache in caches.items()
    }
    return [replace(_case(provider, workload, options), cache_state=state) for state, workload in found.items()]


def check_matrix(options: BenchOptions) -> None:
    """Raises ConfigError for what a cache matrix has no place for: it is three runs from here, compared with each
    other.
    """
    others = {
        "--bench-cache-kv": next((each.value for each in options.settings if each.key == "cache.kv"), None),
        "--bench-baseline": options.baseline and options.baseline.value,
        "--bench-reference": options.reference and options.reference.value,
        "--bench-aa": options.aa or None,
        "--bench-in-cluster": options.in_cluster and True,
        "--bench-order": options.order,
    }
    found = next((f"{name}: {value!r}" for name, value in others.items() if value is not None), None)
    if options.cache_matrix and found is not None:
        raise ConfigError(
            f"{found} has no meaning with --bench-cache-matrix, which measures each workload cold, warm "
            "and natural from here"
        )


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
