"""From a tag to a wheel: nothing is published under a version that one of its places does not say."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import ragmeter
from tools.release import IMAGES, disagreement, left_over, list_packages

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CHANGES = "# Changes\n\n## 0.2.0 - 2026-11-28\n\n- new\n\n## 0.1.0 - unreleased\n"
CASES = {
    "another tag": ("v0.2.1", "0.2.0", "the tag is 'v0.2.1', and src/ragmeter/__init__.py says '0.2.0'"),
    "a tag without v": ("0.2.0", "0.2.0", "the tag must be 'v0.2.0'"),
    "no heading": ("v0.3.0", "0.3.0", "CHANGELOG.md has no heading '## 0.3.0 - DATE'"),
    "no date": ("v0.1.0", "0.1.0", "CHANGELOG.md says 'unreleased' of 0.1.0"),
}


@pytest.mark.parametrize("case", CASES)
def test_version_that_one_place_does_not_say_is_refused(case: str) -> None:
    tag, version, words = CASES[case]
    assert words in str(disagreement(tag, version, CHANGES))


def test_version_that_all_places_say_is_released() -> None:
    assert disagreement("v0.2.0", "0.2.0", CHANGES) is None


def test_change_log_that_towncrier_builds_is_one_that_can_be_released(tmp_path: Path) -> None:
    """In a copy: the fragments of this checkout become the section of the version that comes, and none is left."""
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "changes", tmp_path / "changes")
    version = ragmeter.__version__
    command = [sys.executable, "-m", "towncrier", "build", "--yes", "--version", version, "--date", "2026-12-01"]
    for git in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *git], cwd=tmp_path, check=True, timeout=60)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    changes = (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8")
    assert disagreement(f"v{version}", version, changes) is None
    assert changes.index("### Added") < changes.index("### Definitions")
    assert left_over(tmp_path / "changes") is None


@pytest.mark.parametrize("path", sorted((ROOT / "changes").glob("*.md")), ids=lambda path: str(path.name))
def test_fragment_has_a_kind_and_says_something(path: Path) -> None:
    kinds = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}
    assert path.suffixes[0].removeprefix(".") in kinds
    assert path.read_text(encoding="utf-8").strip()


def test_fragment_that_no_section_has_is_named(tmp_path: Path) -> None:
    (tmp_path / "+new.added.md").write_text("A thing.\n")
    assert "+new.added.md" in str(left_over(tmp_path))


def test_tag_starts_the_commands_that_are_here() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    typed = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert 'tox -e release -- "$GITHUB_REF_NAME"' in typed
    (build,) = [line for line in typed if "k8s/images" in line]
    assert (ROOT / build.split()[1]).is_file()


def test_bill_of_materials_has_every_package_of_the_lock_with_its_hashes(tmp_path: Path) -> None:
    list_packages(tmp_path)
    for image in IMAGES:
        lock = (ROOT / "k8s" / "images" / image / "requirements.txt").read_text(encoding="utf-8")
        bill = json.loads((tmp_path / f"ragmeter-{image}.cdx.json").read_text(encoding="utf-8"))
        assert bill["metadata"]["component"]["name"] == "ragmeter"
        locked = set(re.findall(r"^([a-z0-9._-]+)(?:\[.*?\])?==(\S+)", lock, re.MULTILINE))
        assert {(each["name"], each["version"]) for each in bill["components"]} == locked
        assert all(each["externalReferences"][0]["hashes"] for each in bill["components"])
