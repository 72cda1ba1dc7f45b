"""Requests that have a trace of their own, which their service joins."""

import secrets
from dataclasses import replace
from typing import Final

from ragmeter.clients.connection.transport import HttpRequest
from ragmeter.core.figures.spans.joined import caller_of

_HEADER: Final = "traceparent"


def in_a_trace(request: HttpRequest) -> tuple[HttpRequest, str]:
    """The request with the W3C header of a new trace that is to be sampled, and the id of that. A header of a provider
    file would put all requests into one trace, and is left out.
    """
    trace_id = secrets.token_hex(16)
    kept = (each for each in request.headers if each[0].lower() != _HEADER)
    return replace(request, headers=(*kept, (_HEADER, f"00-{trace_id}-{caller_of(trace_id)}-01"))), trace_id
