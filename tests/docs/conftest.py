"""Somebody who reads a page and types it: an installed wheel, a service and a cluster that answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragmeter.testing import GroundTruthServer, StreamScript
from tests.docs.reader.environment import readers_environment
from tests.docs.reader.given import CLUSTER
from tests.docs.reader.session import Reader
from tests.run.http_fake import serving


@pytest.fixture(scope="session")
def environment() -> Path:
    return readers_environment()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Quick, and slow enough for the client measurement error to be small beside it."""
    with GroundTruthServer(StreamScript(ttft_ms=40, itl_ms=4, tokens=8), process=True) as running:
        yield running.base_url


@pytest.fixture
def reader(tmp_path: Path, environment: Path, server: str) -> Iterator[Reader]:
    with serving(CLUSTER) as cluster:
        yield Reader(tmp_path, environment, server=server, cluster=cluster.url)
