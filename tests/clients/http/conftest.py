"""A service, and transports with each clock."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from ragmeter.clients.http.client import HttpTransport
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.clients.http.exchanges import TransportTo, closing
from tests.privileges import EACH_CLOCK


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    with GroundTruthServer(StreamScript(ttft_ms=5, itl_ms=1, tokens=5)) as running:
        yield running


@pytest.fixture(params=EACH_CLOCK)
def transport_to(request: pytest.FixtureRequest) -> TransportTo:
    """Opens a transport, with each clock."""

    def to(*base_urls: str, **options: Any) -> contextlib.AbstractAsyncContextManager[HttpTransport]:
        return closing(HttpTransport(base_urls, clock=request.param, **options))

    return to
