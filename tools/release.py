"""From a tag to a wheel. The tag, the package, its copies of the version and the change log must say one version, and
no change may be missing from the change log; then what is published is built.

    towncrier build --version 0.1.0     before the tag: fragments of changes/ become a section of CHANGELOG.md
    tox -e release -- v0.1.0            wheel and source archive in dist/, checked; what images hold in build/sbom/

The images of the same version are built and pushed by k8s/images/build.py.
"""

import argparse
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import ragmeter
from tools.bom import bill
from tools.version import disagreeing

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
SBOM = ROOT / "build" / "sbom"
IMAGES = ("backend", "runner")
"""Those with Python packages; the third holds Debian's iperf3 and one program of ours."""
MUST_HOLD = ("ragmeter/suite/test_contract.py", "ragmeter/backend/http/app.py", "ragmeter/data/workloads/smoke.yaml")


def main() -> None:
    tag = _tag()
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if complaint := disagreement(tag, ragmeter.__version__, changes) or left_over():
        raise SystemExit(f"release.py: {complaint}")
    if DIST.exists() and any(DIST.iterdir()):
        raise SystemExit(f"release.py: {DIST} is not empty: what lies there would be published, too")
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(DIST), str(ROOT)], check=True)
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *map(str, DIST.iterdir())], check=True)
    (wheel,) = DIST.glob("*.whl")
    if absent := sorted({*MUST_HOLD} - {*zipfile.ZipFile(wheel).namelist()}):
        raise SystemExit(f"release.py: {wheel.name} lacks {', '.join(absent)}")
    list_packages(SBOM)


def _tag() -> str:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tag", help="such as v0.1.0")
    tag: str = parser.parse_args().tag
    return tag


def disagreement(tag: str, version: str, changes: str) -> str | None:
    """Why nothing may be released under this tag; None when everything says the same version."""
    if tag != f"v{version}":
        return f"the tag is {tag!r}, and src/ragmeter/__init__.py says {version!r}: the tag must be 'v{version}'"
    heading = re.search(rf"^## {re.escape(version)} - (.+)$", changes, re.MULTILINE)
    if heading is None:
        return f"CHANGELOG.md has no heading '## {version} - DATE'"
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", heading[1]):
        return f"CHANGELOG.md says {heading[1]!r} of {version}: write the date of the release, as 2026-02-22"
    return None


def list_packages(folder: Path) -> None:
    """A bill of materials in CycloneDX for each image, of its lock: names, versions and hashes of all its packages."""
    folder.mkdir(parents=True, exist_ok=True)
    for image in IMAGES:
        lock, written = ROOT / "k8s" / "images" / image / "requirements.txt", folder / f"ragmeter-{image}.cdx.json"
        written.write_text(bill(lock), encoding="utf-8")


def left_over(folder: Path = ROOT / "changes") -> str | None:
    """What a release would forget: fragments that no section has, and files that say another version."""
    if fragments := sorted(path.name for path in folder.glob("*.md")):
        return f"changes/ holds {', '.join(fragments)}: towncrier build --version {ragmeter.__version__}"
    if old := [str(path.relative_to(ROOT)) for path in disagreeing(ragmeter.__version__)]:
        return f"{', '.join(old)}: another version than {ragmeter.__version__}: python -m tools.version"
    return None


if __name__ == "__main__":
    main()
