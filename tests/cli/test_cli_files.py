"""``ragmeter files`` in a checkout, and from a wheel that was really built and installed."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ragmeter.cli import main
from ragmeter.cli.shipped import SHIPPED
from tests.docs.reader.environment import readers_environment, site_packages
from tests.k8s.manifests import CLOUDS, OVERLAYS, ROOT, kustomize

BUILD_S = 300
LEFT_OUT = {"grafana": (".py", ".gitignore"), "k8s": (), "providers": (), "targets": (), "workloads": ()}


def of_the_checkout(name: str) -> set[str]:
    """Files of the folder in the checkout, without what programs leave there."""
    return {path for path in files(ROOT / SHIPPED[name].folder) if not path.endswith(LEFT_OUT[name])}


def files(folder: Path) -> set[str]:
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def installed() -> Path:
    """The folder in which a wheel of this checkout is installed."""
    return site_packages(readers_environment())


def _done(command: Sequence[str], **options: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_S, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


def typed(installed: Path, *words: str, cwd: Path) -> str:
    """What the command prints, with the wheel in front of the checkout."""
    program = (
        "import ragmeter, sys; from ragmeter.cli import main; print(ragmeter.__file__); sys.exit(main(sys.argv[1:]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    said = _done([sys.executable, "-P", "-c", program, *words], cwd=cwd, env=environment)
    assert said.startswith(str(installed))
    return said


@pytest.mark.parametrize("name", SHIPPED)
def test_a_wheel_has_every_file_of_the_checkout_and_no_other(installed: Path, name: str, tmp_path: Path) -> None:
    typed(installed, "files", name, "copy", cwd=tmp_path)
    assert files(tmp_path / "copy") == of_the_checkout(name)


def test_every_overlay_that_comes_from_a_wheel_is_rendered(installed: Path, tmp_path: Path) -> None:
    typed(installed, "files", "k8s", "deploy/k8s", cwd=tmp_path)
    for name in OVERLAYS:
        assert kustomize(tmp_path / "deploy" / "k8s" / "overlays" / name) == kustomize(ROOT / "k8s" / "overlays" / name)
    assert {path.stem for path in (tmp_path / "deploy/k8s/monitoring/kube-prometheus-stack").iterdir()} >= set(CLOUDS)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_checkout_has_the_same_files(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["files", name, str(tmp_path / "copy")]) == 0
    assert files(tmp_path / "copy") == of_the_checkout(name) | ({".gitignore"} if name == "grafana" else set())
    assert capsys.readouterr().out == f"{tmp_path / 'copy'}: {len(files(tmp_path / 'copy'))} files of {name}\n"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    assert main(["files", "workloads", str(tmp_path)]) == 0
    assert (tmp_path / "smoke.yaml").is_file()


def test_a_copy_can_be_changed(tmp_path: Path) -> None:
    assert main(["files", "providers", str(tmp_path / "providers")]) == 0
    assert all(os.access(path, os.W_OK) for path in (tmp_path / "providers").iterdir())


@pytest.mark.parametrize("existing", ["a folder with a file", "a file"])
def test_nothing_is_written_over(existing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "place"
    mine = place if existing == "a file" else place / "mine.yaml"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine", encoding="utf-8")
    assert main(["files", "k8s", str(place)]) == 2
    assert capsys.readouterr().err == (
        f"ragmeter: {place}: exists, and nothing is written over; name a folder that is new or empty\n"
    )
    assert files(tmp_path) == {mine.relative_to(tmp_path).as_posix()}
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_folder_is_not_copied_into_itself(capsys: pytest.CaptureFixture[str]) -> None:
    inside = ROOT / "workloads" / "copy"
    assert main(["files", "workloads", str(inside)]) == 2
    assert "lies in the folder that is copied" in capsys.readouterr().err
    assert not inside.exists()


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["files", "workloads", str(tmp_path / "file" / "copy")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ragmeter: {tmp_path / 'file' / 'copy'}: workloads could not be copied there: ")


def test_an_unknown_name_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["files", "charts", "x"])
    said = capsys.readouterr().err
    assert all(name in said for name in SHIPPED)


def test_what_users_leave_in_a_checkout_is_not_copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = tmp_path / "grafana"
    for name in (
        "monitoring.env",
        "terraform/aws/terraform.tfstate",
        "terraform/aws/.terraform/plugin",
        "boards/gpu.py",
    ):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret", encoding="utf-8")
    (source / "terraform" / "aws" / "main.tf").write_text("", encoding="utf-8")
    monkeypatch.setattr("ragmeter.cli.shipped.data_dir", lambda _name: source)
    assert main(["files", "grafana", str(tmp_path / "copy")]) == 0
    assert files(tmp_path / "copy") == {"terraform/aws/main.tf"}
