"""A token that is short of a run: got anew while requests are sent, and masked wherever it comes back."""

from collections.abc import Iterator

import pytest

from ragmeter.clients.tokens import held
from tests._pytest.project import Project
from tests.clients.tokens.token_server import SECRET, TokenServer, token_server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenServer]:
    monkeypatch.setattr(held, "_held", {})
    with token_server() as running:
        yield running


def test_requests_have_the_token_that_is_new_while_a_phase_runs(project: Project, server: TokenServer) -> None:
    """Each answer waits for a further token: the third request is sent when the one after the first's is long there."""
    project.env(CLIENT_SECRET=SECRET)
    oauth = {"token_url": f"{server.url}/token", "client_id": "load", "client_secret": "${CLIENT_SECRET}"}
    project.provider(base_url=server.url, target="openai", auth={"oauth": oauth})
    project.workload(model={"model_id": "small"}, benchmark={"requests": 4, "concurrency": 1, "timeout": 90})
    project.suite()
    project.run("--bench-calibrate=off")
    result = project.result()
    assert (result["success"], result["errors"]) == (3, 1)
    first, *_, last = [header.removeprefix("Bearer ") for header in server.asked[:3]]
    assert {first, last} < set(server.issued)
    assert first != last
    kept = "".join(path.read_text(encoding="utf-8", errors="replace") for path in project.reports.rglob("*.*"))
    assert "no entry for ***" in kept
    assert not [secret for secret in (SECRET, *server.issued) if secret in kept]
