"""A service that is ready, a fake cluster, and runs of benchmarks in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.benchmarks.runs import Runs
from tests.backend.benchmarks.fake_runs import (
    CORE,
    INFO,
    runs_on,
)
from tests.backend.fake_kube import FakeKube
from tests.run.http_fake import Answer, serving


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """The URL of a service that is ready, with two docsets."""
    with serving({"/readyz": Answer(), "/info": Answer(body=INFO)}) as fake:
        yield fake.url


@pytest.fixture
def cluster() -> Iterator[FakeKube]:
    fake = FakeKube()
    fake.add(f"{CORE}/serviceaccounts", {"metadata": {"name": "rag-benchmark"}})
    yield fake
    fake.close()


@pytest.fixture
def runs(cluster: FakeKube, target: str) -> Runs:
    return runs_on(cluster.url, BENCH_TARGET_URL=target)
