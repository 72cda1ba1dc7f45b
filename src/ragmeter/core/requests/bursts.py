"""Text that comes in bursts: something between the model and the client held it back.

A language model makes one token after the other; no engine of today needs less than `FLOOR_MS` for one stream. Events
closer than that were not made one after the other but let go together, by a proxy that buffers, by an engine that sends
every n-th step, or by speculative decoding. Time per token and the gaps are then those of the holder-back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from ragmeter.core.requests.addresses import is_loopback
from ragmeter.core.requests.measures import itl_gaps_ms
from ragmeter.core.requests.records import RequestSample

FLOOR_MS = 0.2
"""5,000 tokens a second of one stream."""
MOSTLY = 0.5
"""Share of the gaps below the floor from which on a run is one of bursts."""
MIN_GAPS = 3
"""Of a response: with fewer, two events close to each other are chance."""
LARGE = 16
"""Events of a burst, from which on a buffer is likelier than an engine."""
OF_BURSTS = ("tpot_ms", "tokens_per_s", "itl_ms", "max_gap_ms", "stall_ratio")
"""Metrics that bursts take the meaning from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bursts:
    """requests: with gaps enough to tell. share: of their gaps that are below the floor. sizes: events of each burst.

    whole: how many of the requests came in one burst. is_here: whether the service answers on this machine. is_late:
    whether it was the client that took the times, and it had no processor for them.
    """

    requests: int
    share: float
    sizes: tuple[int, ...]
    whole: int
    is_here: bool = False
    is_late: bool = False

    @property
    def sentence(self) -> str:
        held = f"median {median(self.sizes):g} events each"
        if self.whole == self.requests:
            held = "whole responses at once"
        return (
            f"text came in bursts ({self.share:.0%} of the gaps are below {FLOOR_MS:g} ms; {held}), probably by "
            f"{self.holder}: time per token and gaps are not judged"
        )

    @property
    def holder(self) -> str:
        """What most likely held the text back."""
        if self.is_late:
            shared = " on a machine that the service may share" if self.is_here else ""
            return f"the load generator, which had no processor to read in time{shared}"
        whole = 2 * self.whole >= self.requests or median(self.sizes) >= LARGE
        usual = max(set(self.sizes), key=self.sizes.count)
        even = self.sizes.count(usual) > 0.7 * len(self.sizes)
        if self.is_here:
            made = "a service that answers at once" if whole else _engine(usual, even=even)
            return f"{made}, or by too few processors for the service and the load, which share this machine"
        if whole:
            return "a proxy that buffers responses (nginx: proxy_buffering off)"
        return f"{_engine(usual, even=even)} or a proxy that buffers"


def _engine(usual: int, *, even: bool) -> str:
    return f"an engine that sends every {usual} tokens (stream interval)" if even else "speculative decoding"


def bursts_of(samples: Iterable[RequestSample], *, is_late: bool = False) -> Bursts | None:
    """Of the successes of a phase; None where text came as it was made, or cannot be told from it.

    is_late: as in `Bursts`.
    """
    told = [(sample, own) for sample in samples if sample.ok and len(own := itl_gaps_ms(sample)) >= MIN_GAPS]
    gaps_of = [own for _, own in told]
    if not gaps_of:
        return None
    gaps = np.concatenate(gaps_of)
    if (share := int(np.count_nonzero(gaps < FLOOR_MS)) / gaps.size) < MOSTLY:
        return None
    bursts = [_sizes(of_one.tolist()) for of_one in gaps_of]
    return Bursts(
        requests=len(gaps_of),
        share=share,
        sizes=tuple(size for sizes in bursts for size in sizes),
        whole=sum(len(sizes) == 1 for sizes in bursts),
        is_here=all(sample.server_address and is_loopback(sample.server_address) for sample, _ in told),
        is_late=is_late,
    )


def _sizes(gaps: Sequence[float]) -> list[int]:
    """Events of each burst: a gap above the floor begins the next."""
    bounds = [0, *(place for place, gap in enumerate(gaps, start=1) if gap >= FLOOR_MS), len(gaps) + 1]
    return [end - begin for begin, end in pairwise(bounds)]


def unjudged(samples: Iterable[RequestSample], *, is_late: bool = False) -> dict[str, str]:
    """The metrics that a phase cannot judge, and why. is_late: as in `Bursts`."""
    found = bursts_of(samples, is_late=is_late)
    return {} if found is None else dict.fromkeys(OF_BURSTS, found.sentence)
