"""No file of text has white space at the end of a line, a carriage return, or anything but one newline at its end.

    python -m tools.whitespace             every file that git tracks
    python -m tools.whitespace FILE…       these

Exit status 1, with one line for each file that is not so.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORDED = ".sse"


def main() -> int:
    names = sys.argv[1:] or tracked()
    found = [f"{name}: {complaint}" for name in names for complaint in complaints((ROOT / name).read_bytes())]
    sys.stderr.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


def tracked() -> list[str]:
    """Files that git tracks and that are here. Links are not files of their own, and recorded streams are kept byte for
    byte.
    """
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [Path(name) for name in listed.split("\0") if name]
    return [
        str(path)
        for path in paths
        if path.suffix != RECORDED and (ROOT / path).is_file() and not (ROOT / path).is_symlink()
    ]


def complaints(content: bytes) -> Iterator[str]:
    """What is wrong with a file; nothing for an empty one and for one that is not text."""
    if not content or b"\0" in content:
        return
    if b"\r" in content:
        yield "has a carriage return"
    for number, line in enumerate(content.split(b"\n"), 1):
        if line != line.rstrip(b" \t"):
            yield f"line {number} ends with white space"
    if not content.endswith(b"\n"):
        yield "does not end with a newline"
    elif content.endswith(b"\n\n"):
        yield "ends with an empty line"


if __name__ == "__main__":
    sys.exit(main())
