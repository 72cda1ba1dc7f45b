"""Errors that a client sees, each with an HTTP status and a type from a closed list (it is a metric label).

ServiceError                500 internal
├── BadRequestError         400 bad_request
│   ├── InvalidBodyError    422 bad_request
│   ├── MethodNotAllowedError 405 bad_request
│   ├── SlowClientError     408 timeout
│   └── TooLargeError       413 too_large
│       ├── UrlTooLongError 414
│       └── HeadTooLargeError 431
├── UnauthorizedError       401 unauthorized
├── ForbiddenError          403 forbidden
├── UnknownDocsetError      404 unknown_docset
├── UnknownRunError         404 unknown_run
├── NoResultError           404 no_result
├── BenchmarkBusyError      409 busy, with Retry-After
├── NothingIngestedError    422 nothing_ingested
├── OverloadedError         503 overloaded, with Retry-After
│   └── PeerOverloadedError 429
├── ShuttingDownError       503 shutdown, with Retry-After
├── RequestTimeoutError     504 timeout
├── StoreError              503 store, with Retry-After
│   └── StoreFullError      507 store_full, with Retry-After
├── RerankError             503 rerank, with Retry-After
├── TargetError             502 target
├── KubeError               502 kube
│   ├── KubeForbiddenError  403 and 401 of the API server
│   ├── KubeGoneError       404 and 410
│   ├── KubeConflictError   409
│   ├── KubeThrottledError  503 overloaded, with Retry-After
│   ├── KubeTimeoutError    504 timeout
│   └── KubeUnreachableError
└── LlmError                502
    ├── LlmUnreachableError llm_unreachable
    ├── LlmStatusError      llm_status
    ├── LlmProtocolError    llm_protocol
    ├── LlmAbortedError     llm_aborted
    ├── LlmCutError         llm_cut
    └── LlmSilentError      llm_timeout

A client that goes away is counted as client_gone; nobody is left to be told.
ConfigurationError stands apart: the service does not start.
"""

from __future__ import annotations

from collections.abc import Sequence


class ConfigurationError(Exception):
    """A setting or a file that the service cannot start with; the text is one sentence for the operator."""


class ServiceError(Exception):
    status = 500
    type = "internal"
    retry_after_s: int | None = None


class BadRequestError(ServiceError):
    status, type = 400, "bad_request"


class InvalidBodyError(BadRequestError):
    status = 422


class MethodNotAllowedError(BadRequestError):
    status = 405
    allowed: Sequence[str] = ("POST",)


class TooLargeError(BadRequestError):
    status, type = 413, "too_large"


class UrlTooLongError(TooLargeError):
    status = 414


class HeadTooLargeError(TooLargeError):
    status = 431


class SlowClientError(BadRequestError):
    """The client did not send its request in time."""

    status, type = 408, "timeout"


class UnauthorizedError(ServiceError):
    status, type = 401, "unauthorized"


class ForbiddenError(ServiceError):
    status, type = 403, "forbidden"


class UnknownDocsetError(ServiceError):
    status, type = 404, "unknown_docset"


class UnknownRunError(ServiceError):
    status, type = 404, "unknown_run"


class NoResultError(ServiceError):
    status, type = 404, "no_result"


class BenchmarkBusyError(ServiceError):
    status, type, retry_after_s = 409, "busy", 30


class NothingIngestedError(ServiceError):
    status, type = 422, "nothing_ingested"


class OverloadedError(ServiceError):
    status, type, retry_after_s = 503, "overloaded", 1


class PeerOverloadedError(OverloadedError):
    """One client has all connections that one may have."""

    status = 429


class ShuttingDownError(ServiceError):
    status, type, retry_after_s = 503, "shutdown", 5

    def __init__(self, message: str = "the service is stopping") -> None:
        super().__init__(message)


class RequestTimeoutError(ServiceError):
    status, type = 504, "timeout"


class StoreError(ServiceError):
    """The store of vectors does not answer, or not as it should."""

    status, type, retry_after_s = 503, "store", 2


class StoreFullError(StoreError):
    """It has no room for what it should keep."""

    status, type, retry_after_s = 507, "store_full", 60


class RerankError(ServiceError):
    """The reranker does not answer, or not as it should."""

    status, type, retry_after_s = 503, "rerank", 2


class TargetError(ServiceError):
    """The service that a benchmark would measure is not ready, or is none."""

    status, type = 502, "target"


class KubeError(ServiceError):
    """The Kubernetes API did not do what a benchmark needs."""

    status, type = 502, "kube"


class KubeForbiddenError(KubeError):
    """The API server does not know the service account, or does not let it."""


class KubeGoneError(KubeError):
    """It is not there, or no longer."""


class KubeConflictError(KubeError):
    """It is there already, or was changed by somebody else."""


class KubeThrottledError(KubeError):
    status, type, retry_after_s = 503, "overloaded", 5


class KubeTimeoutError(KubeError):
    status, type = 504, "timeout"


class KubeUnreachableError(KubeError):
    """No connection to the API server."""


class LlmError(ServiceError):
    status, type = 502, "llm_protocol"


class LlmUnreachableError(LlmError):
    type = "llm_unreachable"


class LlmStatusError(LlmError):
    type = "llm_status"


class LlmProtocolError(LlmError):
    type = "llm_protocol"


class LlmAbortedError(LlmError):
    """The engine gave the answer up: its finish reason says so, whatever text came before."""

    type = "llm_aborted"


class LlmCutError(LlmError):
    type = "llm_cut"


class LlmSilentError(LlmError):
    type = "llm_timeout"


CLIENT_GONE = "client_gone"
"""The type of a query whose client closed the connection: nobody is left to raise it to."""


def error_types() -> list[str]:
    """Every type that a failed request can have."""
    known, waiting = {CLIENT_GONE}, [ServiceError]
    while waiting:
        error = waiting.pop()
        known.add(error.type)
        waiting += error.__subclasses__()
    return sorted(known)
