"""A stand-in for the LLM, for the tests of those who ask one."""

from collections.abc import Iterator

import pytest

from tests.backend.fake_llm import FakeLlm


@pytest.fixture(scope="session")
def shared_fake() -> Iterator[FakeLlm]:
    fake = FakeLlm()
    yield fake
    fake.close()


@pytest.fixture
def fake(shared_fake: FakeLlm) -> FakeLlm:
    shared_fake.reset()
    return shared_fake
