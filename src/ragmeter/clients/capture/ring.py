"""The kernel's own record of what passed: an AF_PACKET socket with a ring of packet heads in shared memory.

Linux: Documentation/networking/packet_mmap.rst. Each frame has a time stamp that was taken when the packet entered the
network stack, and no system call is made to read it. Version 2 of the ring (TPACKET_V2) rather than 3: it hands over
each packet by itself, so that whatever a socket delivers is in the ring by then; version 3 holds packets back until a
block of them is full or a timer of some milliseconds has run.
"""

import ctypes
import mmap
import socket
import struct
from collections.abc import Collection

from ragmeter.clients.capture.filter import tcp_filter
from ragmeter.clients.capture.frames import FRAME_BYTES, READY, Segment, segment_at

_ETH_P_ALL = 3
_SOL_PACKET = 263
_PACKET_RX_RING, _PACKET_STATISTICS, _PACKET_VERSION = 5, 6, 10
_TPACKET_V2 = 1
_SO_ATTACH_FILTER = 26
"""include/uapi/linux/if_packet.h and asm-generic/socket.h; Python has no names for them."""

FRAMES = 1 << 16
"""16 MiB: more than a second of 50,000 packets/s, for as long may the reader be away."""
_BLOCK_BYTES = 1 << 16
_FRAME_WORDS = FRAME_BYTES // 4


class PacketRing:
    """Captures the TCP segments from, and those with data to, some server ports, on all interfaces."""

    def __init__(
        self, server_ports: Collection[int], local_ports: range | None = None, *, frames: int = FRAMES
    ) -> None:
        """Raises OSError without CAP_NET_RAW. See `tcp_filter`. frames: a multiple of 256."""
        self._dropped = 0
        self._head = 0
        self._frames = frames
        self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
        try:
            self._memory = self._shared_memory(tcp_filter(server_ports, local_ports), frames)
        except BaseException:
            self._sock.close()
            raise
        self._bytes = memoryview(self._memory)
        self._words = self._bytes.cast("I")

    def _shared_memory(self, kept: bytes, frames: int) -> mmap.mmap:
        """What the socket queued before the filter was in place is thrown away when the ring comes."""
        size = frames * FRAME_BYTES
        program = ctypes.create_string_buffer(kept)
        self._sock.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program) // 8, ctypes.addressof(program))
        )
        self._sock.setsockopt(_SOL_PACKET, _PACKET_VERSION, _TPACKET_V2)
        request = struct.pack("=IIII", _BLOCK_BYTES, size // _BLOCK_BYTES, FRAME_BYTES, frames)
        self._sock.setsockopt(_SOL_PACKET, _PACKET_RX_RING, request)
        return mmap.mmap(self._sock.fileno(), size)

    def read(self, most: int = FRAMES) -> list[Segment]:
        """The segments that passed since the last call, in their order, but at most so many."""
        found: list[Segment] = []
        head, memory, words = self._head, self._bytes, self._words
        while words[head * _FRAME_WORDS] & READY and len(found) < most:
            found.append(segment_at(memory, head * FRAME_BYTES))
            words[head * _FRAME_WORDS] = 0
            head = (head + 1) % self._frames
        self._head = head
        return found

    @property
    def dropped(self) -> int:
        """How many packets found the ring full, from its opening on or until it was closed."""
        if self._sock.fileno() >= 0:
            _, drops = struct.unpack("=II", self._sock.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
            self._dropped += drops  # the kernel counts anew from each question on
        return self._dropped

    def close(self) -> None:
        self._dropped = self.dropped
        self._sock.close()
        self._words.release()
        self._bytes.release()
        self._memory.close()
