"""What the ground-truth server tells of its streams in the names of vLLM: what the scripts say, nothing measured."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from ragmeter.testing.frames import MODEL_ID
from ragmeter.testing.script import Contract, StreamScript

_BOUNDS_S: Final = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56)
_HISTOGRAMS: Final = (
    "vllm:request_queue_time_seconds",
    "vllm:request_prefill_time_seconds",
    "vllm:time_to_first_token_seconds",
)
_LABELS: Final = f'engine="0",model_name="{MODEL_ID}"'


@dataclass(slots=True)
class Ledger:
    """queued: the ids of streams that wait; running: how many are played now. The others are of those that ended."""

    queued: set[str] = field(default_factory=set)
    running: int = 0
    prompt_tokens: int = 0
    generation_tokens: int = 0
    values_s: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in _HISTOGRAMS})

    @contextmanager
    def playing(self, request_id: str, script: StreamScript, contract: Contract) -> Iterator[None]:
        """A stream that waited is played; what it has told is counted when it is played to its end."""
        self.queued.discard(request_id)
        self.running += 1
        try:
            yield
            self._ended(script, contract)
        finally:
            self.running -= 1

    def _ended(self, script: StreamScript, contract: Contract) -> None:
        times = script.llm_times_ms(contract)
        self.prompt_tokens += script.prompt_tokens
        self.generation_tokens += script.tokens
        for name, ms in zip(_HISTOGRAMS, (times.queue, times.prefill, times.queue + times.prefill), strict=True):
            self.values_s[name].append(ms / 1000)

    def page(self) -> str:
        """Prometheus text."""
        lines = [
            f"vllm:num_requests_running{{{_LABELS}}} {self.running}",
            f"vllm:num_requests_waiting{{{_LABELS}}} {len(self.queued)}",
            f"vllm:prompt_tokens_total{{{_LABELS}}} {self.prompt_tokens}",
            f"vllm:generation_tokens_total{{{_LABELS}}} {self.generation_tokens}",
        ]
        for name, values in self.values_s.items():
            counts = [(f"{bound:g}", sum(value <= bound for value in values)) for bound in _BOUNDS_S]
            lines += [
                f'{name}_bucket{{{_LABELS},le="{bound}"}} {count}' for bound, count in (*counts, ("+Inf", len(values)))
            ]
            lines += [f"{name}_sum{{{_LABELS}}} {sum(values)!r}", f"{name}_count{{{_LABELS}}} {len(values)}"]
        return "\n".join(lines) + "\n"
