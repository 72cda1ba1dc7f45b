"""Which tests are live, and with which cases they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragmeter._pytest.keys import session_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmeter._pytest.cases import Case

case_fixture = "bench_case"
slo_fixture = "declared_slo"


def parametrize(metafunc: pytest.Metafunc) -> None:
    """A live test runs once for every case, one that takes ``slo`` once for every SLO of every case."""
    if case_fixture not in metafunc.fixturenames:
        return
    session = session_of(metafunc.config)
    cases: Sequence[Case | None] = session.cases if session else (None,)
    if slo_fixture in metafunc.fixturenames:
        pairs = [(case, slo) for case in cases for slo in (case.slos if case else ()) or (None,)]
        ids = [f"{_id(case)}-{slo.expression if slo else 'no SLO'}" for case, slo in pairs]
        metafunc.parametrize((case_fixture, slo_fixture), pairs, ids=ids, indirect=True, scope="session")
    else:
        metafunc.parametrize(case_fixture, cases, ids=[_id(case) for case in cases], indirect=True, scope="session")


def _id(case: Case | None) -> str:
    return case.id if case else "no provider"


def live(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests that measure something."""
    return [item for item in items if isinstance(item, pytest.Function) and case_fixture in item.fixturenames]


def demand_provider(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a provider, drop the live tests of a run that did not ask for them.

    Raises pytest.UsageError when they were asked for: by a path, a node id, -m or -k.
    """
    found = live(items)
    if not found or session_of(config) is not None:
        return
    asked = config.args_source is pytest.Config.ArgsSource.ARGS or config.option.markexpr or config.option.keyword
    if asked and not config.option.collectonly:
        raise pytest.UsageError(no_provider_sentence(len(found)))
    config.hook.pytest_deselected(items=found)
    items[:] = [item for item in items if item not in found]


def no_provider_sentence(count: int) -> str:
    """What a user reads who forgot ``--provider``."""
    from ragmeter.run.catalog import known_sentence

    return (
        f"{count} live tests need --provider=NAME|FILE; {known_sentence('provider')}. "
        "--provider=local starts a whole RAG service on this machine."
    )


def cases_in(items: Sequence[pytest.Item]) -> list[Case]:
    """The cases of the selected live tests, in order."""
    found = [item.callspec.params[case_fixture] for item in live(items) if isinstance(item, pytest.Function)]
    distinct: dict[str, Case] = {case.id: case for case in found if case is not None}
    return list(distinct.values())
