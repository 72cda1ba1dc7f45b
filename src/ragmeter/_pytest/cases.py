"""What is going to be measured: every provider with every workload, read and checked before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ragmeter._pytest.asked import BenchOptions
from ragmeter.core.errors import ConfigError
from ragmeter.core.identity import differing, identity_of
from ragmeter.core.measured import DECLARED, Key
from ragmeter.core.metrics import DEFINITIONS_VERSION
from ragmeter.core.provider import Provider
from ragmeter.core.run import DeclaredSlo
from ragmeter.core.sides import SavedRun
from ragmeter.core.until import Subject, watched
from ragmeter.core.workload import Workload
from ragmeter.run.baseline import load_baseline
from ragmeter.run.catalog import load_provider, load_workload
from ragmeter.run.planning import declared_slos


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One workload on one provider, with every SLO that applies.

    watched: what has to be known as well as ``until`` asks. baseline: the run that it is compared with. twin: the
    second arm of an A/A measurement.
    """

    provider: Provider
    workload: Workload
    slos: tuple[DeclaredSlo, ...]
    watched: tuple[Subject, ...] = ()
    baseline: SavedRun | None = None
    twin: bool = False

    @property
    def id(self) -> str:
        """Of the parametrised tests: ``local-smoke``."""
        return f"{self.provider.name}-{self.workload.name}{'-aa' if self.twin else ''}"

    @property
    def label(self) -> str:
        """Of its arm: the provider, which may run as two."""
        return f"{self.provider.name}{' again' if self.twin else ''}"

    @property
    def gated(self) -> tuple[Key, ...]:
        """The metrics that are judged against the baseline: all that are compared; costs only with two price sheets.

        None against a baseline without samples: an order has it so that the pods measure what was measured then.
        """
        if self.baseline is None or not self.baseline.samples:
            return ()
        priced = self.provider.cost is not None and self.baseline.plan.cost is not None
        return tuple(key for key in DECLARED if priced or key[0] != "usd_per_1m_tokens")

    def asks_like(self, other: "Case") -> bool:
        """Whether both send the same requests, so that their trials can be pairs."""
        return _asked(self.workload) == _asked(other.workload)


def campaigns(cases: Sequence[Case]) -> list[list[Case]]:
    """The cases that are measured together, in their order."""
    firsts = [case for case in cases if not any(case.asks_like(other) for other in cases[: cases.index(case)])]
    return [[case for case in cases if case.asks_like(first)] for first in firsts]


def _asked(workload: Workload) -> tuple[object, ...]:
    return workload.name, workload.sha256, workload.seed, workload.trials


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
    return providers


def check_moment(options: BenchOptions) -> None:
    """Raises ConfigError for a probe beside a load that takes turns with another, or that is sent from elsewhere, and
    for one that no result would refer to.
    """
    if options.ew == "during" and (len(options.providers) > 1 or options.aa):
        raise ConfigError("--bench-ew: 'during' needs a single provider without --bench-aa: several loads take turns")
    if options.ew == "during" and options.inside is not None:
        raise ConfigError(
            "--bench-ew: 'during' needs a load from here: with --bench-in-cluster probe before or after it"
        )
    if options.ew != "none" and options.netprobe_reference not in (None, "latest"):
        raise ConfigError(
            f"--bench-netprobe: {options.netprobe_reference!r}: with --bench-ew results refer to its probe"
        )


def cases_of(providers: Sequence[Provider], options: BenchOptions) -> tuple[Case, ...]:
    """None where only clusters are probed. Raises ConfigError for what is impossible in a manifest, option or SLO."""
    probed = options.probe_only
    return () if probed else tuple(case for provider in providers for case in _cases_of(provider, options))


def _cases_of(provider: Provider, options: BenchOptions) -> list[Case]:
    workloads = [load_workload(n, options.settings) for n in options.workloads or (provider.workload,)]
    _check_distinct([workload.name for workload in workloads], "workload")
    return [_case(provider, workload, options) for workload in workloads]


def _case(provider: Provider, workload: Workload, options: BenchOptions) -> Case:
    slos = declared_slos(provider, workload, options.slos)
    declared = [(slo.expression, slo.origin) for slo in slos]
    return Case(
        provider=provider,
        workload=workload,
        slos=slos,
        watched=watched(workload.until, declared, workload.path) if workload.until else (),
        baseline=_baseline(provider, workload, options),
    )


def _baseline(provider: Provider, workload: Workload, options: BenchOptions) -> SavedRun | None:
    """Refuses a run that asked something else; what the service says of itself is checked when it is asked."""
    named = options.baseline
    if named is None:
        return None
    found = load_baseline(
        named.value,
        last_in=options.report_dir / "ns" / provider.name,
        provider=provider.name,
        workload=workload.name,
        origin=named.origin,
    )
    now = {
        "workload_hash": workload.sha256,
        "seed": workload.seed,
        "definitions_version": DEFINITIONS_VERSION,
        "k": workload.k,
        "max_output_tokens": workload.max_output_tokens,
        "vantage_points": 2 if options.edge and options.order is None else 1,
    }
    if difference := differing(identity_of(found.plan), now):
        raise ConfigError(f"{named.origin}: {found.path} did not measure the same: {difference}")
    return found


def _check_distinct(names: list[str], kind: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two {kind} files have the name {name!r}: results could not be told apart")
