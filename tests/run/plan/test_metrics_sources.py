"""Which metrics pages are read: those of the provider file, else those that are found and tell something."""

import re
from typing import Any

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.errors import RagmeterError
from ragmeter.core.inputs.provider import Provider, provider_from
from ragmeter.core.inputs.workload import workload_from
from ragmeter.run.plan import metrics_sources as metrics_sources_module
from ragmeter.run.plan.metrics_sources import FoundSources, metrics_sources
from tests.run.http_fake import Answer, serving

LLAMA = {"/metrics": Answer(body="llamacpp:requests_processing 2\n")}
BACKEND = "rag_inflight_requests 0\n"
MODEL = {"model": {"model_id": "m"}}


def provider(**keys: Any) -> Provider:
    document = {"schema": "provider.v1", "name": "mine", "base_url": "http://127.0.0.1:1", **keys}
    return provider_from(document, path="mine.yaml", environment={}, base_url=None, schema=schema("provider.v1"))


def found(target: str = "rag", **keys: Any) -> FoundSources:
    load = {"requests": 1, "concurrency": 1}
    document = {"schema": "workload.v1", "name": "w", "target": target, "benchmark": load, "prompts": ["why?"]} | MODEL
    workload = workload_from(document, path="w.yaml", prompts=(), settings=(), schema=schema("workload.v1"))
    return metrics_sources(provider(**keys), workload)


def urls(at: FoundSources) -> list[str]:
    return [source.url for source in at.sources]


def test_auto_finds_the_service_and_the_llm_that_its_info_names() -> None:
    with serving(LLAMA) as llm:
        told = {"/metrics": Answer(body=BACKEND), "/info": Answer(body={"llm": {"base_url": llm.url}})}
        with serving(told) as service:
            headers = {"authorization": "Bearer s3cret-token"}
            at = found(base_url=service.url, headers=headers)
            assert urls(at) == [f"{service.url}/metrics", f"{llm.url}/metrics"]
            assert at.notes == ()
            assert [dict(source.headers) for source in at.sources] == [headers, {}]
        assert all("authorization" not in asked for _, asked in llm.asked), "headers go to the service alone"


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"llm": None},
        {"llm": {"base_url": 5}},
        {"llm": {"base_url": "file:///etc/passwd"}},
        {"llm": {"base_url": "http://user:pw@127.0.0.1:1"}},
        [],
        "<html>",
    ],
)
def test_info_that_names_no_llm_is_no_error(info: Any) -> None:
    with serving({"/metrics": Answer(body=BACKEND), "/info": Answer(body=info)}) as service:
        assert urls(found(base_url=service.url)) == [f"{service.url}/metrics"]


def test_auto_takes_llm_url_and_leaves_out_what_tells_nothing() -> None:
    with serving(LLAMA) as llm, serving({"/metrics": Answer(body="python_info 1\n")}) as other:
        assert urls(found(base_url=other.url, llm_url=f"{llm.url}/v1")) == [f"{llm.url}/metrics"]
        assert urls(found("openai", base_url=f"{llm.url}/v1")) == [f"{llm.url}/metrics"]
        assert urls(found(base_url=other.url)) == []
    assert found() == FoundSources(), "a service that is gone has no metrics"


def test_auto_says_which_page_came_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_sources_module, "READ_S", 0.2)
    with serving({"/metrics": Answer(body=BACKEND, after_s=2.0)}) as service:
        at = found(base_url=service.url)
    assert at == FoundSources(notes=(f"{service.url}/metrics: no answer within 0.2 s: it is not observed",))


@pytest.mark.parametrize("off", ["off", False])
def test_off_reads_nothing(off: object) -> None:
    with serving(LLAMA) as llm:
        assert found("openai", base_url=llm.url, observe=off) == FoundSources()
        assert llm.asked == []


def test_replicas_that_are_named_stay_and_those_that_do_not_answer_are_said() -> None:
    with serving(LLAMA) as one, serving({}) as other:
        at = found(observe=[f"{one.url}/metrics", other.url, "http://127.0.0.1:1/own/page"])
        assert urls(at) == [f"{one.url}/metrics", f"{other.url}/metrics", "http://127.0.0.1:1/own/page"]
        assert at.notes == (
            f"{other.url}/metrics: HTTP 404",
            "http://127.0.0.1:1/own/page: cannot be reached: ConnectError",
        )
        assert urls(found(observe=one.url)) == [f"{one.url}/metrics"]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("automatic", "mine.yaml: $.observe: 'automatic' is neither auto nor off nor a URL"),
        (["ftp://h/metrics"], "mine.yaml: $.observe[0]: 'ftp://h/metrics' is not a URL"),
        (["http://h", "http://u:p@h"], "mine.yaml: $.observe[1]: a URL with credentials is not allowed"),
        (["http://h/metrics?token=x"], "mine.yaml: $.observe[0]: a URL with a query or fragment is not allowed"),
        ([], "mine.yaml: $.observe: [] needs at least 1 item"),
        (7, "mine.yaml: $.observe: 7 is not of type string or array or boolean"),
        ("", "mine.yaml: $.observe: '' must not be empty"),
    ],
)
def test_what_cannot_be_observed_is_refused_before_any_load(value: object, sentence: str) -> None:
    with pytest.raises(RagmeterError, match=re.escape(sentence)):
        provider(observe=value)
