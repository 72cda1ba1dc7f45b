"""What commands write to standard output, and what they know of it."""

import shutil
import sys


def say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def width() -> int:
    return shutil.get_terminal_size().columns


def colour() -> bool:
    return sys.stdout.isatty()
