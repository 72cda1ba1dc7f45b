"""Which tests are live, and with which cases they run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

import pytest

from ragmeter._pytest.hooks.ids import NO_PROVIDER, id_of
from ragmeter._pytest.hooks.keys import left_out_key, session_of
from ragmeter._pytest.hooks.reports import none_of_a_refused_run
from ragmeter._pytest.options.inherited import hint
from ragmeter._pytest.options.unknown import variable_hint

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ragmeter._pytest.session.session import BenchSession
    from ragmeter.core.campaign.case import Case
    from ragmeter.core.inputs.provider import Provider
    from ragmeter.core.requests.figure import Figure
    from ragmeter.core.run.plan import DeclaredSlo

case_fixture = "bench_case"
ask_fixtures = {"ask", "ask_at_once"}
result_fixture = "run_workload"
slo_fixture = "declared_slo"
precision_fixture = "precision"
baseline_fixture = "gated_metric"
reference_fixture = "referenced_metric"
probe_fixture = "probed_provider"
probe_marker = "ew_probe"


class ListingHooks:
    """Of a run with a provider while it collects; registered at configure time, when the session's cases are known."""

    def __init__(self, bench: BenchSession) -> None:
        self._bench = bench

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        with none_of_a_refused_run(session.config):
            return (yield)

    def pytest_report_collectionfinish(self) -> list[str]:
        from ragmeter._pytest.session.plan import notices_of

        return [f"ragmeter: {notice}" for notice in notices_of(self._bench)]


def parametrize(metafunc: pytest.Metafunc) -> None:
    """A live test runs once for every case; one that takes ``slo`` once for every SLO of every case, one that takes
    ``baseline`` or ``reference`` once for every metric that is compared, and one that probes once for every provider.
    """
    session = session_of(metafunc.config)
    if probe_fixture in metafunc.fixturenames:
        providers: Sequence[Provider | None] = session.probes.providers if session else (None,)
        ids = [provider.name if provider else NO_PROVIDER for provider in providers]
        metafunc.parametrize(probe_fixture, providers, ids=ids, indirect=True, scope="session")
    if case_fixture not in metafunc.fixturenames:
        return
    cases: Sequence[Case | None] = session.cases if session else (None,)
    if slo_fixture in metafunc.fixturenames:
        pairs = [(case, slo) for case in cases for slo in _slos(case)]
        ids = [f"{_id(case)}-{id_of(slo.expression if slo else 'no SLO')}" for case, slo in pairs]
        metafunc.parametrize((case_fixture, slo_fixture), pairs, ids=ids, indirect=True, scope="session")
    elif baseline_fixture in metafunc.fixturenames:
        metrics = [(case, key) for case in cases for key in (case.gated if case else ()) or (None,)]
        ids = [f"{_id(case)}-{id_of(str(key) if key else 'no baseline')}" for case, key in metrics]
        metafunc.parametrize((case_fixture, baseline_fixture), metrics, ids=ids, indirect=True, scope="session")
    elif reference_fixture in metafunc.fixturenames:
        metrics = [(case, key) for case in cases for key in _referenced(session, case) or (None,)]
        ids = [f"{_id(case)}-{id_of(str(key) if key else 'no reference')}" for case, key in metrics]
        metafunc.parametrize((case_fixture, reference_fixture), metrics, ids=ids, indirect=True, scope="session")
    else:
        metafunc.parametrize(case_fixture, cases, ids=[_id(case) for case in cases], indirect=True, scope="session")


def _referenced(session: BenchSession | None, case: Case | None) -> Sequence[Figure]:
    from ragmeter._pytest.session.reference import judged_figures

    return () if session is None or case is None else judged_figures(case, session.cases, session.options)


def _slos(case: Case | None) -> Sequence[DeclaredSlo | None]:
    """None for the SLO that is missing, where nobody has written one: the test of it is skipped, or fails if strict."""
    from ragmeter.core.verdicts.error_budget import DEFAULT

    if case is None:
        return (None,)
    return case.slos if any(slo != DEFAULT for slo in case.slos) else (*case.slos, None)


def _id(case: Case | None) -> str:
    return case.id if case else NO_PROVIDER


def live(items: Sequence[pytest.Item]) -> list[pytest.Function]:
    """The tests that measure something."""
    wanted = {case_fixture, probe_fixture}
    return [item for item in items if isinstance(item, pytest.Function) and wanted & {*item.fixturenames}]


