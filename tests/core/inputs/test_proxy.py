"""Which proxy leads to a URL, by the key of a provider file, the environment and NO_PROXY."""

import base64

import pytest

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.access.proxy import DIRECT, Proxies, proxies_of
from tests.core.inputs.test_provider import made

HTTP, HTTPS = "http://rag.example.com:8000", "https://rag.example.com"


def proxies(written: str | None, **environment: str) -> Proxies:
    return proxies_of(written, environment, "mine.yaml: $.proxy")


OFFICE = "http://proxy.example.com:3128"
CHOSEN = {
    "no key": (None, {"http_proxy": OFFICE}, None, None),
    "an empty key": ("", {"http_proxy": OFFICE}, None, None),
    "a URL is for both schemes": (OFFICE, {}, OFFICE, OFFICE),
    "a URL outdoes the variables": (OFFICE, {"http_proxy": "http://other:1"}, OFFICE, OFFICE),
    "no scheme and no port": ("proxy.example.com", {}, "http://proxy.example.com:80", "http://proxy.example.com:80"),
    "an address of IPv6": ("http://[::1]:3128", {}, "http://[::1]:3128", "http://[::1]:3128"),
    "nothing in the environment": ("environment", {}, None, None),
    "one of the environment": ("environment", {"https_proxy": OFFICE}, None, OFFICE),
    "small letters first": ("environment", {"http_proxy": OFFICE, "HTTP_PROXY": "http://other:1"}, OFFICE, None),
    "capital letters": ("environment", {"HTTPS_PROXY": OFFICE}, None, OFFICE),
    "all": ("environment", {"ALL_PROXY": OFFICE, "https_proxy": "http://tls:1"}, OFFICE, "http://tls:1"),
    "NO_PROXY holds for a URL, too": (OFFICE, {"NO_PROXY": "example.com"}, None, None),
    "NO_PROXY holds for the environment": ("environment", {"all_proxy": OFFICE, "no_proxy": "*"}, None, None),
}


@pytest.mark.parametrize(("written", "environment", "http", "https"), CHOSEN.values(), ids=CHOSEN)
def test_proxy_is_chosen(written: str | None, environment: dict[str, str], http: str | None, https: str | None) -> None:
    found = proxies(written, **environment)
    assert [via and str(via) for via in (found.to(HTTP), found.to(HTTPS))] == [http, https]


BYPASSED = {
    "example.com": True,
    ".example.com": True,
    "*.example.com": True,
    "RAG.Example.com": True,
    "localhost, rag.example.com": True,
    "rag.example.com:8000": True,
    "rag.example.com:443": False,
    "ample.com": False,
    "com.": True,
    "other.example.com": False,
    "http://rag.example.com": False,
    "rag.example.com:no": False,
    "[": False,
    ".": False,
    "": False,
}


@pytest.mark.parametrize(("listed", "is_bypassed"), BYPASSED.items(), ids=BYPASSED)
def test_host_of_no_proxy_is_reached_without_one(listed: str, is_bypassed: bool) -> None:
    assert (proxies(OFFICE, NO_PROXY=listed).to(HTTP) is None) is is_bypassed


@pytest.mark.parametrize(
    ("listed", "url", "is_bypassed"),
    [
        ("10.0.0.0/8", "http://10.1.2.3", True),
        ("10.0.0.0/8", "http://11.1.2.3", False),
        ("10.0.0.0/8", "http://rag.example.com", False),
        ("127.0.0.1", "http://127.0.0.1:8000", True),
        ("127.0.0.1:9000", "http://127.0.0.1:8000", False),
        ("::1", "http://[::1]:8000", True),
        ("[::1]:8000", "http://[::1]:8000", True),
        ("fd00::/8", "http://10.1.2.3", False),
        ("localhost", "http://127.0.0.1:8000", False),
    ],
)
def test_network_of_no_proxy_is_reached_without_one(listed: str, url: str, is_bypassed: bool) -> None:
    assert (proxies(OFFICE, NO_PROXY=listed).to(url) is None) is is_bypassed


REFUSED = {
    "https://proxy.example.com": "https:// is no proxy that is spoken to",
    "socks5://sesame:sesame@proxy.example.com": "socks5:// is no proxy that is spoken to",
    "http://": "no URL of a proxy",
    "http://sesame:sesame@proxy.example.com/path": "without a path",
    "http://sesame:sesame@proxy.example.com:port": "no URL of a proxy such as http://proxy.example.com:3128",
    "http://[proxy": "no URL of a proxy",
}


@pytest.mark.parametrize(("written", "words"), REFUSED.items(), ids=REFUSED)
def test_proxy_that_cannot_be_is_refused_without_its_credentials(written: str, words: str) -> None:
    for place, choice in (("$.proxy", {}), ("$.proxy: http_proxy", {"http_proxy": written})):
        with pytest.raises(ConfigError) as caught:
            proxies("environment" if choice else written, **choice)
        assert str(caught.value).startswith(f"mine.yaml: {place}: ")
        assert words in str(caught.value)
        assert "sesame" not in str(caught.value)


def test_credentials_are_sent_as_they_were_meant_and_masked_however_they_come_back() -> None:
    written = "a%3Asesame%40of%20the%20proxy"
    mine = made(environment={"PASS": written}, proxy="http://load:${PASS}@proxy.example.com:3128")
    via = mine.proxies.to(HTTP)
    assert via is not None
    assert via.authorization == "Basic " + base64.b64encode(b"load:a:sesame@of the proxy").decode()
    assert "sesame" not in f"{mine!r} {via}"
    for echo in ("a:sesame@of the proxy", written, via.authorization, via.authorization.removeprefix("Basic ")):
        masked = mine.secrets.mask(f"who is {echo}?")
        assert echo not in masked
        assert "sesame" not in masked


def test_choices_that_do_nothing_or_cannot_work_are_said() -> None:
    (notice,) = made(proxy="environment").notices
    assert notice.endswith("it names no proxy (https_proxy, http_proxy, all_proxy), and none is used")
    assert made().proxies == DIRECT
    with pytest.raises(ConfigError, match=r"\$\.http2: through a proxy HTTP/2 needs TLS"):
        made(proxy=OFFICE, http2=True)
