"""One request, without load: does the service speak the API?"""

import asyncio
from dataclasses import dataclass, field, replace
from time import monotonic_ns

from ragmeter.core.errors import TargetError
from ragmeter.core.provider import Provider
from ragmeter.core.records import Phase, RequestSample
from ragmeter.core.workload import Workload
from ragmeter.run.loader import Loader, fast_loop
from ragmeter.run.phases import trial


class Silent:
    """An `Observer` that tells nobody."""

    def phase(self, phase: Phase, total: int) -> None: ...

    def started(self) -> None: ...

    def ended(self, sample: RequestSample) -> None: ...

    def tick(self) -> None: ...


@dataclass(slots=True)
class _Only(Silent):
    """Keeps what it is told."""

    samples: list[RequestSample] = field(default_factory=list)

    def ended(self, sample: RequestSample) -> None:
        self.samples.append(sample)


def ask(provider: Provider, workload: Workload) -> RequestSample:
    """The sample of the workload's first prompt, sent alone, from this process.

    Raises TargetError when no connection comes up and KeyboardInterrupt when Ctrl-C ended it.
    """
    with asyncio.Runner(loop_factory=fast_loop) as runner:
        return runner.run(_ask(provider, workload))


async def _ask(provider: Provider, workload: Workload) -> RequestSample:
    once = replace(workload, shape="closed", requests=1, concurrency=1, rate_per_s=None, warmup_requests=0)
    heard = _Only()
    loader = Loader(once, provider, origin_ns=monotonic_ns(), listener=heard)
    try:
        await loader.connect(1)
        for plan in trial(once, 0):
            await loader.prepare(plan).run()
    except TargetError as error:
        raise TargetError(f"{provider.name}: {error}") from error
    finally:
        await loader.aclose()
    return heard.samples[0]
