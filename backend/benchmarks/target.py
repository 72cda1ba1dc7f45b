"""The service that a benchmark would measure, asked what its pods would ask first. Blocks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from ..bodies.benchmark import BenchmarkRequest
from ..errors import BadRequestError, TargetError
from .manifests import Document, schema_document

_TIMEOUT_S = 10.0
_NOT_FOUND = 404
_MAX_BYTES = 4 * 2**20
_SAID_BYTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`info`: what /info says; empty for a service that has none."""

    url: str
    info: Mapping[str, Any]

    def check(self, request: BenchmarkRequest, workload: Document) -> None:
        """Raises BadRequestError for what this service does not have, or would refuse of each request."""
        docset, k = (_retrieval(name, request, workload) for name in ("docset", "k"))
        docsets = self.info.get("docsets")
        if isinstance(docsets, dict) and docset not in docsets:
            known = ", ".join(sorted(docsets)) or "none yet"
            raise BadRequestError(f"docset: {docset!r} does not exist at {self.url}; there are: {known}")
        max_k = (self.info.get("limits") or {}).get("max_k")
        if isinstance(max_k, int) and k > max_k:
            raise BadRequestError(f"k: {k} is more than {max_k} (RAG_MAX_K of {self.url})")
        for key, wanted in workload.get("model", {}).items():
            found = self.info.get(key)
            if found is not None and found != wanted:
                raise BadRequestError(
                    f"workload: {request.workload}: $.model.{key}: it demands {wanted!r}, {self.url} runs {found!r}"
                )


def ask_target(url: str) -> Target:
    """Raises TargetError unless it is ready; /healthz answers for a service without /readyz."""
    if _get(url, "/readyz") is None and _get(url, "/healthz") is None:
        raise TargetError(f"{url} (BENCH_TARGET_URL) has neither /readyz nor /healthz: it is no RAG service")
    return Target(url=url, info=_info(url))


def _info(url: str) -> Document:
    body = _get(url, "/info")
    try:
        document = {} if body is None else json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise TargetError(f"{url}/info (BENCH_TARGET_URL): the answer is no JSON object")
    return document


def _retrieval(name: str, request: BenchmarkRequest, workload: Document) -> Any:
    default = schema_document("workload.v1")["properties"]["retrieval"]["properties"][name]["default"]
    asked = getattr(request, name)
    return workload.get("retrieval", {}).get(name, default) if asked is None else asked


def _get(url: str, path: str) -> bytes | None:
    """None for a path that the service does not have."""
    # Like the pods it obeys no proxy variables.
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(url + path, timeout=_TIMEOUT_S) as response:
            body: bytes = response.read(_MAX_BYTES)
    except HTTPError as error:
        with error:
            if error.code == _NOT_FOUND:
                return None
            said = error.read(_SAID_BYTES).decode("utf-8", "replace").strip()
        raise TargetError(f"{url}{path} (BENCH_TARGET_URL): HTTP {error.code}: {said}") from error
    except (OSError, HTTPException) as error:
        raise TargetError(f"{url}{path} (BENCH_TARGET_URL) cannot be reached: {error}") from error
    return body
