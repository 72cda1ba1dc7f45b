"""The one loop that waits for something: when it looks, and when it gives up."""

import time
from collections.abc import Callable

import pytest

from ragmeter.clients.polling import poll


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made; time passes in them alone."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: sum(pauses))
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def nth(number: int) -> Callable[[], str | None]:
    """Finds something at that look, counted from 1."""
    looks: list[None] = []

    def look() -> str | None:
        looks.append(None)
        return "found" if len(looks) == number else None

    return look


@pytest.mark.parametrize(
    ("at_look", "found", "pauses"),
    [(1, "found", []), (2, "found", [2.0]), (4, "found", [2.0, 2.0, 1.0]), (5, None, [2.0, 2.0, 1.0])],
)
def test_it_looks_at_once_after_each_pause_and_at_the_deadline(
    at_look: int, found: str | None, pauses: list[float], clock: list[float]
) -> None:
    assert poll(nth(at_look), every_s=2.0, deadline=5.0) == found
    assert clock == pauses


def test_a_deadline_that_has_passed_still_lets_it_look_once(clock: list[float]) -> None:
    assert poll(nth(1), every_s=1.0, deadline=-1.0) == "found"
    assert poll(nth(2), every_s=1.0, deadline=-1.0) is None
    assert clock == []


def test_without_a_deadline_it_waits_until_there_is_a_reason_not_to(clock: list[float]) -> None:
    assert poll(lambda: None, every_s=1.0, halt=lambda: "enough" if len(clock) == 100 else None) is None
    assert len(clock) == 100


def test_what_the_look_raises_ends_the_wait(clock: list[float]) -> None:
    def look() -> None:
        raise ValueError("hopeless")

    with pytest.raises(ValueError, match="hopeless"):
        poll(look, every_s=1.0)
    assert clock == []


def test_false_is_found(clock: list[float]) -> None:
    assert poll(lambda: False, every_s=1.0) is False
