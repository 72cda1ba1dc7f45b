"""What a repository has beside its code. Workflows, templates and hooks name what exists; actions are pinned."""

import configparser
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.fresh_root import readme_commands
from tools.locks import LOCKS
from tools.whitespace import complaints, tracked

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "vendor.github-actions": [ACTION],
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
}
BY_WORKFLOW = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: str(path.name))
BY_USER = pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: str(path.name))


def workflow(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def runs(path: Path) -> list[str]:
    return [step["run"] for job in workflow(path)["jobs"].values() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_file_for_github_fits_its_schema(schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, SCHEMAS[schema])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


@BY_USER
def test_every_action_is_a_commit_with_its_version_in_a_comment(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert used
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each) for each in used), used


def test_an_action_has_one_commit_in_all_workflows() -> None:
    found = {
        line for path in [*WORKFLOWS, ACTION] for line in re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))
    }
    assert len({each.partition("@")[0] for each in found}) == len(found)


@BY_WORKFLOW
def test_a_workflow_may_only_read_unless_one_job_needs_more(path: Path) -> None:
    document = workflow(path)
    assert document["permissions"] == {"contents": "read"}
    granted = [job["permissions"] for job in document["jobs"].values() if "permissions" in job]
    signing = {"attestations": "write", "contents": "read", "id-token": "write"}
    assert all(each in ({"contents": "read"}, signing) for each in granted)
    checkouts = [step for job in document["jobs"].values() for step in job["steps"] if "checkout@" in str(step)]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@BY_WORKFLOW
def test_what_a_workflow_installs_is_locked_with_hashes(path: Path) -> None:
    installs = [line for line in runs(path) if "pip install" in line]
    for line in installs:
        (lock,) = re.fullmatch(r"python -m pip install --require-hashes -r (\S+)", line).groups()  # type: ignore[union-attr]
        assert lock in LOCKS


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_one_version_and_the_hashes_of_everything_that_is_asked_for(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^#.*\n", "", text))
    assert all(re.match(r"[\w.-]+(\[.*?\])?==\S+", entry) and "--hash=sha256:" in entry for entry in entries)
    locked = {name_of(entry) for entry in entries}
    assert asked_for(*LOCKS[lock]) <= locked, "python -m tools.locks"


def name_of(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower())


def asked_for(source: str, *options: str) -> set[str]:
    """Names of the packages of a list, or of the project with one of its extras."""
    if source.endswith(".in"):
        lines = (ROOT / source).read_text(encoding="utf-8").splitlines()
        return {name_of(line) for line in lines if line and not line.startswith("#")}
    project = tomllib.loads((ROOT / source).read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(f"ragmeter[{extra}]" for extra in options[1:])]
    names: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        if found := re.match(r"ragmeter\[(.+?)\]", requirement):
            wanted += [each for extra in found[1].split(",") for each in project["optional-dependencies"][extra]]
        else:
            names.add(name_of(requirement))
    return names


def test_ci_runs_environments_of_tox_that_exist() -> None:
    settings = (ROOT / "tox.ini").read_text(encoding="utf-8")
    jobs = workflow(GITHUB / "workflows" / "ci.yml")["jobs"]
    typed = {words for line in runs(GITHUB / "workflows" / "ci.yml") for words in re.findall(r"tox -e ([a-z]+)", line)}
    named = {*typed, *jobs["static"]["strategy"]["matrix"]["environment"]}
    assert named == {"docs", "lint", "openapi", "quick", "tests", "type"}
    assert all(f"[testenv:{name}]" in settings for name in named)


def test_ci_tries_every_python_that_is_claimed() -> None:
    claimed = re.findall(r"Python :: (3\.\d+)\"", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    jobs = workflow(GITHUB / "workflows" / "ci.yml")["jobs"]
    assert all(jobs[name]["strategy"]["matrix"]["python"] == claimed for name in ("quick", "tests"))


def test_ci_installs_what_the_readme_names() -> None:
    installed = workflow(GITHUB / "workflows" / "ci.yml")["env"]["TEST_PROGRAMS"].split()
    named = readme_commands()[1].partition("install -y ")[2].partition(" && ")[0].split()
    assert sorted(installed) == sorted(named)


@pytest.mark.parametrize("extra", ["docs", "lint"])
def test_an_environment_without_the_package_pins_what_the_extra_pins(extra: str) -> None:
    """`skip_install` spares them the package's own dependencies, and so they cannot name the extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(ROOT / "tox.ini", encoding="utf-8")
    assert settings[f"testenv:{extra}"]["deps"].split() == project["optional-dependencies"][extra]


@pytest.mark.parametrize("name", ["bug.yml", "feature.yml"])
def test_a_form_asks_for_something_and_requires_some_of_it(name: str) -> None:
    form = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / name).read_text(encoding="utf-8"))
    assert form["name"]
    assert form["description"]
    assert any(field["validations"]["required"] for field in form["body"] if "validations" in field)
    assert len({field["id"] for field in form["body"]}) == len(form["body"])


def test_every_hook_of_pre_commit_is_local() -> None:
    """A hook from another repository would be a second place for the version of a tool."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]


def test_no_tracked_file_has_stray_white_space() -> None:
    found = [f"{name}: {each}" for name in tracked() for each in complaints((ROOT / name).read_bytes())]
    assert not found


STRAY = {
    b"": [],
    b"\x00 \n\n": [],
    b"a\n": [],
    b"a": ["does not end with a newline"],
    b"a\n\n": ["ends with an empty line"],
    b"a \nb\t\n": ["line 1 ends with white space", "line 2 ends with white space"],
    b"a\r\n": ["has a carriage return"],
}


@pytest.mark.parametrize("content", STRAY)
def test_stray_white_space_is_named(content: bytes) -> None:
    assert list(complaints(content)) == STRAY[content]


def test_every_program_of_the_repository_answers_help() -> None:
    """A program that reads no arguments would do its work instead: hours of it, or files written anew."""
    mute = []
    for name in tracked():
        if name.endswith(".py") and name.split("/")[0] in {"experiments", "grafana", "tools"}:
            text = (ROOT / name).read_text(encoding="utf-8")
            if '__name__ == "__main__"' in text and "argparse" not in text and "sys.argv" not in text:
                mute.append(name)
    assert mute == []
