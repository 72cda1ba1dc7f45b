"""Times of one request, kept as numbers and not as objects: a run has millions of them."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Moments(Sequence[int]):
    """Clock readings in ns, which read as a tuple of them does and equal it. Eight bytes each.

    Raises ValueError for one that has more than 64 bits.
    """

    __slots__ = ("_ns",)

    def __init__(self, moments_ns: Iterable[int]) -> None:
        try:
            self._ns = array("q", moments_ns)
        except OverflowError as error:
            raise ValueError(f"a moment in ns has 64 bits: {error}") from error

    @property
    def ns(self) -> "NDArray[np.int64]":
        """As an array, which shares their memory."""
        import numpy as np  # not before it is needed: a session that measures nothing has no use for it

        return np.asarray(self._ns)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[int, ...]: ...
    def __getitem__(self, place: int | slice) -> int | tuple[int, ...]:
        return tuple(self._ns[place]) if isinstance(place, slice) else self._ns[place]

    def __len__(self) -> int:
        return len(self._ns)

    def __iter__(self) -> Iterator[int]:
        return iter(self._ns)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Moments):
            return self._ns == other._ns
        return tuple(self._ns) == other

    def __hash__(self) -> int:
        return hash(tuple(self._ns))

    def __repr__(self) -> str:
        return repr(tuple(self._ns))

    def __reduce__(self) -> tuple[Any, ...]:
        return Moments, (self._ns,)
