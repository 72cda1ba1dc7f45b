"""Secrets in what a server says back: a table of the ways in which one is written, and of what is no echo."""

import base64
import html
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.clients.files import schema
from ragmeter.core.inputs.masking import LEAST_CHARS, Secrets
from ragmeter.core.inputs.provider import Provider, provider_from

KEY = "sk-p/+9\"Q&<it's>\\x=%41e~Zz"
"""With every character that some escape changes."""
SECRETS = Secrets((KEY,))
BASE64 = base64.b64encode(KEY.encode()).decode()
AS = {
    "as it is": KEY,
    "twice": f"{KEY} and {KEY}",
    "Bearer": f"Authorization: Bearer {KEY}",
    "percent": quote(KEY, safe=""),
    "percent, in lower case": quote(KEY, safe="").lower().replace("zz", "Zz").replace("q", "Q"),
    "a form": quote_plus(KEY),
    "percent, twice": quote(quote(KEY, safe=""), safe=""),
    "percent, some": KEY.replace("%", "%25").replace("&", "%26"),
    "JSON": json.dumps(KEY),
    "JSON in JSON": json.dumps({"error": json.dumps({"key": KEY})}),
    "JSON of all code points": "".join(f"\\u{ord(char):04X}" for char in KEY),
    "JSON with its slashes escaped": json.dumps(KEY).replace("/", "\\/"),
    "Python": repr(KEY),
    "Python of all bytes": "".join(f"\\x{ord(char):02x}" for char in KEY),
    "HTML": html.escape(KEY),
    "HTML in decimal": "".join(f"&#{ord(char)};" for char in KEY),
    "HTML in hexadecimal": "".join(f"&#x{ord(char):x};" for char in KEY),
    "HTML of JSON": html.escape(json.dumps(KEY)),
    "HTML, twice": html.escape(html.escape(KEY)),
    "base64": BASE64,
    "base64 of URLs": base64.urlsafe_b64encode(KEY.encode()).decode(),
    "base64 in JSON": json.dumps(BASE64).replace("/", "\\/"),
    "base64 in a URL": quote(BASE64, safe=""),
    "base64 behind 1": base64.b64encode(f"u:{KEY}"[1:].encode()).decode(),
    "base64 behind 2": base64.b64encode(f"u:{KEY}".encode()).decode(),
    "base64 before more": base64.b64encode(f"me:{KEY} and more".encode()).decode(),
    "hex": KEY.encode().hex(),
    "HEX": KEY.encode().hex().upper(),
    "its beginning, cut": f"wrong key {KEY[:12]}…",
    "without its middle": f"wrong key {KEY[:5]}...{KEY[-6:]} was sent",
    "its beginning, cut, before more": f"wrong key {KEY[:12]}... was sent, and not …",
    "its beginning, at the end": f'{{"key": "{KEY[:12]}"',
}


def readings(text: str) -> str:
    """The text and what a reader may make of it."""
    from ragmeter.core.inputs.masking import _unescaped

    return "\n".join([text, *_unescaped(text)])


@pytest.mark.parametrize("way", AS)
def test_secret_is_masked_however_it_is_written(way: str) -> None:
    masked = SECRETS.mask(f"before {AS[way]}")
    assert masked.startswith("before ")
    assert "***" in masked
    said = readings(masked)
    for left in (KEY, KEY[:LEAST_CHARS], BASE64[4:20], KEY.encode().hex()[:16]):
        assert left not in said, masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bearer",
        "true",
        KEY[: LEAST_CHARS - 1],
        f"{KEY[:12]} goes on",
        "100 % \\n &amp; + of %41 \\u0041",
        "\\" * 99,
    ],
)
def test_what_is_no_echo_is_left_as_it_is(text: str) -> None:
    assert SECRETS.mask(text) == text


def test_without_secrets_nothing_is_changed() -> None:
    assert not Secrets()
    assert Secrets().mask(KEY) == KEY
    assert Secrets().mask_all({"a": [KEY]}) == {"a": [KEY]}


def test_all_texts_of_a_document_are_masked_and_nothing_else() -> None:
    document = {KEY: [1, None, True, {"deep": (KEY, "x")}], "n": 1.5}
    assert SECRETS.mask_all(document) == {"***": [1, None, True, {"deep": ("***", "x")}], "n": 1.5}


