"""One observation for all tests of the dashboards."""

from collections.abc import Iterator

import pytest

from tests.grafana.observation import Observation, observation


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observation]:
    with observation(tmp_path_factory.mktemp("observation")) as seen:
        yield seen
