"""Marks that keep requests apart in the caches of a service."""

import secrets
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from ragmeter.clients.connection.transport import HttpRequest
from ragmeter.core.schedule.plan import Marking, PhasePlan

_MARK_BYTES: Final = 8


class Marks:
    """The marks of the requests of one loader. Requests are made before their phase with a mark as long as any; the
    mark of its own takes its place when one is sent, which costs a microsecond.

    The marks of two loaders differ, and so do those of two runs of one plan.
    """

    def __init__(self, marking: Marking | None) -> None:
        self._is_shared = marking is None or marking.shared is not None
        self._key = secrets.token_bytes(_MARK_BYTES)
        self.written = None if marking is None else marking.shared or self._key.hex()

    def placed(self, request: HttpRequest, plan: PhasePlan, index: int) -> HttpRequest:
        """The request with its own mark, in which no two agree from the first characters on."""
        if self._is_shared or self.written is None:
            return request
        of_request = f"{plan.name} {plan.trial} {plan.step} {index}".encode()
        own = blake2b(of_request, digest_size=_MARK_BYTES, key=self._key).hexdigest()
        path, body = request.path, request.body.replace(self.written.encode(), own.encode())
        return replace(request, body=body, path=path.replace(self.written, own) if self.written in path else path)
