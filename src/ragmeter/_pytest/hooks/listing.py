"""The hooks of a pytest run with a provider while it collects: all there are of one that only lists its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragmeter._pytest.hooks.reports import none_of_a_refused_run
from ragmeter._pytest.session.plan import notices_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from ragmeter._pytest.session.session import BenchSession


class ListingHooks:
    """Registered at configure time, when the session's cases are known."""

    def __init__(self, bench: BenchSession) -> None:
        self._bench = bench

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        with none_of_a_refused_run(session.config):
            return (yield)

    def pytest_report_collectionfinish(self) -> list[str]:
        return [f"ragmeter: {notice}" for notice in notices_of(self._bench)]
