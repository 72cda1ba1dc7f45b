"""TLS over bytes that somebody else reads and writes, so that those bytes can be dated."""

import ssl

READ_BYTES = 1 << 16
_HEADER_BYTES = 5


class TlsStream:
    """One connection's TLS, sans I/O. ``closed``: the peer has said that nothing follows (close_notify).

    taken_bytes, given_bytes: how many bytes of the connection went in and came out.
    """

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self.closed = False
        self.taken_bytes = 0
        self.given_bytes = 0
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._records = RecordEnds()

    def handshake(self, data: bytes) -> bool:
        """Take what came; True when the handshake is over. Raises ssl.SSLError."""
        self._take(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def decrypt(self, data: bytes) -> tuple[bytes, bool]:
        """The plain text that ``data`` completes, and whether ``data`` ends with a record. Raises ssl.SSLError."""
        at_end = self._take(data)
        plain: list[bytes] = []
        while not self.closed:
            try:
                piece = self._tls.read(READ_BYTES)
            except ssl.SSLWantReadError:
                break
            self.closed = not piece
            plain.append(piece)
        return b"".join(plain), at_end

    def encrypt(self, data: bytes) -> bytes:
        """What to send for ``data``, with what TLS itself has to say."""
        self._tls.write(data)
        return self.pending()

    def pending(self) -> bytes:
        """What TLS itself has to send."""
        wire = self._outgoing.read()
        self.given_bytes += len(wire)
        return wire

    def _take(self, data: bytes) -> bool:
        self.taken_bytes += len(data)
        self._incoming.write(data)
        return self._records.feed(data)


class RecordEnds:
    """Follows the lengths of TLS records (RFC 8446, 5.1) in a stream of bytes."""

    def __init__(self) -> None:
        self._header = bytearray()
        self._left = 0

    def feed(self, data: bytes) -> bool:
        """Whether the stream so far ends where a record does."""
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
            else:
                step = min(_HEADER_BYTES - len(self._header), len(data) - at)
                self._header += data[at : at + step]
                if len(self._header) == _HEADER_BYTES:
                    self._left = int.from_bytes(self._header[3:], "big")
                    self._header.clear()
            at += step
        return not self._left and not self._header
