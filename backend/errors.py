"""Errors that a client sees, each with an HTTP status and a type from a closed list (it is a metric label).

ServiceError                500 internal
├── BadRequestError         400 bad_request
│   ├── InvalidBodyError    422 bad_request
│   ├── MethodNotAllowedError 405 bad_request
│   └── TooLargeError       413 too_large
├── UnauthorizedError       401 unauthorized
├── ForbiddenError          403 forbidden
├── UnknownDocsetError      404 unknown_docset
├── NothingIngestedError    422 nothing_ingested
├── OverloadedError         503 overloaded, with Retry-After
├── ShuttingDownError       503 shutdown, with Retry-After
├── RequestTimeoutError     504 timeout
└── LlmError                502
    ├── LlmUnreachableError llm_unreachable
    ├── LlmStatusError      llm_status
    ├── LlmProtocolError    llm_protocol
    ├── LlmCutError         llm_cut
    └── LlmSilentError      llm_timeout

A client that goes away is counted as client_gone; nobody is left to be told.
ConfigurationError stands apart: the service does not start.
"""

from __future__ import annotations


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


class TooLargeError(BadRequestError):
    status, type = 413, "too_large"


class UnauthorizedError(ServiceError):
    status, type = 401, "unauthorized"


class ForbiddenError(ServiceError):
    status, type = 403, "forbidden"


class UnknownDocsetError(ServiceError):
    status, type = 404, "unknown_docset"


class NothingIngestedError(ServiceError):
    status, type = 422, "nothing_ingested"


class OverloadedError(ServiceError):
    status, type, retry_after_s = 503, "overloaded", 1


class ShuttingDownError(ServiceError):
    status, type, retry_after_s = 503, "shutdown", 5


class RequestTimeoutError(ServiceError):
    status, type = 504, "timeout"


class LlmError(ServiceError):
    status, type = 502, "llm_protocol"


class LlmUnreachableError(LlmError):
    type = "llm_unreachable"


class LlmStatusError(LlmError):
    type = "llm_status"


class LlmProtocolError(LlmError):
    type = "llm_protocol"


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