def demand_provider(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a provider, drop the live tests of a run that did not ask for them; a mere listing shows them.

    Raises pytest.UsageError when they were asked for: by a path, a node id, -m or -k.
    """
    found = live(items)
    if not found or session_of(config) is not None or config.option.collectonly:
        return
    if config.args_source is pytest.Config.ArgsSource.ARGS or config.option.markexpr or config.option.keyword:
        raise pytest.UsageError(_no_provider_sentence(len(found)))
    config.stash[left_out_key] = len(found)
    config.hook.pytest_deselected(items=found)
    dropped = set(found)
    items[:] = [item for item in items if item not in dropped]


def left_out_notice(config: pytest.Config) -> str | None:
    """A line on the live tests that were dropped; None when none were."""
    count = config.stash.get(left_out_key, 0)
    return f"ragmeter: {_no_provider_sentence(count)}" if count else None


def _no_provider_sentence(count: int) -> str:
    """What a user reads who forgot ``--provider``."""
    from ragmeter.run.plan.catalog import known_sentence

    return (
        f"{count} live tests need --provider=NAME|FILE; {known_sentence('provider')}. "
        f"--provider=local starts a whole RAG service on this machine.{hint(os.environ)}"
        f"{variable_hint(os.environ)}"
    )


def drop_inapplicable(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what cannot say anything: retrieval without labelled prompts, cost without a price sheet, and what is
    compared with a baseline or asked for a precision without one; probes that nobody asked for, since they make pods in
    a cluster; and single requests where only pods send the load: the service need not be reached from here.
    """
    dropped = {item for item in live(items) if not _applies(item)}
    if not _asks_for_probes(config):
        dropped |= {item for item in live(items) if probe_fixture in item.fixturenames}
    session = session_of(config)
    if session is not None and session.options.in_cluster is not None and not session.options.edge:
        dropped |= {item for item in live(items) if ask_fixtures & {*item.fixturenames}}
    if dropped:
        config.hook.pytest_deselected(items=list(dropped))
        items[:] = [item for item in items if item not in dropped]


def _asks_for_probes(config: pytest.Config) -> bool:
    """By marker, by the name of their file, or by --bench-ew; a mere listing shows them."""
    session = session_of(config)
    named = probe_marker in config.option.markexpr or any("east_west" in argument for argument in config.args)
    return named or config.option.collectonly or session is None or session.options.ew != "none"


def probes_apart(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Before any load: its results refer to the probe. After it, where the probe is one of the load's own."""
    session = session_of(config)
    last = session is not None and session.options.ew != "none"
    items.sort(key=lambda item: (probe_fixture in getattr(item, "fixturenames", ())) is last)


def _applies(item: pytest.Function) -> bool:
    case = _case_of(item)
    if case is None:
        return True
    if baseline_fixture in item.fixturenames and not case.gated:
        return False
    if reference_fixture in item.fixturenames and item.callspec.params[reference_fixture] is None:
        return False
    if precision_fixture in item.fixturenames and case.workload.until is None:
        return False
    if item.get_closest_marker("retrieval"):
        return any(prompt.relevant for prompt in case.workload.prompts)
    return case.provider.cost is not None or not item.get_closest_marker("cost")


def _case_of(item: pytest.Function) -> Case | None:
    return cast("Case | None", item.callspec.params.get(case_fixture))


def measured(items: Sequence[pytest.Item]) -> list[Case]:
    """The cases whose result a selected test will ask for."""
    return cases_in([item for item in live(items) if result_fixture in item.fixturenames])


def probed_in(items: Sequence[pytest.Item]) -> list[Provider]:
    """The providers whose cluster is probed: by a selected test, or around the load that one asks for."""
    probes = [item for item in live(items) if probe_fixture in item.fixturenames]
    found = [cast("Provider", item.callspec.params[probe_fixture]) for item in probes]
    session = session_of(items[0].config) if items else None
    if session is not None and session.options.ew != "none":
        found += [case.provider for case in measured(items)]
    return list({provider.name: provider for provider in found}.values())


def cases_in(items: Sequence[pytest.Item]) -> list[Case]:
    """The cases of the selected live tests, in order."""
    found = [_case_of(item) for item in live(items)]
    return list({case.id: case for case in found if case is not None}.values())
