import pytest

from ragmeter.core.errors import ConfigError
from ragmeter.core.urls import checked_base_url, checked_trace_url, is_web_address, trace_link, unused_proxy


@pytest.mark.parametrize(
    ("url", "base", "path"),
    [
        ("http://rag:8000", "http://rag:8000", None),
        ("http://rag:8000/", "http://rag:8000", None),
        ("http://rag/api", "http://rag/api", None),
        ("http://rag/query", "http://rag/query", None),
        ("http://rag/query/streams", "http://rag/query/streams", None),
        ("http://rag/query/stream", "http://rag", "/query/stream"),
        ("http://rag/api/query/stream", "http://rag/api", "/query/stream"),
        ("http://rag:8000/query/stream/", "http://rag:8000", "/query/stream"),
        ("https://llm/v1", "https://llm/v1", None),
        ("https://llm/v1/chat/completions", "https://llm", "/v1/chat/completions"),
        ("https://gate/llm/v1/chat/completions", "https://gate/llm", "/v1/chat/completions"),
        (None, None, None),
        ("", None, None),
    ],
)
def test_the_path_of_an_endpoint_is_no_part_of_a_base_url(url: str | None, base: str | None, path: str | None) -> None:
    found, notices = checked_base_url(url, "file")
    assert found == base
    said = (
        ()
        if path is None
        else (f"file: {str(url).rstrip('/')!r} is read as {base!r}: {path} is added to each request",)
    )
    assert notices == said


@pytest.mark.parametrize(
    "url",
    [
        "https://tracer.example/trace/{trace_id}",
        "http://127.0.0.1:16686/trace/{trace_id}",
        "https://grafana.example/explore?left=%7B%22query%22:%22{trace_id}%22%7D",
        "https://tracer.example/#/traces/{trace_id}",
    ],
)
def test_an_address_of_a_tracer_stays_as_it_is(url: str) -> None:
    assert checked_trace_url(url, "file") == url


@pytest.mark.parametrize("url", [None, ""])
def test_no_address_is_none(url: str | None) -> None:
    assert checked_trace_url(url, "file") is None


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("javascript:alert('{trace_id}')", "is not a URL such as https://tracer.example/trace/{trace_id}"),
        ("/trace/{trace_id}", "is not a URL such as"),
        ("https://tracer.example:99999/{trace_id}", "Port out of range"),
        ("https://[tracer/{trace_id}", "Invalid IPv6 URL"),
        ("https://me:secret@tracer.example/{trace_id}", "credentials is not allowed: it stands in every report"),
        ("https://tracer.example/trace/", "has no {trace_id}, which is where the trace's id goes"),
        ("https://tracer.example/{span_id}/{trace_id}", "the only placeholder is {trace_id}, behind the host"),
        ("https://{trace_id}.tracer.example/{trace_id}", "the only placeholder is {trace_id}, behind the host"),
        ('https://tracer.example/{trace_id}"onclick', "has a character that a URL must escape"),
        ("https://tracer.example/{trace_id} x", "has a character that a URL must escape"),
        ("https://trácer.example/{trace_id}", "has a character that a URL must escape"),
    ],
)
def test_a_wrong_address_is_one_sentence_that_names_the_place(url: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_trace_url(url, "mine.yaml: $.trace_url")
    assert str(caught.value).startswith("mine.yaml: $.trace_url: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("host", ["tracer.example", "tracer.example:99999"])
def test_credentials_of_a_refused_address_are_not_repeated(host: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_trace_url(f"https://me:secret@{host}/{{trace_id}}", "file")
    assert "secret" not in str(caught.value)


def test_an_id_from_a_server_cannot_leave_its_place() -> None:
    link = trace_link("https://tracer.example/trace/{trace_id}", '../admin?x="y"&{trace_id}')
    assert link == "https://tracer.example/trace/..%2Fadmin%3Fx%3D%22y%22%26%7Btrace_id%7D"


@pytest.mark.parametrize(
    ("url", "linked"),
    [("https://a/b", True), ("HTTP://a", True), ("javascript:alert(1)", False), ("//a", False), ("http://[", False)],
)
def test_only_addresses_of_the_web_are_linked(url: str, *, linked: bool) -> None:
    assert is_web_address(url) is linked


@pytest.mark.parametrize(
    ("scheme", "environment", "named"),
    [
        ("http", {"HTTP_PROXY": "http://proxy:3128"}, "HTTP_PROXY"),
        ("http", {"http_proxy": "http://proxy:3128"}, "http_proxy"),
        ("https", {"HTTPS_PROXY": "http://proxy:3128"}, "HTTPS_PROXY"),
        ("https", {"ALL_PROXY": "socks5://proxy"}, "ALL_PROXY"),
        ("https", {"HTTP_PROXY": "http://proxy:3128"}, None),
        ("http", {"HTTP_PROXY": ""}, None),
        ("http", {}, None),
    ],
)
def test_a_proxy_that_others_would_use_is_named_as_unused(
    scheme: str, environment: dict[str, str], named: str | None
) -> None:
    hint = unused_proxy(scheme, environment)
    assert hint == "" if named is None else hint.startswith(f" ({named} is set and not used: ")
