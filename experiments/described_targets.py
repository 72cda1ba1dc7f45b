"""CPU time of a described target for one event, beside that of the built-in target that reads the same stream.

    python -m experiments.described_targets [--events 2000] [--rounds 15]

Both read one answer of so many text events, each in a read of its own. Of each the least CPU time of all rounds is
taken, which is the one that other processes disturbed least; the rounds of the two take turns.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.described import described_dialect
from ragmeter.clients.answers.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.clients.connection.transport import Exchange
from ragmeter.core.requests.records import Phase
from ragmeter.run.plan.catalog import load_target

LIMIT = 1.2
"""More than that would be a price for being described."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """CPU time of one event in µs."""

    stream: str
    built_in_us: float
    described_us: float

    @property
    def ratio(self) -> float:
        return self.described_us / self.built_in_us


def chunks(events: int) -> Iterator[bytes]:
    """Of a chat completion as vLLM streams it."""
    head = {"id": "chatcmpl-7c1f2a9be0d94c6f", "object": "chat.completion.chunk", "created": 1790000000, "model": "m"}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return f"data: {json.dumps({**head, 'choices': [choice]})}\n\n".encode()

    yield from (chunk({"content": " word"}) for _ in range(events))
    yield chunk({}, "stop")
    usage = {"prompt_tokens": 9, "completion_tokens": events, "total_tokens": events + 9}
    yield f"data: {json.dumps({**head, 'choices': [], 'usage': usage})}\n\ndata: [DONE]\n\n".encode()


def frames(events: int) -> Iterator[bytes]:
    """Of the stream of a RAG backend."""
    token = json.dumps({"text": " word", "n": 1})
    yield from (f"event: token\ndata: {token}\n\n".encode() for _ in range(events))
    done = {"request_id": "r", "token_count": events, "prompt_tokens": 9, "finish_reason": "stop"}
    yield f"event: done\ndata: {json.dumps(done)}\n\n".encode()


def answer(pieces: list[bytes]) -> Exchange:
    return Exchange(
        sent_ns=0,
        status=200,
        headers=(("content-type", "text/event-stream"), ("transfer-encoding", "chunked")),
        chunks=tuple(enumerate(pieces, start=1)),
        earliest_ns=tuple(range(1, len(pieces) + 1)),
        ended_ns=len(pieces) + 1,
        deadline_ns=len(pieces) + 1,
    )


def cpu_us(exchange: Exchange, dialect: Dialect, events: int) -> float:
    begun = time.process_time_ns()
    sample = decode(exchange, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0)
    spent = time.process_time_ns() - begun
    assert sample.output_tokens == events, sample.error_message
    return spent / 1e3 / events


def compare(stream: str, pieces: list[bytes], pair: tuple[Dialect, Dialect], events: int, rounds: int) -> Costs:
    exchange = answer(pieces)
    costs = [[cpu_us(exchange, dialect, events) for dialect in pair] for _ in range(rounds)]
    built_in, described = (min(each) for each in zip(*costs, strict=True))
    return Costs(stream=stream, built_in_us=built_in, described_us=described)


def measured(events: int, rounds: int) -> list[Costs]:
    """A row for each built-in target."""
    values = {"k": 5, "docset": "default", "max_tokens": 64, "model": "m"}
    openai, rag = (
        described_dialect(load_target(name, where="experiment"), values=values)
        for name in ("openai-chat", "query-stream")
    )
    return [
        compare("openai", list(chunks(events)), (OpenAiDialect(model="m"), openai), events, rounds),
        compare("rag", list(frames(events)), (RagDialect(), rag), events, rounds),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    for each in measured(options.events, options.rounds):
        print(f"{each.stream:8} {each.built_in_us:6.2f} µs built in, {each.described_us:6.2f} µs described,", end=" ")
        print(f"ratio {each.ratio:.3f}{'' if each.ratio <= LIMIT else f', above {LIMIT}'}")


if __name__ == "__main__":
    main()
