"""Writes bursts of small pieces to one client, then says when it wrote each and how many segments it sent again.

python bursty_server.py ADDRESS BURSTS PIECES SIZE GAP_S
"""

import json
import socket
import struct
import sys
import time


def main(address: str, bursts: int, pieces: int, size: int, gap_s: float) -> None:
    with socket.create_server((address, 0)) as listener:
        say(listener.getsockname()[1])
        listener.settimeout(20)
        connection, _ = listener.accept()
    with connection:
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        written = []
        for _ in range(bursts):
            for _ in range(pieces):
                written.append(time.monotonic_ns())
                connection.sendall(bytes(size))
            time.sleep(gap_s)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)  # until the client has all
        (resent,) = struct.unpack_from("=I", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 100)
        say({"written_ns": written, "resent": resent})


def say(word: object) -> None:
    sys.stdout.write(json.dumps(word) + "\n")
    sys.stdout.flush()


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
