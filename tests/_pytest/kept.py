"""Load processes that a session leaves to the next: to start one takes longer than a run of two requests."""

from types import TracebackType
from typing import ClassVar, Self

from ragmeter.run.processes.workers import Workers, _Process


class KeptWorkers(Workers):
    """Those of the session before, as far as they are enough and have not ended."""

    _idle: ClassVar[list[_Process]] = []

    def __enter__(self) -> Self:
        super().__enter__()
        while self._idle and len(self._processes) < self.count:
            self._processes.append(self._idle.pop())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self._processes:
            if process.child.ended():
                process.sock.close()
                process.child.stop()
            else:
                self._idle.append(process)
        self._processes.clear()

    @classmethod
    def end_all(cls) -> None:
        """End those that no session has."""
        while cls._idle:
            process = cls._idle.pop()
            process.sock.close()
            process.child.stop()
