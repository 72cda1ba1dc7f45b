"""What is known of a service without files, as documents."""

from dataclasses import replace

import pytest
import yaml

from ragmeter.clients.files import schema
from ragmeter.core.inputs.provider import provider_from
from ragmeter.core.inputs.starter import Starter, name_of, rounded_up
from ragmeter.core.inputs.workload import workload_from
from ragmeter.core.schema import check

STARTER = Starter(name="mine", url="https://rag.example.com", target="rag")


@pytest.mark.parametrize(
    "starter",
    [
        STARTER,
        replace(STARTER, target="openai", model="small"),
        replace(STARTER, target={"preset": "langserve", "values": {"chain": "rag"}}),
        replace(STARTER, headers={"Authorization": "Bearer ${TOKEN}"}, ca_file="ca.pem", slo=("p90(ttft_ms) <= 2000",)),
    ],
)
def test_the_documents_fit_their_schemas(starter: Starter) -> None:
    check(starter.provider_file(), schema("provider.v1"), "p.yaml")
    check(starter.workload(), schema("workload.v1"), "w.yaml")
    check(starter.search(2.0, 250.0), schema("workload.v1"), "c.yaml")


def test_the_workloads_can_be_run() -> None:
    for document in (STARTER.workload(), STARTER.search(0.5, 250.0)):
        made = workload_from(document, path="w.yaml", prompts=(), settings=(), schema=schema("workload.v1"))
        assert len(made.prompts) == 8


def test_the_url_of_a_file_can_be_another_one_elsewhere() -> None:
    for environment, url in (
        ({}, STARTER.url),
        ({"RAG_URL": ""}, STARTER.url),
        ({"RAG_URL": "http://a:1"}, "http://a:1"),
    ):
        made = provider_from(
            STARTER.provider_file(), path="p", environment=environment, base_url=None, schema=schema("provider.v1")
        )
        assert made.base_url == url


@pytest.mark.parametrize(
    ("value", "written", "variables"),
    [
        ("Bearer ${RAG_API_TOKEN}", "Bearer ${RAG_API_TOKEN}", ("RAG_API_TOKEN",)),
        ("${USER_AND}:${PASSWORD}", "${USER_AND}:${PASSWORD}", ("USER_AND", "PASSWORD")),
        ("${TENANT:-public}", "${TENANT:-public}", ()),
        ("Bearer s3cret-token", "${RAG_X_API_KEY}", ("RAG_X_API_KEY",)),
    ],
)
def test_no_secret_is_written(value: str, written: str, variables: tuple[str, ...]) -> None:
    starter = replace(STARTER, headers={"X-Api-Key": value})
    assert starter.provider()["headers"] == {"X-Api-Key": value}
    assert starter.provider_file()["headers"] == {"X-Api-Key": written}
    assert starter.variables == variables
    assert "s3cret" not in yaml.safe_dump(starter.provider_file()) + repr(starter)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://rag.example.com", "rag.example.com"),
        ("https://Rag_1.Example.com:8443/api", "rag_1.example.com"),
        ("http://127.0.0.1:8000", "mine"),
        ("http://[::1]:8000", "mine"),
        ("http://localhost:8000", "mine"),
        ("http://rag:8000", "rag"),
        (f"http://{'a' * 90}.com", "a" * 63),
    ],
)
def test_a_provider_is_named_by_its_host(url: str, name: str) -> None:
    assert name_of(url) == name


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(0.0, 0.0), (1.0, 1.0), (101.0, 110.0), (110.0, 110.0), (1843.0, 1900.0), (0.0512, 0.052), (9.91, 10.0)],
)
def test_bounds_are_rounded_up_to_what_people_read(value: float, rounded: float) -> None:
    assert rounded_up(value) == pytest.approx(rounded)
