"""Types of the fixtures, for annotations in tests."""

from collections.abc import Callable

from ragmeter._pytest.gate import BaselineCheck, PrecisionCheck, SloCheck
from ragmeter.core.netprobe import Netprobe
from ragmeter.core.provider import Provider
from ragmeter.core.records import RequestSample
from ragmeter.core.result import RunResult
from ragmeter.core.workload import Workload

Ask = Callable[[], RequestSample]
"""``ask``: sends the workload's first prompt once, without load."""

RunNetprobe = Callable[[], Netprobe]
"""``run_netprobe``: the east-west probe of the provider's cluster, made once."""

RunWorkload = Callable[[], RunResult]
"""``run_workload``: the result of the workload on the provider, measured once."""

__all__ = [
    "Ask",
    "BaselineCheck",
    "PrecisionCheck",
    "Provider",
    "RequestSample",
    "RunNetprobe",
    "RunResult",
    "RunWorkload",
    "SloCheck",
    "Workload",
]
