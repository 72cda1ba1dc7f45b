import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.jobs import documents as kube_documents
from ragmeter.jobs.documents import PART_BYTES, DocumentError, content_of, note, parts_of

ORDER: dict[str, Any] = {"metadata": {"name": "rag-benchmark-1", "uid": "u-1"}}
OBJECT_LIMIT_BYTES = 1024 * 1024
"""Of a ConfigMap: its values, as Kubernetes counts them."""


def noise(size: int) -> bytes:
    """Bytes that do not pack."""
    return random.Random(size).randbytes(size)


@given(st.binary(max_size=2000), st.randoms())
def test_a_document_is_what_was_written_whatever_the_order_of_its_parts(content: bytes, shuffle: random.Random) -> None:
    parts = parts_of(ORDER, "raw", content, {})
    shuffle.shuffle(parts)
    assert content_of(parts) == content


def test_a_large_document_lies_in_parts_that_a_config_map_can_hold() -> None:
    content = noise(2 * PART_BYTES + 1)
    parts = parts_of(ORDER, "raw", content, {})
    assert [part["metadata"]["name"] for part in parts] == [f"rag-benchmark-1-raw-{n}" for n in range(3)]
    assert all(len(json.dumps(part)) < 1.4 * OBJECT_LIMIT_BYTES for part in parts)
    assert content_of(parts) == content
    assert content_of(parts[:2]) is None
    assert content_of([]) is None


def test_parts_belong_to_the_order_and_carry_the_notes() -> None:
    (part,) = parts_of(ORDER, "result", b"{}", {"outcome": "PASS"})
    assert part["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "rag-benchmark-1", "uid": "u-1"}
    ]
    assert part["metadata"]["labels"]["ragmeter.dev/run"] == "rag-benchmark-1"
    assert part["metadata"]["labels"]["ragmeter.dev/document"] == "result"
    assert note(part, "outcome") == "PASS"


def test_parts_of_another_document_are_found_out() -> None:
    (part,), (other,) = parts_of(ORDER, "raw", b"one", {}), parts_of(ORDER, "raw", b"two", {})
    part["binaryData"] = other["binaryData"]
    with pytest.raises(DocumentError, match="rag-benchmark-1-raw-0: the parts are not those that were written"):
        content_of([part])


def test_a_document_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_documents, "MAX_PARTS", 1)
    with pytest.raises(DocumentError, match=r"rag-benchmark-1: raw has \d+ bytes when packed; at most 921600"):
        parts_of(ORDER, "raw", noise(PART_BYTES + 1), {})
