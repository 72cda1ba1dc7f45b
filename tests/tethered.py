"""Children of tests, ended by the kernel when the test runner ends, however it ends: SIGKILL runs no clean-up.

``python tethered.py PARENT_PID COMMAND ARG…`` asks for SIGKILL on the parent's death and becomes the command, so that
process id, signals and output are the command's own. The thread that starts it must live as long as it is needed.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def importing_as_here(**more: str) -> dict[str, str]:
    """The environment of a child that finds modules where this process finds them."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more}


def tethered(command: Sequence[str]) -> list[str]:
    """The command as `subprocess.Popen` takes it, tied to this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


if __name__ == "__main__":
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the test runner has ended")
    os.execvp(command[0], command)
