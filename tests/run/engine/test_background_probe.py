"""A probe beside a load: when it may measure."""

import threading
from collections.abc import Callable

from ragmeter.core.errors import ClusterError
from ragmeter.run.engine.background_probe import OVER, BackgroundProbe

WITHIN_S = 60


def test_it_waits_for_the_load_and_ends_with_it() -> None:
    turns: list[str | None] = []
    ready, first = threading.Event(), threading.Event()

    def probe(turn: Callable[[], str | None]) -> None:
        ready.set()
        turns.append(turn())
        first.set()
        while turns[-1] is None:
            turns.append(turn())

    with BackgroundProbe(probe) as beside:
        assert ready.wait(WITHIN_S)
        assert turns == []
        beside.begin()
        assert first.wait(WITHIN_S)
        assert turns[0] is None
    assert turns[-1] == OVER
    assert beside.failure is None


def test_a_load_that_never_begins_ends_it_too() -> None:
    turns: list[str | None] = []
    with BackgroundProbe(lambda turn: turns.append(turn())):
        pass
    assert turns == [OVER]


def test_what_it_fails_with_is_kept() -> None:
    def probe(_turn: Callable[[], str | None]) -> None:
        raise ClusterError("no cluster")

    with BackgroundProbe(probe) as beside:
        pass
    assert str(beside.failure) == "no cluster"
