"""What is checked of a command that is not run: that what it names is there. Paths are those of the checkout."""

import itertools
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence

import hcl2

import ragmeter
from backend.http import benchmark, documents, status
from tests.docs.pages import ROOT
from tests.k8s.manifests import kustomize

Words = Sequence[str]

TOX = (ROOT / "tox.ini").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def after(words: Words, *options: str) -> list[str]:
    """What follows each of these options, as a word of its own or behind an equals sign."""
    apart = [value for option, value in itertools.pairwise(words) if option in options]
    joined = [word.partition("=")[2] for word in words if word.partition("=")[0] in options and "=" in word]
    return apart + joined


def is_development(words: Words) -> bool:
    """Whether it is about the code of ragmeter: its tests, its style, or an environment of tox."""
    return not words[0].endswith("pytest") or "tests" in words


def environment_exists(words: Words) -> None:
    if words[0].endswith("tox"):
        assert all(f"[testenv:{name}]" in TOX for names in after(words, "-e") for name in names.split(",")), words
    else:
        assert re.search(rf"^(commands = |    ){' '.join(words)}\b", TOX, re.MULTILINE), words


def installs_ragmeter(words: Words) -> bool:
    return "install" in words and ("tox" in words or any(_requirement(word) or word == "-r" for word in words))


def _requirement(word: str) -> "re.Match[str] | None":
    return re.fullmatch(r"(?:ragmeter|\.|[\w./~-]*ragmeter(?:-[\w.-]+\.whl)?)(?:\[([\w,]+)\])?", word)


def extras_exist(words: Words) -> None:
    """And a wheel that is named is of this version."""
    wheels = [word for word in words if ".whl" in word]
    assert all(f"ragmeter-{ragmeter.__version__}-py3-none-any.whl" in word for word in wheels), words
    for match in filter(None, map(_requirement, words)):
        extras = set((match[1] or "").split(",")) - {""}
        assert extras <= PROJECT["optional-dependencies"].keys(), words
    assert all((ROOT / name).is_file() for name in after(words, "-r")), words


def packages_are_named(words: Words) -> None:
    assert words[:3] in (["sudo", "apt-get", "install"], ["sudo", "apt-get", "update"]), words
    assert all(re.fullmatch(r"-y|[a-z0-9][a-z0-9+.-]+", word) for word in words[3:]), words


def kustomization_renders(words: Words) -> None:
    assert {"apply", "diff", "delete", "kustomize"} & set(words), words
    for path in after(words, "-k"):
        assert kustomize(ROOT / path), path


def values_are_there(words: Words) -> None:
    """Which chart they are for, and what it makes of them: `tests.k8s.test_helm_values`."""
    assert words[1] in {"install", "upgrade"}, words
    assert all((ROOT / name).is_file() for name in after(words, "-f")), words


def image_can_be_built(words: Words) -> None:
    """Its file is there, and every file that is copied from the checkout."""
    assert words[1] in {"build", "push"}, words
    for name in [name for name in after(words, "-f") if "$" not in name]:
        for line in (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            if line.startswith(("COPY ", "ADD ")) and "--from=" not in line:
                sources = [word for word in line.split()[1:-1] if not word.startswith("--")]
                assert all(list(ROOT.glob(source.rstrip("/"))) for source in sources), line


def compose_files_fit(words: Words) -> None:
    if not {"compose", "docker-compose"} & set(words):
        return
    for name in after(words, "-f") or ["compose.yaml"]:
        path = ROOT / "grafana" / name
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout


def terraform_variables_are_declared(words: Words) -> None:
    assert words[1] in {"init", "apply", "plan", "destroy"}, words
    declared = {
        label.strip('"')
        for path in (ROOT / "grafana" / "terraform").rglob("*.tf")
        for block in hcl2.loads(path.read_text(encoding="utf-8")).get("variable", ())
        for label in block
    }
    assert {value.partition("=")[0] for value in after(words, "-var")} <= declared, words


def endpoint_exists(words: Words) -> None:
    posts = any(option in words for option in ("-d", "--data", "-F", "--form"))
    (method,) = after(words, "-X", "--request") or ["POST" if posts else "GET"]
    (path,) = [match[1] for word in words if (match := re.match(r"(?:\$\w+|https?://[^/]+)(/[^?]*)", word))]
    offered = {
        (verb, getattr(route, "path", ""))
        for router in (status.router, documents.router, benchmark.router)
        for route in router.routes
        for verb in getattr(route, "methods", ())
    }
    assert (method, path) in offered, (method, path)
