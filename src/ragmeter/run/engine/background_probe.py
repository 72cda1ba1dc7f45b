"""An east-west probe beside a load: it begins with the load and ends with it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Self

from ragmeter.core.errors import RagmeterError

if TYPE_CHECKING:
    from collections.abc import Callable

    Turn = Callable[[], str | None]

OVER: Final = "the load was over before this pair was measured"


class BackgroundProbe:
    """A context manager: ``probe`` runs in a thread, and measures from `begin` to the end of the block.

    probe: is given a function that waits for the load, and says so once it is over. failure: why there is no probe.
    """

    def __init__(self, probe: Callable[[Turn], object]) -> None:
        self.failure: RagmeterError | None = None
        self._probe = probe
        self._begun, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="east-west probe")

    def begin(self) -> None:
        """The load begins: what is measured from here on is measured beside it."""
        self._begun.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Wait for the pods to be gone."""
        self._over.set()
        self._begun.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._probe(self._turn)
        except RagmeterError as error:
            self.failure = error

    def _turn(self) -> str | None:
        self._begun.wait()
        return OVER if self._over.is_set() else None
