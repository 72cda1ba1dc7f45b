"""One request, or a few at once, without load: does the service speak the API?"""

import asyncio
from dataclasses import dataclass, field, replace
from time import monotonic_ns

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.dialects import Dialect
from ragmeter.clients.connection.transport import Exchange
from ragmeter.clients.tokens.held import authorized
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.schedule.phases import trial
from ragmeter.run.load.loader import Loader, dialect_of, fast_loop, transport_of


@dataclass(slots=True)
class _Heard:
    """Keeps what it is told."""

    samples: list[RequestSample] = field(default_factory=list)

    def started(self) -> None: ...

    def ended(self, sample: RequestSample) -> None:
        self.samples.append(sample)


def ask(provider: Provider, workload: Workload) -> RequestSample:
    """The sample of the workload's first prompt, sent alone, from this process.

    Raises TargetError when no connection comes up and KeyboardInterrupt when Ctrl-C ended it.
    """
    with asyncio.Runner(loop_factory=fast_loop) as runner:
        (sample,) = runner.run(ask_at_once(provider, workload, 1))
    return sample


async def ask_at_once(provider: Provider, workload: Workload, count: int) -> list[RequestSample]:
    """The samples of ``count`` requests sent at the same time, each with a prompt and a connection of its own.

    Raises TargetError when no connection comes up.
    """
    once = replace(
        workload,
        shape="closed",
        requests=count,
        concurrency=count,
        rate_per_s=None,
        duration_s=None,
        warmup_requests=0,
        sessions=None,
        leaving=None,
    )
    heard = _Heard()
    loader = Loader(once, authorized(provider), origin_ns=monotonic_ns(), listener=heard)
    try:
        await loader.connect(count)
        for plan in trial(once, 0):
            await loader.prepare(plan).run()
    except TargetError as error:
        raise type(error)(f"{provider.name}: {error}") from error
    finally:
        await loader.aclose()
    return heard.samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One answer as it came, how it is read, and its sample."""

    exchange: Exchange
    dialect: Dialect
    sample: RequestSample


def ask_openly(provider: Provider, workload: Workload, prompt: int = 0) -> Asked:
    """One question on a connection of its own, with all bytes of the answer. prompt: its number in the workload."""
    provider = authorized(provider)
    exchange, dialect = asyncio.run(_exchanged(provider, workload, prompt))
    sample = decode(
        exchange,
        dialect,
        index=prompt,
        phase=Phase.WARMUP,
        prompt_index=prompt,
        scheduled_ns=exchange.sent_ns or 0,
        origin_ns=exchange.sent_ns or 0,
        max_tokens=workload.max_output_tokens,
        secrets=provider.secrets,
    )
    return Asked(exchange=exchange, dialect=dialect, sample=sample)


async def _exchanged(provider: Provider, workload: Workload, prompt: int) -> tuple[Exchange, Dialect]:
    transport, dialect = transport_of(workload, provider), dialect_of(workload, provider)
    deadline_ns = monotonic_ns() + int(workload.timeout_s * 1e9)
    try:
        return await transport.exchange(
            dialect.request(workload.prompts[prompt].text), deadline_ns=deadline_ns
        ), dialect
    finally:
        await transport.aclose()
