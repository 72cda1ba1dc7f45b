"""Documents of a benchmark in a cluster, kept in ConfigMaps: packed, cut into parts, put together again. Pure.

A ConfigMap holds 1 MiB at most. Label ``ragmeter.dev/document`` names the document, ``ragmeter.dev/run`` the run whose
order (a ConfigMap, too) owns all parts. Annotations: ``part`` of ``parts``, ``sha256`` of the packed whole, and what
else the writer notes.
"""

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ragmeter.core.errors import SchemaError

RUN_LABEL: Final = "ragmeter.dev/run"
DOCUMENT_LABEL: Final = "ragmeter.dev/document"
PREFIX: Final = "ragmeter.dev/"
LABELS: Final = {"app.kubernetes.io/name": "rag-benchmark", "app.kubernetes.io/part-of": "ragmeter"}
PART_BYTES: Final = 900 * 1024
MAX_PARTS: Final = 24
"""More than 20 MB of packed samples are no business of a cluster's database."""

Document = dict[str, Any]


def parts_of(order: Document, name: str, content: bytes, notes: Mapping[str, str]) -> list[Document]:
    """The ConfigMaps of a document, owned by the order of its run.

    Raises SchemaError for a document of more than `MAX_PARTS` parts.
    """
    run, packed = order["metadata"]["name"], gzip.compress(content, mtime=0)
    pieces = [packed[start : start + PART_BYTES] for start in range(0, len(packed), PART_BYTES)]
    if len(pieces) > MAX_PARTS:
        most = MAX_PARTS * PART_BYTES
        raise SchemaError(f"{run}: {name} has {len(packed)} bytes when packed; at most {most} are kept in the cluster")
    common = {**notes, "parts": str(len(pieces)), "sha256": hashlib.sha256(packed).hexdigest()}
    return [_part(order, name, number, piece, common) for number, piece in enumerate(pieces)]


def _part(order: Document, name: str, number: int, piece: bytes, common: Mapping[str, str]) -> Document:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", **{key: order["metadata"][key] for key in ("name", "uid")}}
    annotations = {**common, "part": str(number)}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"{owner['name']}-{name}-{number}",
            "labels": {**LABELS, RUN_LABEL: owner["name"], DOCUMENT_LABEL: name},
            "annotations": {f"{PREFIX}{key}": value for key, value in annotations.items()},
            "ownerReferences": [owner],
        },
        "binaryData": {"part": base64.b64encode(piece).decode("ascii")},
    }


def content_of(parts: Sequence[Document]) -> bytes | None:
    """The document; None while a part is missing. Raises SchemaError when the parts are not what was written."""
    ordered = sorted(parts, key=lambda part: int(note(part, "part")))
    if not ordered or len(ordered) != int(note(ordered[0], "parts")):
        return None
    packed = b"".join(base64.b64decode(part["binaryData"]["part"]) for part in ordered)
    if hashlib.sha256(packed).hexdigest() != note(ordered[0], "sha256"):
        raise SchemaError(f"{ordered[0]['metadata']['name']}: the parts are not those that were written")
    return gzip.decompress(packed)


def note(part: Document, key: str) -> str:
    """An annotation of a part, by its name without the prefix."""
    value: str = part["metadata"]["annotations"][PREFIX + key]
    return value
