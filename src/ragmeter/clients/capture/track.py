"""When each byte of a TCP stream could be read, from its segments in the order in which they came. Pure."""

from collections import deque
from heapq import heappop, heappush

_HALF, _WHOLE = 1 << 31, 1 << 32


class ByteTimes:
    """The times of one direction of a connection.

    A byte could be read when it and all before it had arrived: behind a segment that was lost, all wait for its
    repetition. What arrives twice counts the first time. Sequence numbers wrap; offsets, from the first byte of the
    stream on, do not.

    known: how many bytes have times, without a gap, or were taken.
    """

    def __init__(self, first_seq: int) -> None:
        """first_seq: the sequence number of the first byte, which is that of the SYN and one."""
        self._first_seq = first_seq
        self.known = 0
        self._taken = 0
        self._latest_ns = 0
        self._cuts: deque[tuple[int, int]] = deque()
        self._ahead: list[tuple[int, int, int]] = []

    def add(self, seq: int, size: int, at_ns: int) -> None:
        """A segment of ``size`` > 0 bytes."""
        distance = (seq - self._first_seq - self.known) % _WHOLE
        start = self.known + (distance if distance < _HALF else distance - _WHOLE)
        if start > self.known:
            heappush(self._ahead, (start, start + size, at_ns))
            return
        self._extend(start + size, at_ns)
        if self._ahead:
            self._absorb()

    def _absorb(self) -> None:
        """What had arrived ahead of its turn, as far as its turn has come."""
        while self._ahead and self._ahead[0][0] <= self.known:
            _, end, at_ns = heappop(self._ahead)
            self._extend(end, at_ns)

    def _extend(self, end: int, at_ns: int) -> None:
        if end > self.known:
            self.known = end
            self._latest_ns = max(self._latest_ns, at_ns)
            self._cuts.append((end, self._latest_ns))

    def take(self, end: int, now_ns: int) -> list[tuple[int, int, bool]]:
        """The times of the bytes from the last ``end`` to this one: (offset behind the piece, its time, captured).

        From the first byte on whose segment was not captured, although it was read, the time is ``now_ns``.
        """
        pieces: list[tuple[int, int, bool]] = []
        cuts = self._cuts
        while cuts and self._taken < end:
            cut, at_ns = cuts[0]
            self._taken = min(cut, end)
            pieces.append((self._taken, at_ns, True))
            if cut <= end:
                cuts.popleft()
        if self._taken < end:
            self._latest_ns = max(self._latest_ns, now_ns)
            pieces.append((end, self._latest_ns, False))
            self._skip_to(end)
        return pieces

    def _skip_to(self, end: int) -> None:
        self._taken = self.known = end
        self._absorb()
