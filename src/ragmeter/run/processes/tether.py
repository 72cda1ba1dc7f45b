"""Runs a command that ends when its parent does, however the parent ends.

``python tether.py PARENT_PID COMMAND ARG…`` starts the command, waits for it and ends as it ended. When the parent dies
the kernel sends this process SIGTERM; it passes that on to its group, and SIGKILL after a grace. When this process
itself is killed, the kernel kills the command. Where the kernel cannot (not Linux), the parent's clean-up is all there
is. Imports nothing of ragmeter, so that it starts wherever Python does.
"""

import ctypes
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1
GRACE_S = 5.0
NOT_FOUND = 127


def main(parent_pid: int, command: list[str]) -> NoReturn:
    """Run ``command``. parent_pid: the process that must be alive now."""
    if sys.platform != "linux":
        _become(command)
    watched = {signal.SIGTERM, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    _die_with(parent_pid, signal.SIGTERM)
    own_pid = os.getpid()
    if (pid := os.fork()) == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)
        _die_with(own_pid, signal.SIGKILL)
        _become(command)
    while (told := signal.sigwait(watched)) is signal.SIGCHLD and not _has_ended(pid):
        pass  # it was stopped, or goes on
    if told is signal.SIGTERM:
        os.killpg(0, signal.SIGTERM)
        signal.sigtimedwait({signal.SIGCHLD}, GRACE_S)
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended or os.getppid() != parent_pid:  # nobody else is left to end what the command started
        os.killpg(0, signal.SIGKILL)  # this process, too
    _end_like(status)


def _has_ended(pid: int) -> bool:
    """Without taking its status."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _die_with(parent_pid: int, number: signal.Signals) -> None:
    """Ask for the signal on the parent's death; end now if it died before that took effect."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent_pid:
        os._exit(1)


def _become(command: list[str]) -> NoReturn:
    try:
        os.execvp(command[0], command)  # noqa: S606 - a list of arguments of our own, no shell
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(NOT_FOUND)


def _end_like(status: int) -> NoReturn:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
