"""Which packets the kernel puts into the capture ring, as a classic BPF program. Pure.

Linux: Documentation/networking/filter.rst. A packet socket of type SOCK_DGRAM gives the program the packet from its
network header on, whatever the link layer is.
"""

import struct
from collections.abc import Collection
from dataclasses import dataclass

KEPT_BYTES = 112
"""An IPv4 header with options (60) or an IPv6 header (40), and the fixed part of the TCP header (20)."""

_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE, _LOAD_LENGTH = 0x20, 0x28, 0x30, 0x80
_LOAD_HALF_AT_X, _LOAD_BYTE_AT_X = 0x48, 0x50
_X_IS_IPV4_HEADER_BYTES, _X_IS, _X_IS_A = 0xB1, 0x01, 0x07
_AND, _SHIFT_RIGHT, _ADD_X, _SUBTRACT_X = 0x54, 0x74, 0x0C, 0x1C
_JUMP, _IF_EQUAL, _IF_GREATER, _IF_AT_LEAST, _IF_ANY_BIT = 0x05, 0x15, 0x25, 0x35, 0x45
_RETURN = 0x06
_PROTOCOL, _PACKET_TYPE = 0xFFFFF000, 0xFFFFF004
"""SKF_AD_OFF + SKF_AD_PROTOCOL, SKF_AD_PKTTYPE: what the kernel knows beside the packet's bytes."""
_IPV4, _IPV6, _TCP = 0x0800, 0x86DD, 6
_IPV4_FRAGMENT_OFFSET = 0x1FFF
TO_US, OUTGOING = 0, 4
"""PACKET_HOST and PACKET_OUTGOING of include/uapi/linux/if_packet.h. On loopback every packet passes as both."""
_INSTRUCTION = struct.Struct("=HBBI")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """An instruction whose jumps go to labels; None is the next step."""

    code: int
    k: int = 0
    label: str | None = None
    yes: str | None = None
    no: str | None = None


def tcp_filter(server_ports: Collection[int], local_ports: range | None = None) -> bytes:
    """Keeps the TCP segments that come from these ports, and those with data that go to them; an array of sock_filter.

    local_ports: what the other port must be among; None for any. Raises ValueError for no port of a server: the program
    would keep nothing.
    """
    if not server_ports:
        raise ValueError("a capture needs the port of a server")
    incoming = [*_from_a_server(server_ports), *_is_local(local_ports, at=2, here="local", then="keep")]
    outgoing = [*_to_a_server(server_ports), *_is_local(local_ports, at=0, here="ours", then="has data"), *_has_data()]
    return _assembled([*_find_tcp(), *incoming, *outgoing, *_verdicts()])


def _find_tcp() -> list[_Step]:
    """X becomes the length of the IP header; extension headers of IPv6 are not followed."""
    return [
        _Step(code=_LOAD_HALF, k=_PROTOCOL),
        _Step(code=_IF_EQUAL, k=_IPV4, no="ipv6"),
        _Step(code=_LOAD_BYTE, k=9),
        _Step(code=_IF_EQUAL, k=_TCP, no="drop"),
        _Step(code=_LOAD_HALF, k=6),
        _Step(code=_IF_ANY_BIT, k=_IPV4_FRAGMENT_OFFSET, yes="drop"),
        _Step(code=_X_IS_IPV4_HEADER_BYTES),
        _Step(code=_JUMP, yes="tcp"),
        _Step(label="ipv6", code=_IF_EQUAL, k=_IPV6, no="drop"),
        _Step(code=_LOAD_BYTE, k=6),
        _Step(code=_IF_EQUAL, k=_TCP, no="drop"),
        _Step(code=_X_IS, k=40),
        _Step(label="tcp", code=_LOAD_WORD, k=_PACKET_TYPE),
        _Step(code=_IF_EQUAL, k=OUTGOING, yes="to a server"),
        _Step(code=_IF_EQUAL, k=TO_US, no="drop"),
    ]


def _from_a_server(ports: Collection[int]) -> list[_Step]:
    return [_Step(code=_LOAD_HALF_AT_X, k=0), *_one_of(ports, then="local")]


def _to_a_server(ports: Collection[int]) -> list[_Step]:
    return [_Step(label="to a server", code=_LOAD_HALF_AT_X, k=2), *_one_of(ports, then="ours")]


def _is_local(ports: range | None, *, at: int, here: str, then: str) -> list[_Step]:
    """at: where the TCP header has the local port."""
    if ports is None:
        return [_Step(label=here, code=_JUMP, yes=then)]
    return [
        _Step(label=here, code=_LOAD_HALF_AT_X, k=at),
        _Step(code=_IF_AT_LEAST, k=ports[0], no=f"{here} not"),
        _Step(code=_IF_GREATER, k=ports[-1], yes=f"{here} not"),
        _Step(code=_JUMP, yes=then),
        _Step(label=f"{here} not", code=_JUMP, yes="drop"),
    ]


def _has_data() -> list[_Step]:
    """Of what goes out, most are bare acknowledgements: they would double the work of the reader."""
    return [
        _Step(label="has data", code=_LOAD_BYTE_AT_X, k=12),
        _Step(code=_AND, k=0xF0),
        _Step(code=_SHIFT_RIGHT, k=2),
        _Step(code=_ADD_X),
        _Step(code=_X_IS_A),
        _Step(code=_LOAD_LENGTH),
        _Step(code=_SUBTRACT_X),
        _Step(code=_IF_GREATER, k=0, yes="keep", no="drop"),
    ]


def _one_of(ports: Collection[int], *, then: str) -> list[_Step]:
    """Drops what is on none of the ports. A plain jump reaches any distance, a conditional one 255 steps."""
    steps: list[_Step] = []
    for place, port in enumerate(sorted(ports), start=1):
        steps += [
            _Step(label=f"{then} {place}", code=_IF_EQUAL, k=port, no=f"{then} {place + 1}"),
            _Step(code=_JUMP, yes=then),
        ]
    return [*steps, _Step(label=f"{then} {len(ports) + 1}", code=_JUMP, yes="drop")]


def _verdicts() -> list[_Step]:
    return [_Step(label="keep", code=_RETURN, k=KEPT_BYTES), _Step(label="drop", code=_RETURN, k=0)]


def _assembled(steps: list[_Step]) -> bytes:
    places = {step.label: place for place, step in enumerate(steps) if step.label is not None}

    def distance(place: int, label: str | None) -> int:
        return 0 if label is None else places[label] - place - 1

    return b"".join(
        _INSTRUCTION.pack(step.code, 0, 0, distance(place, step.yes))
        if step.code == _JUMP
        else _INSTRUCTION.pack(step.code, distance(place, step.yes), distance(place, step.no), step.k)
        for place, step in enumerate(steps)
    )
