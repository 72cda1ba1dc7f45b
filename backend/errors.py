"""Errors that a client sees, each with an HTTP status and a type from a closed list (it is a metric label).

ServiceError
├── BadRequest          400 bad_request
│   └── TooLarge        413 too_large
├── Unauthorized        401 unauthorized
├── Forbidden           403 forbidden
├── UnknownDocset       404 unknown_docset
├── NothingIngested     422 nothing_ingested
├── Overloaded          503 overloaded, with Retry-After
├── ShuttingDown        503 shutdown
├── RequestTimeout      504 timeout
├── ClientGone          499 client_gone
└── LlmError            502
    ├── LlmUnreachable  llm_unreachable
    ├── LlmStatus       llm_status
    ├── LlmProtocol     llm_protocol
    ├── LlmCut          llm_cut
    └── LlmSilent       llm_timeout

ConfigurationError stands apart: the service does not start.
"""

from __future__ import annotations


class ConfigurationError(Exception):
    """A setting or a file that the service cannot start with; the text is one sentence for the operator."""


class ServiceError(Exception):
    status = 500
    type = "internal"
    retry_after_s: int | None = None


class BadRequest(ServiceError):
    status, type = 400, "bad_request"


class TooLarge(BadRequest):
    status, type = 413, "too_large"


class Unauthorized(ServiceError):
    status, type = 401, "unauthorized"


class Forbidden(ServiceError):
    status, type = 403, "forbidden"


class UnknownDocset(ServiceError):
    status, type = 404, "unknown_docset"


class NothingIngested(ServiceError):
    status, type = 422, "nothing_ingested"


class Overloaded(ServiceError):
    status, type, retry_after_s = 503, "overloaded", 1


class ShuttingDown(ServiceError):
    status, type, retry_after_s = 503, "shutdown", 5


class RequestTimeout(ServiceError):
    status, type = 504, "timeout"


class ClientGone(ServiceError):
    status, type = 499, "client_gone"


class LlmError(ServiceError):
    status, type = 502, "llm_protocol"


class LlmUnreachable(LlmError):
    type = "llm_unreachable"


class LlmStatus(LlmError):
    type = "llm_status"


class LlmProtocol(LlmError):
    type = "llm_protocol"


class LlmCut(LlmError):
    type = "llm_cut"


class LlmSilent(LlmError):
    type = "llm_timeout"