@given(
    st.text(max_size=300), st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=40)
)
def test_any_secret_is_found_in_any_text(text: str, secret: str) -> None:
    assert secret not in Secrets((secret,)).mask(text + secret + text).replace("***", "\0")


@pytest.mark.parametrize(
    "text", ["%25" * 500, "&amp;" * 300, "\\" * 1600, KEY[:8] * 200, "+" * 1600, BASE64 * 40, "..." * 530]
)
def test_text_that_a_server_makes_long_costs_little(text: str) -> None:
    SECRETS.mask("made once %")
    began = time.process_time()
    SECRETS.mask(text)
    assert time.process_time() - began < 0.25


def made(environment: dict[str, str] | None = None, **keys: object) -> Provider:
    document = {"schema": "provider.v1", "name": "mine", "base_url": "http://host", **keys}
    return provider_from(
        document, path="mine.yaml", environment=environment or {}, base_url=None, schema=schema("provider.v1")
    )


BASIC = "Basic " + base64.b64encode(b"someone:correct horse").decode()


@pytest.mark.parametrize(
    ("headers", "environment", "hidden", "shown"),
    [
        ({"Authorization": "Bearer ${T}"}, {"T": "abcdefgh1"}, ["abcdefgh1"], ["Bearer"]),
        ({"Authorization": "${T}"}, {"T": "Bearer abcdefgh1"}, ["abcdefgh1"], ["Bearer"]),
        ({"Authorization": "Bearer written-here"}, {}, ["written-here"], []),
        ({"authorization": "Bearer ${T:-the-default}"}, {}, ["the-default"], []),
        ({"Authorization": BASIC}, {}, [BASIC[6:], "someone:correct horse", "correct horse"], ["someone"]),
        ({"Cookie": "session=abcdefgh1; theme=dark"}, {}, ["abcdefgh1", "session=abcdefgh1; theme=dark"], ["dark"]),
        ({"X-Api-Key": "abcdefgh1"}, {}, ["abcdefgh1"], []),
        ({"X-Tenant": "${T}"}, {"T": "abcdefgh1"}, ["abcdefgh1"], []),
        ({"X-Tenant": "written-here", "Accept": "text/event-stream"}, {}, [], ["written-here", "text/event-stream"]),
        ({"X-Region": "${R:-written-here}"}, {}, [], ["written-here"]),
        ({"X-Flag": "${F}"}, {"F": "true"}, [], ["true"]),
    ],
)
def test_what_of_headers_is_secret(
    headers: dict[str, str], environment: dict[str, str], hidden: list[str], shown: list[str]
) -> None:
    secrets = made(environment, headers=headers).secrets
    assert {secrets.mask(value) for value in hidden} <= {"***"}
    assert [secrets.mask(value) for value in shown] == shown


def test_a_variable_among_the_arguments_of_the_engine_is_secret() -> None:
    provider = made({"LLM_KEY": "abcdefgh1"}, local={"args": ["--api-key", "${LLM_KEY}", "--dtype", "bfloat16"]})
    assert provider.secrets.mask("--api-key abcdefgh1 --dtype bfloat16") == "--api-key *** --dtype bfloat16"


def test_what_a_shown_key_holds_is_in_the_open() -> None:
    provider = made({"WHERE": "us-central1"}, headers={"X-Region": "${WHERE}"}, region="${WHERE}")
    assert provider.secrets.mask("us-central1") == "us-central1"


@pytest.mark.parametrize(("value", "told"), [("short", 1), ("Bearer short12", 1), ("", 0), ("long-enough", 0)])
def test_credential_that_is_too_short_to_be_masked_is_told(value: str, told: int) -> None:
    provider = made(headers={"X-Api-Key": value, "X-Flag": "on"})
    assert len(provider.notices) == told
    assert not told or provider.notices[0].startswith("mine.yaml: $.headers.X-Api-Key: fewer than 8 characters")


def test_secrets_are_in_no_representation() -> None:
    assert "abcdefgh1" not in repr(made(headers={"X-Api-Key": "abcdefgh1"}))
