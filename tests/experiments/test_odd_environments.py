"""Where something is odd, a command ends right or says why not in one sentence: a part of `odd_environments`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.odd_environments import Outcome, commands, offered, prepared, tried
from experiments.odd_places import ENVIRONMENTS

BY_NAME = {each.name: each for each in ENVIRONMENTS}
TRIES = (
    ("files of 0 bytes", "render", 2),
    ("TMPDIR is nowhere", "render", 0),
    ("no HOME", "validate", 0),
    ("16 files", "export", 0),
    ("60 MB of addresses", "judge", 2),
    ("a folder that is no UTF-8", "render", 0),
    ("a working folder that is gone", "judge", 2),
    ("ASCII alone", "render", 0),
    ("LC_ALL=tr_TR.UTF-8", "validate", 0),
    ("COLUMNS=1", "render", 0),
    ("no stream at all", "export", 0),
    ("output to head -1", "render", 0),
    ("output to a full device", "render", 2),
    ("all ignored, as under nohup", "validate", 0),
    ("reports is a file", "run", 4),
    ("output to head -1", "run", 0),
    ("16 files", "run", 1),
    ("TZ=XXX+24", "run", 4),
    ("TZ=XXX+24", "judge", 0),
)
AS_ROOT = (
    ("a full disk", "render", 2),
    ("a read-only folder", "export", 2),
    ("everything read-only", "run", 4),
    ("reports on a full disk", "pytest", 4),
)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with prepared(tmp_path_factory.mktemp("given")) as folder:
        yield folder


def checked(name: str, command: str, status: int, given: Path) -> None:
    outcome = tried(BY_NAME[name], command, given)
    assert outcome.wrong is None, f"{outcome.wrong}\n{outcome.said}"
    assert outcome.status == status, outcome.said


@pytest.mark.parametrize(("name", "command", "status"), TRIES)
def test_command_ends_right_or_with_a_sentence(name: str, command: str, status: int, given: Path) -> None:
    checked(name, command, status, given)


@pytest.mark.privileged("mounts")
@pytest.mark.parametrize(("name", "command", "status"), AS_ROOT)
def test_command_on_a_disk_that_does_not_take_it(name: str, command: str, status: int, given: Path) -> None:
    checked(name, command, status, given)


def test_every_environment_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(ENVIRONMENTS) >= 60
    assert {each.name for each in offered()} <= set(BY_NAME)
    assert {command for _, command, _ in (*TRIES, *AS_ROOT)} <= set(commands())


@pytest.mark.parametrize(
    ("said", "status", "wrong"),
    [
        ("ragmeter: a.yaml: no such file", 2, None),
        ("", 0, None),
        ("", 2, "it says nothing, with exit status 2"),
        ("Traceback (most recent call last):\n", 1, "it shows a traceback"),
        ("E   OSError: [Errno 24] Too many open files", 1, "it shows a traceback"),
        ("", None, "it did not end within 180 s"),
    ],
)
def test_what_is_wrong_is_found(said: str, status: int | None, wrong: str | None) -> None:
    assert Outcome(environment="x", command="run", status=status, said=said).wrong == wrong
