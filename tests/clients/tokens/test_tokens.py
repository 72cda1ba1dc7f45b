"""Tokens of programs and of servers: got once, got anew in time, and a sentence where there is none."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragmeter.clients.tokens import exec_plugin, held
from ragmeter.clients.tokens.exec_plugin import NoCredential, run_plugin
from ragmeter.clients.tokens.oauth import fetch
from ragmeter.core.errors import ConfigError, TargetError
from ragmeter.core.inputs.access.auth import API_VERSION, Auth, ExecPlugin, OAuthClient, auth_of
from ragmeter.core.inputs.access.tls import OF_THE_SYSTEM
from ragmeter.core.inputs.provider import Provider
from tests.clients.tokens.token_server import SECRET, TokenServer, token_server
from tests.run.cases import provider


def credential(**status: str) -> str:
    return json.dumps({"apiVersion": API_VERSION, "kind": "ExecCredential", "status": status})


def printing(words: str, *, ends: int = 0, log: Path | None = None) -> ExecPlugin:
    """A program that prints this. log: gets a line for each of its runs."""
    noting = "" if log is None else f"open({str(log)!r}, 'a').write('run\\n');"
    program = f"import sys; {noting} print({words!r}); sys.stderr.write('log in\\nfirst'); sys.exit({ends})"
    return ExecPlugin(command=sys.executable, args=("-c", program))


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "_held", {})


@pytest.fixture(scope="module")
def server() -> Iterator[TokenServer]:
    with token_server() as running:
        yield running


def test_program_is_given_its_environment_and_no_shell() -> None:
    program = (
        "import json, os, sys; asked = json.loads(os.environ['KUBERNETES_EXEC_INFO'])['apiVersion'];"
        "status = {'token': sys.argv[1] + os.environ['MINE']};"
        "print(json.dumps({'apiVersion': asked, 'kind': 'ExecCredential', 'status': status}))"
    )
    plugin = ExecPlugin(command=sys.executable, args=("-c", program, "$(id); "), env=(("MINE", "my own"),))
    token = run_plugin(plugin)
    assert (token.value, token.expires, token.is_fresh()) == ("$(id); my own", None, True)


BROKEN: dict[str, tuple[ExecPlugin, str]] = {
    "refuses": (printing("", ends=3), "ended with status 3: log in first"),
    "no JSON": (printing("sesame-open-up"), "printed no JSON; wanted is an ExecCredential"),
    "another kind": (printing('{"kind": "Secret"}'), "printed JSON that is no ExecCredential"),
    "no object": (printing("[1]"), "printed JSON that is no ExecCredential"),
    "another version": (
        printing('{"kind": "ExecCredential", "apiVersion": "v7"}'),
        "of apiVersion 'v7'; asked for was",
    ),
    "nothing in it": (printing(credential()), "with neither a token nor a certificate"),
    "has expired": (
        printing(credential(token="t", expirationTimestamp="2020-01-01T00:00:00Z")),
        "printed a credential that expired at 2020-01-01T00:00:00+00:00",
    ),
    "no time": (printing(credential(token="t", expirationTimestamp="soon")), "that is no time of RFC 3339"),
    "not there": (
        ExecPlugin(command="no-such-program", install_hint="Get\nit"),
        "cannot be run: No such file or directory; Get it",
    ),
}


@pytest.mark.parametrize(("plugin", "words"), BROKEN.values(), ids=BROKEN)
def test_program_without_a_credential_is_a_sentence_that_does_not_repeat_what_it_printed(
    plugin: ExecPlugin, words: str
) -> None:
    with pytest.raises(NoCredential) as caught:
        run_plugin(plugin)
    assert words in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_program_that_hangs_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exec_plugin, "TIMEOUT_S", 0.5)
    with pytest.raises(NoCredential, match=r"gave no credentials within 0\.5 s"):
        run_plugin(ExecPlugin(command=sys.executable, args=("-c", "import time; time.sleep(600)")))


def client(server: TokenServer, path: str = "/token", **changed: Any) -> OAuthClient:
    asked = {"client_id": "load", "client_secret": SECRET, "scope": "ask", "audience": "rag", **changed}
    return OAuthClient(token_url=f"{server.url}{path}", **asked)


def test_token_server_is_asked_as_the_standard_has_it(server: TokenServer) -> None:
    token = fetch(client(server), OF_THE_SYSTEM)
    assert token.value == server.issued[-1]
    assert server.forms[-1] == {"grant_type": ["client_credentials"], "scope": ["ask"], "audience": ["rag"]}
    assert token.expires is not None
    assert (token.expires - token.got).total_seconds() == server.lasts_s


@pytest.mark.parametrize(
    ("path", "changed", "words"),
    [
        ("/token", {"client_secret": "not the secret"}, "refused with HTTP 401: invalid_client: who is that?"),
        ("/nowhere", {}, "refused with HTTP 404"),
        ("/page", {}, "answered without an access_token"),
        ("/mac", {}, "gave a token of the type 'mac'; known is Bearer"),
        ("/odd", {}, "answered with an expires_in that is no number of seconds"),
    ],
)
def test_token_server_without_a_token_is_a_sentence(
    server: TokenServer, path: str, changed: dict[str, str], words: str
) -> None:
    with pytest.raises(NoCredential) as caught:
        fetch(client(server, path, **changed), OF_THE_SYSTEM)
    assert words in str(caught.value)


def let_in(auth: Auth) -> Provider:
    return held.authorized(provider("http://127.0.0.1:1", auth=auth))


def test_token_is_got_once_until_it_is_about_to_expire(tmp_path: Path) -> None:
    for_ever, short = tmp_path / "for ever", tmp_path / "short"
    lasting = printing(credential(token="lasting-token"), log=for_ever)
    ending = printing(credential(token="ending-token", expirationTimestamp="2999-01-01T00:00:00Z"), log=short)
    for auth, log in ((lasting, for_ever), (ending, short)):
        found = [let_in(auth) for _ in range(3)]
        assert len({each.headers["Authorization"] for each in found}) == 1
        assert log.read_text() == "run\n"
        assert found[0].auth is None, "load processes get the token alone"
        assert "-token" not in found[0].secrets.mask(found[0].headers["Authorization"])
    assert held.renewal_s(provider("http://127.0.0.1:1", auth=lasting)) is None
    assert (held.renewal_s(provider("http://127.0.0.1:1", auth=ending)) or 0) > 1e9


def test_token_that_is_not_there_is_named_with_its_file() -> None:
    with pytest.raises(TargetError, match=r"mine\.yaml: \$\.auth\.exec: 'no-such-program' cannot be run"):
        let_in(ExecPlugin(command="no-such-program"))
    pair = printing(credential(clientCertificateData="pem", clientKeyData="pem"))
    with pytest.raises(TargetError, match="a certificate was printed, and no token"):
        let_in(pair)


def test_header_has_one_origin() -> None:
    with pytest.raises(ConfigError, match=r"mine\.yaml: \$\.auth: sets the header .*\$\.headers\.authorization has"):
        auth_of({"exec": {"command": "x"}}, {"authorization": "Bearer x"}, "mine.yaml")
