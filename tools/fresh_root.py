#!/usr/bin/env python3
"""Type README's commands on a machine that has nothing: a root of Debian or Ubuntu, made by debootstrap minutes before.

    sudo python3 tools/fresh_root.py                          both commands of README on Debian 12
    sudo python3 tools/fresh_root.py --suite trixie           … on Debian 13
    sudo python3 tools/fresh_root.py --suite noble --mirror URL-OF-AN-UBUNTU-MIRROR
    sudo python3 tools/fresh_root.py --only 1 --type '.venv/bin/tox -e bench -- --bench-requests 5'

The root gets what a new machine has (sudo, git, certificates) and a user with sudo. The commands are read from README,
so that what is tested is what a stranger types; the checkout is cloned at its last commit, into a path with a space.
Everything runs in PID and mount namespaces of its own: whatever a command leaves running ends with it, and is an error.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECTION = "## Two commands"
NEW_MACHINE = ("sudo", "git", "ca-certificates")
USER, CHECKOUT = "stranger", "my checkouts/ragmeter"
PASSED = re.compile(r"(?i)(https?|no|all)_proxy|PIP_(?!FIND_LINKS).*|UV_.*|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CI")
"""Variables of this machine that say how the package index is reached."""

SCRIPTS = Path("/usr/share/debootstrap/scripts")
"""How each release is made. One that is newer than debootstrap is not there, and is made as Debian's newest is."""
ENTER = Path(__file__).with_name("enter_root.sh")


def main() -> int:
    options = _options()
    if os.geteuid() != 0:
        raise SystemExit("fresh_root.py: debootstrap and chroot need root: sudo python3 tools/fresh_root.py …")
    for program in ("debootstrap", "unshare", "git"):
        if shutil.which(program) is None:
            raise SystemExit(f"fresh_root.py: {program} is not installed: sudo apt-get install {program}")
    commands = chosen(readme_commands(), options.only) + options.type
    root = Path(options.root or tempfile.mkdtemp(prefix=f"ragmeter-{options.suite}-"))
    try:
        if not (root / "etc").is_dir():
            with _timed(f"debootstrap {options.suite}"):
                make(root, options.suite, options.mirror)
        clone(root)
        return _type(root, commands)
    finally:
        if not options.root:
            shutil.rmtree(root)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--suite", default="bookworm", help="a release that debootstrap knows (default: bookworm, which is Debian 12)"
    )
    parser.add_argument("--mirror", help="of its packages (default: the first of this machine's own)")
    parser.add_argument("--root", help="its folder, kept afterwards; one that is there already is used again")
    parser.add_argument("--only", type=int, action="append", help="a command of README, from 1; repeatable; 0: none")
    parser.add_argument("--type", action="append", default=[], metavar="COMMAND", help="type this, too; repeatable")
    return parser.parse_args()


def readme_commands(readme: Path = ROOT / "README.md") -> list[str]:
    """Each fenced block of the section, as one command: its lines that begin with a prompt, one after the other."""
    section = readme.read_text(encoding="utf-8").partition(SECTION)[2].partition("\n## ")[0]
    blocks = re.findall(r"^```console\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    typed = [re.findall(r"^\$ (.+)$", block.replace("\\\n", " "), re.MULTILINE) for block in blocks]
    if not all(typed) or not typed:
        raise SystemExit(f"fresh_root.py: README.md: no commands below {SECTION!r}")
    return [" && ".join(lines) for lines in typed]


def chosen(commands: list[str], numbers: list[int] | None) -> list[str]:
    """All, or those of the numbers, from 1."""
    return commands if numbers is None else [commands[number - 1] for number in numbers if number]


def make(root: Path, suite: str, mirror: str | None) -> None:
    """A root that resolves names and trusts certificates as this machine does, with a user who may use sudo."""
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o755)  # a temporary folder is its maker's alone, and this one is the user's "/"
    from_where = [mirror] if mirror else own_mirrors()[:1]
    packages = ",".join(NEW_MACHINE)
    how = [str(SCRIPTS / "sid")] if from_where and not (SCRIPTS / suite).exists() else []
    _run(["debootstrap", "--variant=minbase", f"--include={packages}", suite, str(root), *from_where, *how])
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    shutil.copy("/etc/hosts", root / "etc/hosts")
    for certificate in Path("/usr/local/share/ca-certificates").glob("*.crt"):
        shutil.copy(certificate, root / "usr/local/share/ca-certificates")
    _run(["chroot", str(root), "update-ca-certificates"])
    _run(["chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", USER])
    (root / "etc/sudoers.d/stranger").write_text(f"{USER} ALL=(ALL) NOPASSWD: ALL\n", encoding="ascii")


def own_mirrors() -> list[str]:
    """The mirrors that this machine's apt uses, in its order; none where its sources cannot be read."""
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.[ls]*"))]
    known = [file for file in files if file.suffix in {".list", ".sources"} and file.exists()]
    texts = [file.read_text(encoding="utf-8") for file in known]
    return [url for text in texts for url in re.findall(r"^(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+)", text, re.MULTILINE)]


def clone(root: Path) -> None:
    """The checkout at its last commit, in the user's home; what an earlier call left beside it stays."""
    place = root / "home" / USER / CHECKOUT
    git = ["git", "-c", "safe.directory=*"]
    if not place.exists():
        _run([*git, "init", "--quiet", str(place)])
    _run([*git, "-C", str(place), "fetch", "--quiet", str(ROOT), "HEAD"])
    _run([*git, "-C", str(place), "reset", "--quiet", "--hard", "FETCH_HEAD"])
    _run(["chroot", str(root), "chown", "-R", f"{USER}:{USER}", f"/home/{USER}"])


def _type(root: Path, commands: list[str]) -> int:
    for command in commands:
        print(f"\n$ {command}", flush=True)
        with _timed(command):
            code = inside(root, command)
        if code:
            print(f"fresh_root.py: exit status {code}: {command}", flush=True)
            return code
    return 0


def inside(root: Path, command: str) -> int:
    """Its exit status, typed by the user in the checkout; 99 where it left a process running."""
    home = f"/home/{USER}"
    environment = {
        **{name: value for name, value in os.environ.items() if PASSED.fullmatch(name)},
        "HOME": home,
        "USER": USER,
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    }
    given = [f"{name}={value}" for name, value in environment.items()]
    shell = ["bash", "-c", 'cd "$1" && eval "$2"', "bash", f"{home}/{CHECKOUT}", command]
    user = [f"--userspec={USER}:{USER}", str(root), "/usr/bin/env", "-i", *given, *shell]
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    return subprocess.run([*namespaces, "sh", str(ENTER), str(root), *user], check=False).returncode


@contextmanager
def _timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"[{time.monotonic() - began:.0f} s] {what}", flush=True)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise SystemExit(f"fresh_root.py: {' '.join(command)}: exit status {done.returncode}\n{done.stdout}")


if __name__ == "__main__":
    sys.exit(main())
