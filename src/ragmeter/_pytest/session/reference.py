"""The provider of the session that the others are judged against, block by block."""

from collections.abc import Sequence

from ragmeter._pytest.options.bench_options import BenchOptions
from ragmeter.core.campaign.case import Case
from ragmeter.core.compare.measured import GATED
from ragmeter.core.errors import ConfigError
from ragmeter.core.money.cost import COST_OF_RATE
from ragmeter.core.requests.figure import Figure


def check_reference(options: BenchOptions, cases: Sequence[Case]) -> None:
    """Raises ConfigError for a reference that is not measured in blocks with every other provider."""
    named = options.reference
    if named is None:
        return
    where, providers = f"{named.origin}: {named.value!r}", list(dict.fromkeys(case.provider.name for case in cases))
    if named.value not in providers or len(providers) < 2:
        raise ConfigError(f"{where}: needs two providers, one of them of this name, and not {', '.join(providers)}")
    if options.in_cluster is not None or options.order is not None:
        raise ConfigError(f"{where}: not with --bench-in-cluster, which measures one provider after the other")
    for case in cases:
        if reference_of(case, cases, named.value) is None:
            raise ConfigError(f"{where}: {case.id} asks something else than the reference: they share no block")


def reference_of(case: Case, cases: Sequence[Case], name: str) -> Case | None:
    """The case of the reference that asks the same."""
    return next((other for other in cases if other.provider.name == name and other.asks_like(case)), None)


def judged_figures(case: Case, cases: Sequence[Case], options: BenchOptions) -> tuple[Figure, ...]:
    """What is judged against the reference: all that is compared; costs only with two price sheets. Nothing of the
    reference itself.
    """
    name = options.reference.value if options.reference else None
    home = None if name is None else reference_of(case, cases, name)
    if home is None or case.provider.name == name:
        return ()
    priced = case.provider.cost is not None and home.provider.cost is not None
    return tuple(key for key in GATED if priced or key.metric not in COST_OF_RATE)


def with_references(cases: Sequence[Case], known: Sequence[Case], options: BenchOptions) -> list[Case]:
    """With the references of the cases, which are measured for their sake. known: all of the session."""
    if options.reference is None:
        return list(cases)
    homes = [reference_of(case, known, options.reference.value) for case in cases]
    wanted = {case.id for case in (*cases, *homes) if case is not None}
    return [case for case in known if case.id in wanted]
