"""Runs a command that ends when its parent does, however the parent ends.

``python tether.py PARENT_PID COMMAND ARG…`` asks the kernel to send SIGTERM on the parent's death, then becomes the
command. Where the kernel cannot (not Linux), the parent's own clean-up is all there is.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str], parent_pid: int) -> None:
    """Become ``arguments``; ``parent_pid``: the process that must be alive now. Does not return."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
        if os.getppid() != parent_pid:  # it died before the request took effect
            sys.exit(1)
    os.execvp(arguments[0], arguments)  # noqa: S606 - a list of arguments of our own, no shell


if __name__ == "__main__":
    main(sys.argv[2:], int(sys.argv[1]))
