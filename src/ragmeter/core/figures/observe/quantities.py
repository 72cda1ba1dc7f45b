"""What servers tell, by our names, whatever each of them calls it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["gauge", "counter", "histogram"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """unit: after the factor of a family's table is applied. fold: what one value is made of those of several engines.

    A counter begins at 0 with its server and never falls while that runs.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    fold: Literal["sum", "max"] = "sum"


def _gauge(name: str, unit: str, meaning: str, fold: Literal["sum", "max"] = "sum") -> Quantity:
    return Quantity(name=name, kind="gauge", unit=unit, meaning=meaning, fold=fold)


def _counter(name: str, unit: str, meaning: str) -> Quantity:
    return Quantity(name=name, kind="counter", unit=unit, meaning=meaning)


def _histogram(name: str, unit: str, meaning: str) -> Quantity:
    return Quantity(name=name, kind="histogram", unit=unit, meaning=meaning)


_ALL = (
    _gauge("llm_running", "requests", "Requests that the LLM server works on."),
    _gauge("llm_waiting", "requests", "Requests that wait in the LLM server's queue."),
    _gauge("kv_cache_usage_ratio", "ratio", "Share of the KV cache in use, of the fullest engine.", "max"),
    _gauge("service_running", "requests", "Requests that the RAG service works on."),
    _gauge("started_s", "s", "When the process started, by the wall clock of its machine.", "max"),
    _counter("prompt_tokens", "tokens", "Tokens of prompts."),
    _counter("generation_tokens", "tokens", "Tokens of answers, those that nobody received included."),
    _counter("prefix_asked_tokens", "tokens", "Tokens of prompts that were looked up in the prefix cache."),
    _counter("prefix_hit_tokens", "tokens", "Those of them that were found."),
    _counter("preemptions", "preemptions", "Requests that lost their place in the batch, and their KV cache."),
    _histogram("llm_queue_ms", "ms", "Wait of a request in the LLM server's queue."),
    _histogram("llm_prefill_ms", "ms", "Prefill of a request."),
    _histogram("llm_ttft_ms", "ms", "From the arrival of a request at the LLM server to its first token."),
    _histogram("llm_decode_ms", "ms", "Decode of a request."),
    _histogram("llm_batch_tokens", "tokens", "Tokens of one step of the engine: its batch."),
)

QUANTITIES: Mapping[str, Quantity] = MappingProxyType({each.name: each for each in _ALL})
