"""A link of known delay and loss where the kernel has no netem: ``relay.py NETNS NETNS MICROSECONDS LOSS SEED``.

Makes the device ``eth0`` in each of two network namespaces, named by their files, and passes IP packets between them,
each held back for the same time, or dropped with the given probability. Ends when its standard input does.
"""

import contextlib
import ctypes
import fcntl
import os
import random
import select
import struct
import sys
import time
from collections import deque

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x1, 0x1000
CLONE_NEWNET, PR_SET_TIMERSLACK = 0x40000000, 29
SPIN_NS = 60_000
"""The kernel wakes a sleeper some ten µs late; the last of a delay is waited for with open eyes."""
PACKET_BYTES = 2048
STDIN = 0


def tun(netns: str) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    with open(netns) as place:  # noqa: PTH123
        if libc.setns(place.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {netns}")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"eth0", IFF_TUN | IFF_NO_PI))
    return device


def relay(ends: tuple[int, int], delay_ns: int, loss: float, draw: random.Random) -> None:
    waiting: deque[tuple[int, int, bytes]] = deque()
    while True:
        due_ns = waiting[0][0] - time.monotonic_ns() if waiting else None
        timeout_s = None if due_ns is None else max(due_ns - SPIN_NS, 0) / 1e9
        readable, _, _ = select.select([*ends, STDIN], [], [], timeout_s)
        if STDIN in readable:
            return
        for end in readable:
            packet = os.read(end, PACKET_BYTES)
            if draw.random() >= loss:
                waiting.append((time.monotonic_ns() + delay_ns, ends[1 - ends.index(end)], packet))
        while waiting and waiting[0][0] <= time.monotonic_ns():
            _, end, packet = waiting.popleft()
            with contextlib.suppress(OSError):  # an end that is down loses what comes, as a cable does
                os.write(end, packet)


def main(first: str, second: str, delay_us: str, loss: str, seed: str) -> None:
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1)
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    ends = (tun(first), tun(second))
    print("ready", flush=True)
    relay(ends, int(delay_us) * 1000, float(loss), random.Random(int(seed)))


if __name__ == "__main__":
    main(*sys.argv[1:])
