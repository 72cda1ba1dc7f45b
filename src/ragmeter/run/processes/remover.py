"""Removes a folder when the process that started this one ends, however it ends: ``python remover.py FOLDER``.

The other end of standard input is the starter's alone, and is closed with it. Imports nothing of ragmeter, so that it
starts wherever Python does, and at once.
"""

import os
import shutil
import signal
import sys
import time

MOST_TRIES, BETWEEN_S = 100, 0.1
"""What the starter had started may write for some seconds more."""


def main(folder: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    for _ in range(MOST_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        time.sleep(BETWEEN_S)


if __name__ == "__main__":
    main(sys.argv[1])
