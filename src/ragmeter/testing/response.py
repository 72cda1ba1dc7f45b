"""The response that a script asks for, its oddity included. Pure."""

from dataclasses import replace
from functools import lru_cache

from ragmeter.testing.frames import frames_of
from ragmeter.testing.oddities import ODDITIES
from ragmeter.testing.plan import Plan, stream_plan
from ragmeter.testing.script import Contract, StreamScript

_ANY_ID = b"gt-any-request"


def plan_for(script: StreamScript, contract: Contract, *, request_id: str, usage: bool) -> Plan:
    """The response that ``script`` asks for, its oddity included.

    The events are encoded once per script: requests that come together must not wait for each other's.
    """
    template = _template(script, contract, usage)
    identity = request_id.encode()
    pieces = tuple(replace(piece, body=piece.body.replace(_ANY_ID, identity)) for piece in template.pieces)
    return ODDITIES[script.oddity or "steady"].edit_plan(replace(template, pieces=pieces))


@lru_cache
def _template(script: StreamScript, contract: Contract, usage: bool) -> Plan:
    oddity = ODDITIES[script.oddity or "steady"]
    frames = frames_of(script, contract, request_id=_ANY_ID.decode(), usage=usage)
    return stream_plan(oddity.edit_frames(frames, script, contract), oddity.encoding)
