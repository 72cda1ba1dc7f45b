"""Types of the fixtures, for annotations in tests."""

from collections.abc import Awaitable, Callable

from ragmeter._pytest.hooks.gate import BaselineCheck, PrecisionCheck, SloCheck
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.netprobe.document import Netprobe
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.metadata import Source

Ask = Callable[[], RequestSample]
"""``ask``: sends the workload's first prompt once, without load."""

AskAtOnce = Callable[[int], Awaitable[list[RequestSample]]]
"""``ask_at_once``: sends that many requests at the same time, without load; to be awaited."""

RunNetprobe = Callable[[], Netprobe]
"""``run_netprobe``: the east-west probe of the provider's cluster, made once."""

RunWorkload = Callable[[], RunResult]
"""``run_workload``: the result of the workload on the provider, measured once."""

__all__ = [
    "Ask",
    "AskAtOnce",
    "BaselineCheck",
    "PrecisionCheck",
    "Provider",
    "RequestSample",
    "RunNetprobe",
    "RunResult",
    "RunWorkload",
    "SloCheck",
    "Source",
    "Workload",
]
