"""One request, without load: does the service speak the API?"""

from dataclasses import replace
from time import monotonic_ns

from ragmeter.core.errors import TargetError
from ragmeter.core.provider import Provider
from ragmeter.core.records import Phase, RequestSample
from ragmeter.core.workload import Workload
from ragmeter.run.measure import CTRL_C, Conditions, measure
from ragmeter.run.phases import phases


class Silent:
    """An `Observer` that tells nobody."""

    def phase(self, phase: Phase, total: int) -> None: ...

    def started(self) -> None: ...

    def ended(self, sample: RequestSample) -> None: ...

    def tick(self) -> None: ...


def ask(provider: Provider, workload: Workload) -> RequestSample:
    """The sample of the workload's first prompt, sent alone.

    Raises TargetError when no connection comes up and KeyboardInterrupt when Ctrl-C ended it.
    """
    once = replace(workload, shape="closed", requests=1, concurrency=1, rate_per_s=None, warmup_requests=0, trials=1)
    conditions = Conditions(
        provider=provider,
        origin_ns=monotonic_ns(),
        keep=lambda _sample: None,
        watch=lambda: None,
        observer=Silent(),
    )
    samples, ending = measure(once, phases(once), conditions)
    if ending.reason == CTRL_C:
        raise KeyboardInterrupt
    if not samples:
        raise TargetError(f"{provider.name}: {ending.reason}")
    return samples[0]
