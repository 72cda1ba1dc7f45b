"""The schemas that are checked in are those of the records."""

import pytest
from jsonschema import Draft202012Validator

from ragmeter.clients.files import known_schemas, schema
from ragmeter.core.result.documents import generated_schemas


@pytest.mark.parametrize("name", generated_schemas())
def test_checked_in_schema_is_that_of_the_record(name: str) -> None:
    assert schema(name) == generated_schemas()[name], "run: python tools/write_schemas.py"


@pytest.mark.parametrize("name", known_schemas())
def test_schema_is_one_of_2020_12_and_has_its_name(name: str) -> None:
    document = schema(name)
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"urn:ragmeter:{name}"
    assert document["title"]


@pytest.mark.parametrize("name", generated_schemas())
def test_generated_schema_requires_every_field_and_allows_no_other(name: str) -> None:
    document = generated_schemas()[name]
    objects = [rule for rule in (document, *document.get("$defs", {}).values()) if "properties" in rule]
    assert objects
    for rule in objects:
        assert rule["required"] == list(rule["properties"])
        assert rule["additionalProperties"] is False
