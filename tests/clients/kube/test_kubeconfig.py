"""Kubeconfigs as people have them: what is missing, has expired or hangs is a sentence before any call."""

import base64
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ragmeter.clients.kube.api import connected
from ragmeter.clients.tokens import exec_plugin
from ragmeter.clients.tokens.token import Token
from ragmeter.core.errors import ClusterError


def certificate(*, days: int) -> str:
    """A client certificate that ends in so many days, as a kubeconfig has it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "me")])
    ends = datetime.now(UTC) + timedelta(days=days)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, ends - timedelta(days=900), ends)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return base64.b64encode(pem).decode()


def plugin(program: str, **more: Any) -> dict[str, Any]:
    asked = {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": ["-c", program]}
    return {"exec": {**asked, **more}}


GIVES = (
    'print(\'{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "t"}}\')'
)


@pytest.fixture
def used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from kubernetes import config

    monkeypatch.setattr(config.kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    return tmp_path / "config"


def written(path: Path, user: dict[str, Any], **cluster: str) -> None:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "other",
        "clusters": [
            {"name": "far", "cluster": {"server": "https://127.0.0.1:9"}},
            {"name": "c", "cluster": {"server": "http://127.0.0.1:9", **cluster}},
        ],
        "users": [{"name": "nobody", "user": plugin("raise SystemExit('not asked')")}, {"name": "u", "user": user}],
        "contexts": [
            {"name": "other", "context": {"cluster": "far", "user": "nobody"}},
            {"name": "mine", "context": {"cluster": "c", "user": "u"}},
        ],
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")


def refused(context: str = "mine") -> str:
    with pytest.raises(ClusterError) as caught, connected(context, "ns"):
        pass
    return str(caught.value)


def test_of_several_contexts_the_named_one_is_used_and_no_other_is_asked(used: Path) -> None:
    written(used, plugin(GIVES))
    with connected("mine", "ns") as cluster:
        assert cluster.api.configuration.host == "http://127.0.0.1:9"
    assert "known: other, mine" in refused("nowhere")


def test_a_plugin_that_refuses_is_quoted(used: Path) -> None:
    written(used, plugin("import sys; sys.stderr.write('SSO session has expired,\\nrun aws sso login'); sys.exit(255)"))
    said = refused()
    assert "context 'mine': its exec plugin" in said
    assert said.endswith("ended with status 255: SSO session has expired, run aws sso login")


def test_a_plugin_that_hangs_has_a_deadline(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exec_plugin, "TIMEOUT_S", 0.5)
    written(used, plugin("import time; time.sleep(600)"))
    assert refused().endswith("gave no credentials within 0.5 s")


def test_a_plugin_that_is_not_installed_is_named_with_its_hint(used: Path) -> None:
    written(used, {"exec": {"apiVersion": "v1", "command": "no-such-plugin", "installHint": "Install it\nfrom there"}})
    assert refused().endswith("'no-such-plugin' cannot be run: No such file or directory; Install it from there")


def test_a_socks_proxy_names_the_package_that_it_needs(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socks", None)
    written(used, {"token": "t"}, **{"proxy-url": "socks5://me:secret@127.0.0.1:2"})
    said = refused()
    assert "needs the package PySocks: pip install PySocks" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ({"client-certificate-data": certificate(days=-3)}, "its client certificate expired at 20"),
        ({"client-certificate-data": "bm9uZQ=="}, "its client certificate cannot be read"),
        ({"client-certificate": "gone.pem"}, "its client certificate cannot be read"),
    ],
)
def test_a_certificate_that_has_ended_is_named(used: Path, user: dict[str, str], words: str) -> None:
    written(used, user)
    assert words in refused()


def test_a_certificate_that_holds_is_no_error(used: Path) -> None:
    written(used, {"client-certificate-data": certificate(days=3), "token": "t"})
    with connected("mine", "ns"):
        pass


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "- a",
        "text",
        "",
        "a: [",
        "contexts: 1",
        "contexts: [1]",
        "contexts: [{name: mine}]",
        "contexts: [{name: mine, context: 1}]",
        "{contexts: [{name: mine, context: {cluster: c, user: u}}], clusters: {}, users: 3}",
        "{contexts: [{name: mine, context: {cluster: c}}], clusters: [{name: c, cluster: x}], users: []}",
        "\x00",
        "[" * 3000,
    ],
)
def test_what_is_no_kubeconfig_is_a_sentence(used: Path, text: str) -> None:
    used.write_text(text, encoding="utf-8")
    assert refused().startswith("Kubernetes context 'mine': ")


def test_a_plugin_runs_once_and_again_when_its_token_is_about_to_end(
    used: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "runs"
    program = f"""
import json, pathlib
log = pathlib.Path({str(log)!r})
log.open("a").write("run\\n")
status = {{"token": "of run " + str(len(log.read_text().splitlines()))}}
print(json.dumps({{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}}))
"""
    written(used, plugin(program))
    with connected("mine", "ns") as cluster:
        (name,) = cluster.api.configuration.api_key
        key = partial(cluster.api.configuration.get_api_key_with_prefix, name)
        assert (key(), key()) == ("Bearer of run 1",) * 2
        monkeypatch.setattr(Token, "is_fresh", lambda _: False)
        assert key() == "Bearer of run 2"
    assert log.read_text() == "run\n" * 2
