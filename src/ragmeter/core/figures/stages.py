"""The stages of one request, as far as somebody told or measured them.

What a backend waits for its LLM server has parts of its own::

    until the first text = network to the LLM + queue of the LLM + prefill + decoding until the first text
                           `- the kernel -'     `--- as the LLM server tells ---'   what remains

Prefill ends with the first token, whose decoding it holds. So the last part is 0 unless tokens came that are no answer
text, such as reasoning. It is a part only where both queue and prefill are told: where one of them is not, all that
nobody told is the rest of the LLM; where neither is, the wait is one stage.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ragmeter.core.requests.records import ServerTimings

Basis: TypeAlias = Literal["server", "client", "probe", "histogram", "bounded", "remainder"]
"""The server reported it, the client's kernel measured it, an east-west probe measured it, a histogram of the LLM
servers has it of exactly these requests, or of more than these, or it is what remains.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One part of the time to first token. low_ms, high_ms: between which the mean lies, where it is ``bounded``."""

    name: str
    label: str
    mean_ms: float
    share_ratio: float
    basis: Basis
    low_ms: float | None = None
    high_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stage of one request, or its mean over several. low_ms, high_ms: as in `Stage`."""

    name: str
    ms: float
    basis: Basis
    low_ms: float | None = None
    high_ms: float | None = None


LABELS: Final[Mapping[str, str]] = {
    "queue": "queue of the backend",
    "embedding": "embedding",
    "retrieval": "retrieval",
    "llm_network": "network to the LLM",
    "llm_queue": "LLM queue",
    "llm_prefill": "LLM prefill",
    "llm_first_decode": "decoding until the first text",
    "llm_rest": "rest of the LLM",
    "llm_first_token": "LLM (queue and prefill)",
    "backend_rest": "rest of the backend",
    "client_network": "client network",
    "unexplained": "unexplained",
}
"""What stages are called, in the order in which a request passes them. Others are called by their names, and stand
before the LLM.
"""
_ORDER: Final = {name: place for place, name in enumerate(LABELS)}
OF_NETWORKS: Final = frozenset({"client_network", "llm_network"})
_BEFORE_LLM: Final = ("queue", "embedding", "retrieval")


def label_of(name: str) -> str:
    return LABELS.get(name, name)


def order_of(name: str) -> int:
    """Where a stage stands in a waterfall."""
    return _ORDER.get(name, _ORDER["retrieval"])


def parts_of(timings: ServerTimings, probe_round_trip_ms: float | None = None) -> list[Part]:
    """What was told of the way to the first text.

    probe_round_trip_ms: between the pods of backend and LLM; it counts where no kernel measured the connection itself.
    """
    return [
        *(_told(name, ms) for name in _BEFORE_LLM if (ms := getattr(timings, f"{name}_ms")) is not None),
        *(_told(name, ms) for name, ms in timings.further),
        *_of_llm(timings, probe_round_trip_ms),
    ]


def _told(name: str, ms: float) -> Part:
    return Part(name=name, ms=ms, basis="server")


def _of_llm(timings: ServerTimings, probe_round_trip_ms: float | None) -> Iterator[Part]:
    whole_ms, network_ms = timings.inference_ttft_ms, timings.llm_network_ms
    own = {"llm_queue": timings.llm_queue_ms, "llm_prefill": timings.llm_prefill_ms}
    told = {name: ms for name, ms in own.items() if ms is not None}
    if network_ms is not None:
        yield _told("llm_network", network_ms)
    elif whole_ms is not None and probe_round_trip_ms is not None:
        network_ms = probe_round_trip_ms
        yield Part(name="llm_network", ms=network_ms, basis="probe")
    yield from (_told(name, ms) for name, ms in told.items())
    if whole_ms is None:
        return
    left_ms = whole_ms - (network_ms or 0.0) - sum(told.values())
    if not told:
        yield _told("llm_first_token", left_ms)
    else:
        name = "llm_first_decode" if len(told) == len(own) else "llm_rest"
        yield Part(name=name, ms=left_ms, basis="remainder")
