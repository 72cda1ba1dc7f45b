"""What commands write to standard output, and what they know of it."""

import shutil
import sys
from collections.abc import Iterable


def say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def say_all(lines: Iterable[str]) -> None:
    say(*lines)


def width() -> int:
    return shutil.get_terminal_size().columns


def colour() -> bool:
    return sys.stdout.isatty()
