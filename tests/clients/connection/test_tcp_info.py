"""struct tcp_info, and systems that do not have it."""

import socket
import struct

from ragmeter.clients.connection.tcp_info import TcpInfo, read_tcp_info


def test_round_trip_and_retransmits_are_read_where_linux_keeps_them() -> None:
    raw = struct.pack("=68xI28xI44xI", 40_000, 5, 1234)
    assert TcpInfo.parse(raw) == TcpInfo(rtt_us=1234, retransmits=5), "the least and not the smoothed round trip"


def test_struct_of_an_old_kernel_is_not_known() -> None:
    assert TcpInfo.parse(bytes(104)) is None


def test_closed_socket_is_not_known() -> None:
    sock = socket.socket()
    sock.close()
    assert read_tcp_info(sock) is None
