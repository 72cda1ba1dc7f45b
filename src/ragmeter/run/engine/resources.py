"""What campaigns share: embedded services, load processes and an observer, started at their first use and stopped at
the end.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from ragmeter.core.campaign.case import Case
from ragmeter.core.campaign.events import Emit, saying, unheard
from ragmeter.core.errors import RagmeterError
from ragmeter.core.inputs.provider import LocalSettings, Provider
from ragmeter.run.local.service import LocalService, local_service
from ragmeter.run.processes.observing import Observer
from ragmeter.run.processes.receiving import Receiver
from ragmeter.run.processes.workers import Workers, worker_count


class Resources:
    """A context manager, or to be closed."""

    def __init__(
        self,
        cases: Sequence[Case],
        *,
        workers: int | None = None,
        emit: Emit = unheard,
        receiver: Receiver | None = None,
    ) -> None:
        """cases: all that may be measured. workers: load processes; None for as many as the largest load needs.
        receiver: of spans, which is started; None where none are received.
        """
        self.receiver = receiver
        self._cases = cases
        self._count = workers
        self._emit = emit
        self._stack = ExitStack()
        self._workers: Workers | None = None
        self._observer: Observer | None = None
        self._services: dict[str, LocalService] = {}
        self._failures: dict[str, RagmeterError] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop every process that was started."""
        self._stack.close()

    def running(self, provider: Provider) -> Provider:
        """The provider with the URL of its running service, which is started here if it is an embedded one.

        Raises LocalServiceError; one that failed is not tried again.
        """
        if provider.local is None:
            return provider
        if provider.name in self._failures:
            raise self._failures[provider.name]
        if provider.name not in self._services:
            self._start(provider, provider.local)
        return self._services[provider.name].provider

    def _start(self, provider: Provider, settings: LocalSettings) -> None:
        traces_url = None if self.receiver is None else self.receiver.url
        starting = local_service(provider, settings, saying(self._emit), traces_url=traces_url)
        try:
            self._services[provider.name] = self._stack.enter_context(starting)
        except RagmeterError as error:
            self._failures[provider.name] = error
            raise

    def watch(self, provider: Provider) -> Callable[[], str | None]:
        """A function that says how the embedded service of the provider has ended, once it has."""
        service = self._services.get(provider.name)
        return service.ended if service else lambda: None

    @property
    def workers(self) -> Workers:
        """The load processes: enough for the largest of the loads."""
        if self._workers is None:
            self._workers = self._stack.enter_context(Workers(self._count or self._needed()))
        return self._workers

    @property
    def observer(self) -> Observer:
        """The process that reads the metrics of servers."""
        if self._observer is None:
            self._observer = self._stack.enter_context(Observer())
        return self._observer

    def _needed(self) -> int:
        cores = os.cpu_count() or 1
        return max(worker_count(c.workload, embedded=c.provider.local is not None, cores=cores) for c in self._cases)
