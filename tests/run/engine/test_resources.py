"""What campaigns share: started once, and not tried again where that failed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ragmeter.core.campaign.case import Case
from ragmeter.core.campaign.events import Event, Said
from ragmeter.core.errors import LocalServiceError
from ragmeter.core.inputs.provider import LocalSettings, Provider
from ragmeter.run.engine import resources
from ragmeter.run.engine.resources import Resources
from ragmeter.run.local.service import LocalService
from tests.run.cases import provider, workload

LOCAL = provider(
    local=LocalSettings(
        engine="none",
        model=None,
        threads=1,
        parallel=1,
        context_tokens=512,
        context_max_chars=512,
        startup_timeout_s=1.0,
        args=(),
    )
)


class Services:
    """Stands for `local_service`: counts what is started and stopped."""

    def __init__(self, error: LocalServiceError | None = None) -> None:
        self.error, self.started, self.stopped = error, 0, 0

    @contextmanager
    def __call__(
        self, provider: Provider, _settings: LocalSettings, say: Callable[[str], None], *, traces_url: str | None
    ) -> Iterator[LocalService]:
        assert traces_url is None
        self.started += 1
        say("starting")
        if self.error is not None:
            raise self.error
        yield LocalService(provider=provider, children=())
        self.stopped += 1


def test_deployed_service_is_not_started() -> None:
    with Resources([]) as shared:
        assert shared.running(provider()) == provider()
        assert shared.watch(provider())() is None


def test_embedded_service_is_started_once_and_stopped_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    services, events = Services(), list[Event]()
    monkeypatch.setattr(resources, "local_service", services)
    with Resources([], emit=events.append) as shared:
        assert shared.running(LOCAL) == shared.running(LOCAL)
        assert (services.started, services.stopped) == (1, 0)
    assert (services.started, services.stopped) == (1, 1)
    assert events == [Said("starting")]


def test_start_that_failed_fails_again_with_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services(LocalServiceError("no model"))
    monkeypatch.setattr(resources, "local_service", services)
    with Resources([]) as shared:
        for _ in range(2):
            with pytest.raises(LocalServiceError, match="no model"):
                shared.running(LOCAL)
    assert (services.started, services.stopped) == (1, 0)


@pytest.mark.parametrize(("workers", "count"), [(3, 3), (None, 1)])
def test_load_processes_are_as_many_as_asked_for_or_needed(workers: int | None, count: int) -> None:
    cases = [Case(provider=LOCAL, workload=workload(concurrency=5000), slos=())]
    with Resources(cases, workers=workers) as shared:
        assert shared.workers.count == count
        assert shared.workers is shared.workers
