"""The version stands in src/ragmeter/__init__.py. Files that no program computes repeat it: this writes them anew.

python -m tools.version              after a change of the version
python -m tools.version --check      exit status 1, with the places that say another one
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ragmeter import __version__

ROOT = Path(__file__).resolve().parents[1]
VERSION = r"(\d+\.\d+\.\d+(?:[a-z]+\d+)?)"
IMAGE = rf"\bragmeter-(?:backend|netprobe|runner):{VERSION}"
WHEEL = rf"\bragmeter-{VERSION}-py3-none-any\.whl"
COPIES = {
    "backend/parsing.py": IMAGE,
    "docs/**/*.md": rf"{IMAGE}|{WHEEL}",
    "README.md": rf"{IMAGE}|{WHEEL}",
    "fixtures/providers/*.yaml": IMAGE,
    "k8s/**/*.yaml": rf"{IMAGE}|^\s+newTag: {VERSION}$",
    "schemas/*.json": IMAGE,
}
"""Files -> what around a version makes it ours."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    check: bool = parser.parse_args().check
    old = list(disagreeing(__version__))
    for path in old:
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
        if not check:
            path.write_text(with_version(path, __version__), encoding="utf-8")
    return 1 if check and old else 0


def places() -> Iterator[Path]:
    """Every file that repeats the version."""
    for pattern, copy in COPIES.items():
        yield from (path for path in _files(pattern) if re.search(copy, path.read_text(encoding="utf-8"), re.MULTILINE))


def disagreeing(version: str) -> Iterator[Path]:
    """The files that say another version somewhere."""
    yield from (path for path in places() if with_version(path, version) != path.read_text(encoding="utf-8"))


def with_version(path: Path, version: str) -> str:
    """The text of the file with this version in every place."""
    (copy,) = [copy for pattern, copy in COPIES.items() if path in _files(pattern)]

    def written(match: re.Match[str]) -> str:
        (old,) = filter(None, match.groups())
        return match[0].replace(old, version)

    return re.sub(copy, written, path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def _files(pattern: str) -> list[Path]:
    return sorted(ROOT.glob(pattern))


if __name__ == "__main__":
    sys.exit(main())
