"""Documents of a benchmark in a cluster, kept in ConfigMaps: packed, cut into parts, put together again.

A ConfigMap holds 1 MiB at most. Label ``ragmeter.dev/document`` names the document, ``ragmeter.dev/run`` the run whose
order (a ConfigMap, too) owns all parts. Annotations: ``part`` of ``parts``, ``sha256`` of the packed whole, and what
else the writer notes.
"""

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from ragmeter.jobs.names import DOCUMENT_LABEL, LABELS, PREFIX, RUN_LABEL
from ragmeter.jobs.orders import Document, owner_of

PART_BYTES: Final = 900 * 1024
MAX_PARTS: Final = 24
"""More than 20 MB of packed samples exceed what etcd should hold."""


class DocumentError(ValueError):
    """A document is too large to be kept, or is not as it was written."""


def parts_of(order: Document, name: str, content: bytes, notes: Mapping[str, str]) -> list[Document]:
    """The ConfigMaps of a document, owned by the order of its run.

    Raises DocumentError for a document of more than `MAX_PARTS` parts.
    """
    run, packed = order["metadata"]["name"], gzip.compress(content, mtime=0)
    pieces = [packed[start : start + PART_BYTES] for start in range(0, len(packed), PART_BYTES)]
    if len(pieces) > MAX_PARTS:
        most = MAX_PARTS * PART_BYTES
        raise DocumentError(
            f"{run}: {name} has {len(packed)} bytes when packed; at most {most} are kept in the cluster"
        )
    common = {**notes, "parts": str(len(pieces)), "sha256": hashlib.sha256(packed).hexdigest()}
    return [_part(order, name, number, piece, common) for number, piece in enumerate(pieces)]


def _part(order: Document, name: str, number: int, piece: bytes, common: Mapping[str, str]) -> Document:
    owner = owner_of("v1", "ConfigMap", order)
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
    """The document; None while a part is missing. Raises DocumentError when the parts are not what was written."""
    if not is_whole(parts):
        return None
    ordered = sorted(parts, key=lambda part: int(note(part, "part")))
    packed = b"".join(base64.b64decode(part["binaryData"]["part"]) for part in ordered)
    if hashlib.sha256(packed).hexdigest() != note(ordered[0], "sha256"):
        raise DocumentError(f"{ordered[0]['metadata']['name']}: the parts are not those that were written")
    return gzip.decompress(packed)


def is_whole(parts: Sequence[Document]) -> bool:
    return bool(parts) and len(parts) == int(note(parts[0], "parts"))


def note(part: Document, key: str) -> str:
    """An annotation of a part, by its name without the prefix. Raises DocumentError where it has none."""
    value: str | None = (part["metadata"].get("annotations") or {}).get(PREFIX + key)
    if value is None:
        raise DocumentError(f"{part['metadata']['name']}: it has no annotation {PREFIX}{key}")
    return value
