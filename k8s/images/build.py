#!/usr/bin/env python3
"""Builds, tags and pushes the images of ragmeter: backend, netprobe and runner.

Their registry and tag stand in one file, k8s/components/images/kustomization.yaml, from which every overlay takes
them. Without options the images are built under the names that the file has. --registry and --tag are written into the
file when all went well, so that `kubectl apply -k` then asks for what was built.

  build.py                                               for this machine, kind or k3d
  build.py --registry registry.example.com/team --push   for a cluster
  build.py --list                                        the names, and nothing else
  build.py -- --platform linux/arm64                     what follows -- goes to the build

Log in to the registry before you push: docker login, podman login or buildah login. Names go to standard output, one a
line; the commands that are run, and what they say, to standard error. Needs Python 3.11 and one of docker, podman and
buildah.
"""

import argparse
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

IMAGES = Path(__file__).resolve().parent
ROOT = IMAGES.parents[1]
NAMED = IMAGES.parent / "components" / "images" / "kustomization.yaml"
TOOLS = ("docker", "podman", "buildah")
PREFIX = "ragmeter-"

_ENTRY = re.compile(rf"^  - name: {PREFIX}([a-z]+)\n(?:    newName: (\S+)\n)?    newTag: (\S+)\n", re.MULTILINE)
_REGISTRY = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?(/[a-z0-9]+([._-][a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")


def main(argv: Sequence[str]) -> int:
    own, builders = _parted(argv)
    options = _parser().parse_args(own)
    text = NAMED.read_text(encoding="utf-8")
    renamed = _renamed(text, options.registry, options.tag)
    names = image_names(renamed)
    if options.push and not all("/" in name for name in names.values()):
        return _refused(f"--push needs a registry: pass --registry, or write newName into {_shown(NAMED)}")
    if options.list:
        return _listed(names)
    tool = options.tool or next(filter(shutil.which, TOOLS), None)
    if tool is None or shutil.which(tool) is None:
        return _refused(f"there is no {tool or 'builder'} on the PATH: install one of {', '.join(TOOLS)}")
    commands = [_build(tool, folder, name, options.base, builders) for folder, name in names.items()]
    commands += [[tool, "push", name] for name in names.values()] if options.push else []
    failed = next((status for command in commands if (status := _run(command))), 0)
    if failed:
        return failed
    if renamed != text:
        NAMED.write_text(renamed, encoding="utf-8")
        _say(f"# written into {_shown(NAMED)}, where the overlays read it")
    if options.push:
        _say(f"# for the suite: export RAGMETER_IMAGE={names['runner']} RAGMETER_EW_IMAGE={names['netprobe']}")
    return _listed(names)


def image_names(text: str) -> dict[str, str]:
    """Folder beside this script to the reference that the kustomization gives its image."""
    return {folder: f"{name or PREFIX + folder}:{tag}" for folder, name, tag in _ENTRY.findall(text)}


def _renamed(text: str, registry: str | None, tag: str | None) -> str:
    def entry(match: re.Match[str]) -> str:
        folder, name, old = match.groups()
        name = name if registry is None else f"{registry}/{PREFIX}{folder}"
        new_name = f"    newName: {name}\n" if name else ""
        return f"  - name: {PREFIX}{folder}\n{new_name}    newTag: {tag or old}\n"

    return _ENTRY.sub(entry, text)


def _build(tool: str, folder: str, name: str, base: str | None, builders: Sequence[str]) -> list[str]:
    chosen = [f"--build-arg=BASE={base}"] if base else []
    file = IMAGES / folder / "Containerfile"
    return [tool, "build", *builders, *chosen, f"--file={file}", f"--tag={name}", str(ROOT)]


def _run(command: Sequence[str]) -> int:
    """The exit status; what the tool prints goes to standard error."""
    _say(f"$ {shlex.join(command)}")
    return subprocess.run(command, check=False, stdout=sys.stderr).returncode  # noqa: S603  # no shell, checked names


def _parted(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """What stands before the first ``--``, and what after it."""
    at = argv.index("--") if "--" in argv else len(argv)
    return list(argv[:at]), list(argv[at + 1 :])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--registry", type=_checked(_REGISTRY, "HOST[:PORT][/PATH]"), help="where the nodes pull from")
    parser.add_argument("--tag", type=_checked(_TAG, "letters, digits, '_', '.' and '-'"), help="tag of all three")
    parser.add_argument("--push", action="store_true", help="push them when all are built")
    parser.add_argument(
        "--base",
        type=_checked(_REFERENCE, "an image"),
        metavar="IMAGE",
        help="base instead of that of the Containerfiles: Python 3.11 or newer on glibc; pin it with @sha256:…",
    )
    parser.add_argument("--tool", choices=TOOLS, help="default: the first of them that is installed")
    parser.add_argument("--list", action="store_true", help="print the names and build nothing")
    return parser


def _checked(pattern: re.Pattern[str], allowed: str) -> Callable[[str], str]:
    """An option's type: the whole text must fit."""

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
        return text

    return check


def _listed(names: Mapping[str, str]) -> int:
    sys.stdout.write("".join(f"{name}\n" for name in names.values()))
    return 0


def _refused(why: str) -> int:
    _say(f"build.py: {why}")
    return 2


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
