"""Writes the lock files anew, with the newest versions: python -m tools.locks. Needs uv on the PATH.

A lock file names one version of every package, and the hashes of its files: pip then takes these files and no others,
whoever owns a name later.
"""

import argparse
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS: dict[str, list[str]] = {
    "k8s/images/backend/requirements.txt": ["k8s/images/backend/requirements.in"],
    "k8s/images/runner/build.txt": ["k8s/images/runner/build.in"],
    "k8s/images/runner/requirements.txt": ["pyproject.toml"],
    "requirements/audit.txt": ["requirements/audit.in"],
    "requirements/ci.txt": ["requirements/ci.in"],
    "requirements/release.txt": ["requirements/release.in"],
    "requirements/tests.txt": ["pyproject.toml", "--extra", "test"],
}
"""What each is the lock of. The model files are chosen by hand: requirements/models.txt."""
FORM = (
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-header",
    "--no-emit-index-url",
    "--upgrade",
)


def main() -> None:
    for lock, sources in LOCKS.items():
        command = ["uv", "pip", "compile", "--quiet", *sources, *FORM, "--output-file", lock]
        subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
