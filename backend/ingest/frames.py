"""Messages between the service and a process that reads documents: an object of JSON, and bytes behind it.

length of the object, 4 bytes, big-endian | the object | as many bytes as its key `bytes` says, none without it
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

_MAX_OBJECT_BYTES = 8 * 2**20


class BrokenFrameError(ValueError):
    """The other side sent what is no message, or ended within one."""


def pack(message: dict[str, Any]) -> bytes:
    """The message up to its bytes. Halves of surrogate pairs are kept."""
    packed = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return len(packed).to_bytes(4) + packed


def unpack(read: Callable[[int], bytes]) -> dict[str, Any] | None:
    """The next message up to its bytes; None where the other side has ended. read: returns fewer bytes at the end only.

    Raises BrokenFrameError.
    """
    head = read(4)
    if not head:
        return None
    length = int.from_bytes(head)
    packed = read(length) if len(head) == 4 and length <= _MAX_OBJECT_BYTES else b""
    if not packed or len(packed) < length:
        raise BrokenFrameError(f"a message of {length} bytes was cut, or is longer than {_MAX_OBJECT_BYTES}")
    message: dict[str, Any] = json.loads(packed)
    return message
